"""Task custom: rows of texts or tensors, and a person's own Python that scores the answers."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pyarrow as pa
import pyarrow.parquet
import pytest
from conftest import LABELS, Recorder, call, write_rows
from images import SIZE, digits, network, tensors

from stepdown_toolkits.onnxruntime_toolkit import evaluate, prepare
from stepdown_toolkits.protocol import BadRequest

SCORE = """
import numpy as np
LABELS = {labels}

def probability(outputs, row):
    exponentials = np.exp(outputs["logits"][0] - outputs["logits"].max())
    return (exponentials / exponentials.sum())[LABELS.index(row["label"])]
"""


def evaluator(folder: Path, text: str, function: str = "probability") -> dict[str, str]:
    folder.mkdir(exist_ok=True)
    (folder / "scoring.py").write_text(text)
    return {"folder": str(folder), "entryPoint": f"scoring:{function}"}


@pytest.fixture(autouse=True)
def fresh_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test has another module of the same name."""
    import sys

    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "scoring", raising=False)


@pytest.fixture
def text_job(job: dict[str, Any], tmp_path: Path) -> dict[str, Any]:
    del job["labels"]
    given = evaluator(tmp_path / "evaluator", SCORE.format(labels=LABELS))
    return {**job, "task": "custom", "columns": {"id": "id", "text": "text"}, "evaluator": given}


def tensor_rows(start: int, count: int) -> list[dict[str, Any]]:
    pixels, labels = digits()
    ready = tensors(pixels[start : start + count])
    return [
        {"id": f"d{start + i}", "pixels": ready[i].tolist(), "label": str(labels[start + i])}
        for i in range(count)
    ]


@pytest.fixture
def tensor_job(tmp_path: Path) -> dict[str, Any]:
    onnx.save(network(), tmp_path / "digits.onnx")
    (tmp_path / "out").mkdir()
    roles = {}
    for role, start in {"calibration": 0, "selection": 40}.items():
        roles[role] = str(tmp_path / f"{role}.parquet")
        pyarrow.parquet.write_table(pa.Table.from_pylist(tensor_rows(start, 20)), roles[role])
    return {
        "task": "custom",
        "model": {"path": str(tmp_path / "digits.onnx")},
        "evaluator": evaluator(tmp_path / "evaluator", SCORE.format(labels=[str(n) for n in range(10)])),
        "columns": {"id": "id", "text": "text"},
        "roles": roles,
        "outputFolder": str(tmp_path / "out"),
    }


def prepared(result: dict[str, Any], role: str = "selection") -> pa.Table:
    with pa.memory_map(result["roles"][role]["path"]) as file:
        return pa.ipc.open_file(file).read_all()


def test_texts_are_tokenized_and_rows_kept_for_the_evaluator(text_job: dict[str, Any]) -> None:
    result = prepare.run(text_job, Recorder())
    table = prepared(result)
    assert set(table.column_names) == {"input_ids", "attention_mask", "id", "row", "desk", "length"}
    row = json.loads(table["row"][1].as_py())
    assert row["label"] == LABELS[1] and row["desk"] == "news"
    facts = result["roles"]["selection"]
    assert facts["classes"] == {} and facts["lengths"]["max"] > 8


def test_tensors_are_taken_as_they_are(tensor_job: dict[str, Any]) -> None:
    table = prepared(prepare.run(tensor_job, Recorder()))
    first = np.asarray(table["pixels"][0].as_py(), np.float32).reshape(1, SIZE, SIZE)
    np.testing.assert_array_equal(first, tensors(digits()[0][40:41])[0])
    assert json.loads(table["row"][0].as_py()) == {"id": "d40", "label": tensor_rows(40, 1)[0]["label"]}


