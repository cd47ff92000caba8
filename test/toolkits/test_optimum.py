"""Optimum's presets on a tiny model, where its environment is installed."""

import json
import sys
from pathlib import Path

import pytest
from conftest import Recorder, call

from stepdown_toolkits.onnxruntime_toolkit import prepare
from stepdown_toolkits.optimum_toolkit import presets

PYTHON = Path(__file__).parents[2] / ".tools/optimum/bin/python"
installed = pytest.mark.skipif(
    not PYTHON.exists(),
    reason="the environment is not installed: npm run setup -- --environment optimum",
)


@pytest.mark.parametrize(
    ("found", "preset"),
    [
        (["avx2", "avx512f", "avx512_vnni"], "avx512_vnni"),
        (["avx2", "avx512f"], "avx512"),
        (["avx2", "avx_vnni"], "avx2"),
        (["asimddp"], "arm64"),
    ],
)
def test_takes_the_preset_that_the_cpu_is_made_for(monkeypatch, found: list[str], preset: str):
    monkeypatch.setattr(presets, "instruction_sets", lambda: found)
    assert presets.preset_of_host() == preset


@installed
@pytest.mark.parametrize("method", [None, "entropy"])
def test_makes_a_candidate_with_integer_kernels(job: dict, tmp_path: Path, method: str | None):
    output = tmp_path / "candidate"
    output.mkdir()
    recipe: dict = {"toolkit": "optimum", "scheme": "int8-dynamic"}
    if method:
        calibration = {"role": "calibration", "rows": 20, "method": method}
        recipe = {"toolkit": "optimum", "scheme": "int8-static", "calibration": calibration}
    quantize = {
        "model": job["model"]["path"],
        "recipe": recipe,
        "calibrationData": prepare.run(job, Recorder())["roles"]["calibration"]["path"],
        "outputFolder": str(output),
    }
    options = {
        "toolkit": "optimum",
        "python": str(PYTHON),
        "timeout": 240,
    }  # its imports are slow on a busy host
    code, lines, stderr = call("quantize", json.dumps(quantize), **options)
    assert code == 0, stderr
    assert list(output.iterdir()) == [output / "candidate.onnx"]
    assert lines[-1]["coverage"]["integer"] >= 2
    assert lines[-1]["toolkitVersions"]["optimum-onnx"]


def test_without_its_packages_it_says_what_to_install():
    code, lines, _ = call("probe", "{}", toolkit="optimum", python=sys.executable)
    assert code == 3
    assert "npm run setup -- --environment optimum" in lines[-1]["message"]
