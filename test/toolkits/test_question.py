"""Task question-answering: what is written for a row, and every way in which rows and model are refused."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pyarrow as pa
import pytest
from conftest import Recorder, word_tokenizer, write_rows
from onnx import TensorProto, helper, numpy_helper

from stepdown_toolkits.onnxruntime_toolkit import prepare
from stepdown_toolkits.protocol import BadRequest

LENGTH = 12


def reader(outputs: tuple[str, ...] = ("start_logits", "end_logits")) -> onnx.ModelProto:
    """A number for each token, the same for both ends."""
    table = np.random.default_rng(3).normal(size=(70,)).astype(np.float32)
    nodes = [helper.make_node("Gather", ["table", "input_ids"], [name], f"/{name}") for name in outputs]
    graph = helper.make_graph(
        nodes,
        "reader",
        [helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["batch", "length"])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", "length"]) for name in outputs],
        [numpy_helper.from_array(table, "table")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def rows(role: str, count: int = 3) -> list[dict[str, Any]]:
    judged = role in ("selection", "holdout")
    return [
        {
            **{
                "id": f"{role}-{number}",
                "question": f"w{number} w1",
                "context": f"w2 w3 w{number} w4 {role}",
            },
            **({"answers": [f"w3 w{number}", "w4"]} if judged else {}),
        }
        for number in range(count)
    ]


@pytest.fixture
def question_job(tmp_path: Path) -> dict[str, Any]:
    onnx.save(reader(), tmp_path / "reader.onnx")
    word_tokenizer().save(str(tmp_path / "tokenizer.json"))
    (tmp_path / "out").mkdir()
    roles = ("calibration", "selection", "production")
    return {
        **{"task": "question-answering", "metric": "f1", "maxLength": LENGTH, "maximumAnswerTokens": 4},
        "model": {"path": str(tmp_path / "reader.onnx")},
        "tokenizer": str(tmp_path / "tokenizer.json"),
        "columns": {"id": "id", "question": "question", "context": "context", "answers": "answers"},
        "roles": {role: str(write_rows(tmp_path / f"{role}.jsonl", rows(role))) for role in roles},
        "outputFolder": str(tmp_path / "out"),
    }


def test_keeps_where_each_token_lies_in_the_context(question_job: dict[str, Any]) -> None:
    result = prepare.run(question_job, Recorder())["roles"]
    with pa.memory_map(result["selection"]["path"]) as file:
        table = pa.ipc.open_file(file).read_all()
    assert set(table.column_names) == {"input_ids", "id", "row"}
    cell = json.loads(table["row"][1].as_py())
    assert cell["answers"] == ["w3 w1", "w4"]
    assert len(cell["spans"]) == len(table["input_ids"][1])
    words = [cell["context"][span[0] : span[1]] for span in cell["spans"] if span]
    assert words == cell["context"].split()
    assert result["selection"]["reading"] == {"kind": "span", "maximumAnswerTokens": 4}
    with pa.memory_map(result["production"]["path"]) as file:
        assert "row" not in pa.ipc.open_file(file).read_all().column_names


def test_a_long_context_is_cut_and_the_question_is_not(question_job: dict[str, Any], tmp_path: Path) -> None:
    long = {"id": "l", "question": "w1 w2", "context": " ".join(["w5"] * 40), "answers": "w5"}
    question_job["roles"]["selection"] = str(write_rows(tmp_path / "long.jsonl", [long]))
    path = prepare.run(question_job, Recorder())["roles"]["selection"]["path"]
    with pa.memory_map(path) as file:
        table = pa.ipc.open_file(file).read_all()
    assert len(table["input_ids"][0]) == LENGTH
    spans = json.loads(table["row"][0].as_py())["spans"]
    assert [span for span in spans if span][0] == [0, 2]


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ({"answers": []}, "data.selection", "row 1: 'answers' has no text; leave out questions without"),
        ({"answers": [3]}, "data.selection", "row 1: 'answers' is '[3]'; give a text, or a list of texts"),
        ({"answers": "[w3"}, "data.selection", "row 1: no answer stands in the context; correct the row"),
        ({"answers": {"text": []}}, "data.selection", "row 1: 'answers' has no text"),
        ({"answers": "w9"}, "data.selection", "row 1: no answer stands in the context; correct the row"),
        ({"question": ""}, "data.selection", "row 1: 'question' is empty"),
        (rows("production")[0], "data.selection", "shares 1 rows with data.production"),
    ],
)
def test_refuses_a_row(
    question_job: dict[str, Any], tmp_path: Path, change: dict[str, Any], field: str, message: str
) -> None:
    changed = rows("selection")
    changed[0].update(change, id="selection-0")
    question_job["roles"]["selection"] = str(write_rows(tmp_path / "selection.jsonl", changed))
    with pytest.raises(BadRequest) as refused:
        prepare.run(question_job, Recorder())
    (found,) = refused.value.problems
    assert found["field"] == field and message in found["message"]


def test_names_the_rows_whose_question_leaves_no_room(question_job: dict[str, Any], tmp_path: Path) -> None:
    changed = rows("selection")
    for row in changed[1:3]:
        row["question"] = " ".join(["w1"] * 30)
    file = write_rows(tmp_path / "selection.jsonl", changed)
    question_job["roles"]["selection"] = str(file)
    with pytest.raises(BadRequest) as refused:
        prepare.run(question_job, Recorder())
    assert [(found["field"], found["value"]) for found in refused.value.problems] == [
        ("data.selection", changed[1]["id"]),
        ("data.selection", changed[2]["id"]),
    ]
    for number, found in zip((2, 3), refused.value.problems, strict=True):
        message = f"row {number} of {file}: the question leaves its context no room within {LENGTH} tokens"
        assert found["message"].startswith(message)


def test_refuses_a_model_without_both_logits(question_job: dict[str, Any], tmp_path: Path) -> None:
    onnx.save(reader(("logits",)), tmp_path / "reader.onnx")
    with pytest.raises(
        BadRequest, match="has the outputs logits; export it with start_logits and end_logits"
    ):
        prepare.run(question_job, Recorder())


def test_an_answer_in_a_csv_may_be_a_list(question_job: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "selection.csv"
    path.write_text('id,question,context,answers\na,w1,w2 w3,"[""w2"", ""w3""]"\nb,w1,w4 w5,w5\n')
    question_job["roles"]["selection"] = str(path)
    with pa.memory_map(prepare.run(question_job, Recorder())["roles"]["selection"]["path"]) as file:
        cells = pa.ipc.open_file(file).read_all()["row"].to_pylist()
    assert [json.loads(cell)["answers"] for cell in cells] == [["w2", "w3"], ["w5"]]