def test_answers_are_scored_by_the_rows_that_they_are_of(text_job: dict[str, Any], tmp_path: Path) -> None:
    data = prepare.run(text_job, Recorder())["roles"]["selection"]["path"]
    logits = np.random.default_rng(1).normal(size=(5, 1, len(LABELS))).astype(np.float32)
    half = np.arange(5, dtype=np.float16)
    content, rows = b"", []
    for number in range(5):
        rows.append([{"name": "logits", "type": "float32", "dims": [1, 3], "offset": len(content)}])
        content += logits[number].tobytes()
        rows[-1].append({"name": "half", "type": "float16", "dims": [1], "offset": len(content)})
        content += half[number : number + 1].tobytes()
    (tmp_path / "outputs.bin").write_bytes(content)
    outputs = {"path": str(tmp_path / "outputs.bin"), "rows": rows}
    asked = {"evaluator": text_job["evaluator"], "data": data, "start": 7, "outputs": outputs}
    scores = evaluate.run(asked, Recorder())["scores"]
    exponentials = np.exp(logits[:, 0].astype(np.float64))
    expected = [exponentials[i, (7 + i) % 3] / exponentials[i].sum() for i in range(5)]
    np.testing.assert_allclose(scores, expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def other(outputs, row): return 1", "cannot be loaded: AttributeError"),
        ("import nothing_like_it", "cannot be loaded: ModuleNotFoundError"),
        ("probability = 3", "is no function; name one that takes outputs and row"),
        (
            "def probability(outputs, row): return 2",
            "gives 2 for row 'selection-0'; return one number from 0",
        ),
        ("def probability(outputs, row): return float('nan')", "gives nan for row 'selection-0'"),
        ("def probability(outputs, row): return 'high'", "gives 'high' for row 'selection-0'"),
        ("def probability(outputs, row):\n  return row['title']", "KeyError: 'title' (scoring.py, line 2)"),
        ("import sys\ndef probability(outputs, row):\n  sys.exit(0)", "SystemExit: 0 (scoring.py, line 3)"),
        (
            "import itertools\nnext_ = itertools.count()\n"
            "def probability(outputs, row): return 1 / (1 + next(next_))",
            "gives 1.0 and then 0.5 for row 'selection-0'; it must give the same",
        ),
    ],
)
def test_an_evaluator_that_cannot_score_is_refused_with_the_row(
    text_job: dict[str, Any], tmp_path: Path, text: str, message: str
) -> None:
    text_job["evaluator"] = evaluator(tmp_path / "evaluator", text)
    with pytest.raises(BadRequest) as refused:
        prepare.run(text_job, Recorder())
    (found,) = refused.value.problems
    assert found["field"] == "quality.evaluator.entryPoint"
    assert message in found["message"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"pixels": [[1.0] * 16] * 15}, "row 1: 'pixels' has 240 numbers, and the model takes [1, 16, 16]"),
        ({"pixels": "dark"}, "row 1: 'pixels' is 'dark'; give numbers"),
        ({"pixels": [[1.0], [1.0, 2.0]]}, "row 1: 'pixels' is ragged"),
        ({"pixels": [float("inf")] * 256}, "row 1: 'pixels' has NaN or infinity"),
        ({"pixels": None}, "row 1: 'pixels' is 'None'; give numbers"),
    ],
)
def test_tensors_that_do_not_fit_are_refused(
    tensor_job: dict[str, Any], tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    rows = tensor_rows(40, 3)
    rows[0].update(change)
    tensor_job["roles"]["selection"] = str(write_rows(tmp_path / "selection.jsonl", rows))
    with pytest.raises(BadRequest) as refused:
        prepare.run(tensor_job, Recorder())
    assert [(found["field"], message in found["message"]) for found in refused.value.problems] == [
        ("data.selection", True)
    ]


def test_cells_that_no_evaluator_could_be_given_are_refused(
    tensor_job: dict[str, Any], tmp_path: Path
) -> None:
    rows = [{**row, "blob": b"\x00"} for row in tensor_rows(40, 3)]
    tensor_job["roles"]["selection"] = str(tmp_path / "other.parquet")
    pyarrow.parquet.write_table(pa.Table.from_pylist(rows), tensor_job["roles"]["selection"])
    with pytest.raises(BadRequest, match="row 1: Object of type bytes is not JSON serializable; keep texts"):
        prepare.run(tensor_job, Recorder())


def test_the_verb_speaks_the_protocol_whatever_the_evaluator_prints(
    text_job: dict[str, Any], tmp_path: Path
) -> None:
    text = "def probability(outputs, row):\n  print('hello')\n  return True"
    text_job["evaluator"] = evaluator(tmp_path / "evaluator", text)
    code, lines, stderr = call("prepare", json.dumps(text_job))
    assert code == 0 and lines[-1]["type"] == "result", lines[-1]
    assert "hello" in stderr
