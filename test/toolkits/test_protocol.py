"""What an activity sees: lines on stdout, exit codes, and an end on SIGTERM."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import call, make_rows, start, write_rows

from stepdown_toolkits.onnxruntime_toolkit.schemes import SCHEMES


def test_probe_names_versions_instruction_sets_and_schemes():
    code, lines, _ = call("probe", "{}")
    assert code == 0
    (result,) = lines
    assert result["type"] == "result"
    assert result["versions"]["onnxruntime"].count(".") == 2
    assert len(result["versions"]["stepdown_toolkits"]) == 12
    assert isinstance(result["instructionSets"], list)
    assert sorted(result["schemes"]) == sorted(name for name in SCHEMES if not name.endswith("-qat"))


def test_what_is_trained_is_pytorchs():
    code, lines, _ = call("probe", "{}", toolkit="pytorch")
    assert code == 0
    assert sorted(lines[-1]["schemes"]) == sorted(name for name in SCHEMES if name.endswith("-qat"))


def test_onnxruntime_leaves_no_trace_of_telemetry(tmp_path: Path):
    model = Path(__file__).parent.parent / "fixtures/classifier.onnx"
    code = f"import stepdown_toolkits, onnxruntime; onnxruntime.InferenceSession({str(model)!r})"
    subprocess.run([sys.executable, "-c", code], env={**os.environ, "TMPDIR": str(tmp_path)}, check=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("stdin", "says"),
    [("", "not one JSON document"), ("{", "not one JSON document"), ("[]", "not a JSON object")],
)
def test_a_job_that_is_no_json_object_is_a_bad_request(stdin: str, says: str):
    code, lines, _ = call("probe", stdin)
    assert code == 2
    assert lines[-1]["kind"] == "bad-request" and lines[-1]["field"] == "job" and says in lines[-1]["message"]


def test_an_unknown_verb_is_a_bad_request_that_lists_the_known_ones():
    code, lines, _ = call("distil", "{}")
    assert code == 2
    assert "onnxruntime quantize" in lines[-1]["message"]


def test_a_missing_package_is_not_available_here(tmp_path: Path):
    (tmp_path / "tokenizers.py").write_text('raise ModuleNotFoundError("no", name="tokenizers")')
    code, lines, stderr = call("prepare", "{}", path=[tmp_path])
    assert code == 3
    assert lines[-1]["kind"] == "unavailable" and "'tokenizers'" in lines[-1]["message"]
    assert "Traceback" in stderr


def test_a_fault_exits_1_with_its_last_words_and_the_trace_on_stderr(job: dict):
    job["outputFolder"] += "/missing"
    code, lines, stderr = call("prepare", json.dumps(job))
    assert code == 1
    assert lines[-1]["kind"] == "fault" and "FileNotFoundError" in lines[-1]["message"]
    assert "Traceback" in stderr


def test_what_libraries_print_stays_off_stdout(job: dict, tmp_path: Path):
    """`call` parses every line of stdout."""
    (tmp_path / "sitecustomize.py").write_text("import atexit; atexit.register(lambda: print('bye'))")
    code, lines, stderr = call("prepare", json.dumps(job), path=[tmp_path])
    assert code == 0 and lines[-1]["type"] == "result" and "bye" in stderr


def test_sigterm_in_the_middle_of_calibrating_leaves_nothing_behind(job: dict, tmp_path: Path):
    job["roles"] = {"calibration": str(write_rows(tmp_path / "many.jsonl", make_rows("many", 4000)))}
    _, lines, _ = call("prepare", json.dumps(job))
    output = tmp_path / "quantized"
    output.mkdir()
    recipe = {"scheme": "int8-static", "calibration": {"rows": 4000, "method": "entropy"}}
    process = start("quantize")
    quantize = {
        "model": job["model"]["path"],
        "recipe": recipe,
        "calibrationData": lines[-1]["roles"]["calibration"]["path"],
        "outputFolder": str(output),
    }
    process.stdin.write(json.dumps(quantize))
    process.stdin.close()
    for line in process.stdout:
        if json.loads(line)["stage"] == "calibrate":
            break
    assert list(output.iterdir())
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=10) == 128 + signal.SIGTERM
    assert list(output.iterdir()) == []
