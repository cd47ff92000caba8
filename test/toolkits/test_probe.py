"""The toolkit's own version, which is part of every trial's key."""

import shutil
import subprocess
import sys
from pathlib import Path

TOOLKITS = Path(__file__).parents[2] / "toolkits"
SHOW = "from stepdown_toolkits.onnxruntime_toolkit.probe import own_version; print(own_version())"


def version_of(folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", SHOW], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_a_changed_line_is_another_version(tmp_path):
    copy = tmp_path / "toolkits"
    shutil.copytree(TOOLKITS, copy, ignore=shutil.ignore_patterns("__pycache__"))
    before = version_of(copy)
    assert before == version_of(copy) != ""
    with (copy / "stepdown_toolkits/onnxruntime_toolkit/schemes.py").open("a") as code:
        code.write("# changed\n")
    assert version_of(copy) != before
