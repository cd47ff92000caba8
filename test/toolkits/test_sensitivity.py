"""The ranking that a search for sensitive layers begins with."""

import json

import numpy as np
import onnx
import pyarrow as pa
import pytest
from conftest import Recorder, call
from planted import TOKENS, planted

from stepdown_toolkits.onnxruntime_toolkit import prepare, sensitivity
from stepdown_toolkits.protocol import BadRequest

STATIC = {"scheme": "int8-static", "calibration": {"role": "calibration", "rows": 60, "method": "minmax"}}


@pytest.fixture
def planted_job(tmp_path):
    """Layers 4, 11 and 20 of 24 are planted; 40 rows of a few tokens."""
    onnx.save(planted(24, [4, 11, 20]), tmp_path / "model.onnx")
    random = np.random.default_rng(5)
    rows = [random.integers(0, TOKENS, size=random.integers(4, 9)).tolist() for _ in range(40)]
    table = pa.table({"input_ids": pa.array(rows, pa.list_(pa.int64()))})
    with pa.OSFile(str(tmp_path / "rows.arrow"), "wb") as sink, pa.ipc.new_file(sink, table.schema) as out:
        out.write_table(table)
    return {
        "model": str(tmp_path / "model.onnx"),
        "recipe": {"scheme": "int8-dynamic"},
        "data": str(tmp_path / "rows.arrow"),
        "rows": 32,
        "outputFolder": str(tmp_path / "out"),
    }


def test_planted_layers_come_first(planted_job, tmp_path):
    recorder = Recorder()
    found = sensitivity.run(planted_job, recorder)
    names = [group["name"] for group in found["groups"]]
    assert set(names[:3]) == {"/layer4", "/layer11", "/layer20"}
    assert found["groups"][2]["error"] > 20 * found["groups"][3]["error"]
    assert len(names) == 24 + 2  # the lookup and the head too
    assert recorder.stages[-1] == ("done", 26, 26)
    assert list((tmp_path / "out").iterdir()) == []


def test_static_ranks_operators_between_layers_by_type(job, tmp_path):
    data = prepare.run(job, Recorder())["roles"]["calibration"]["path"]
    recipe = {**STATIC, "options": {"operators": "all"}}
    asked = {
        "model": job["model"]["path"],
        "recipe": recipe,
        "data": data,
        "calibrationData": data,
        "rows": 8,
    }
    found = sensitivity.run({**asked, "outputFolder": str(tmp_path / "sensitivity")}, Recorder())
    groups = {group["name"]: group["nodes"] for group in found["groups"]}
    assert {"/embed", "/hidden", "/head"} <= set(groups)
    assert groups["every Mul"] == ["/keep"]
    errors = [group["error"] for group in found["groups"]]
    assert errors == sorted(errors, reverse=True)
    assert all(np.isfinite(errors))


@pytest.mark.parametrize(
    ("change", "field"), [({"rows": 0}, "rows"), ({"rows": 1000}, "rows"), ({"data": None}, "data")]
)
def test_bad_requests_name_the_field(planted_job, change, field):
    with pytest.raises(BadRequest) as refused:
        sensitivity.run({**planted_job, **change}, Recorder())
    assert refused.value.problems[0]["field"] == field


def test_is_a_verb_of_the_protocol(planted_job):
    code, lines, _ = call("sensitivity", json.dumps(planted_job))
    assert code == 0
    assert lines[-1]["type"] == "result"
