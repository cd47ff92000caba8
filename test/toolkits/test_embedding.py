"""Task embeddings: texts alone, and pairs of them with a gold similarity."""

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

INPUTS = ("input_ids", "attention_mask")


def encoder(inputs: tuple[str, ...] = INPUTS, axes: int = 3) -> onnx.ModelProto:
    """A vector for each token; with two axes, their mean."""
    table = np.random.default_rng(4).normal(size=(70, 8)).astype(np.float32)
    nodes = [helper.make_node("Gather", ["table", "input_ids"], ["hidden"], "/gather")]
    if axes == 2:
        nodes.append(helper.make_node("ReduceMean", ["hidden"], ["vector"], "/mean", axes=[1], keepdims=0))
    name, shape = ("hidden", ["batch", "length", 8]) if axes == 3 else ("vector", ["batch", 8])
    graph = helper.make_graph(
        nodes,
        "encoder",
        [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "length"]) for name in inputs],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)],
        [numpy_helper.from_array(table, "table")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def rows(role: str, count: int = 3) -> list[dict[str, Any]]:
    judged = role in ("selection", "holdout")
    return [
        {
            **{"id": f"{role}-{number}", "text": f"{role} w1 w{number}"},
            **({"second": f"w{number} {role} w3 w4 w5", "similarity": number / 2} if judged else {}),
        }
        for number in range(count)
    ]


@pytest.fixture
def embedding_job(tmp_path: Path) -> dict[str, Any]:
    onnx.save(encoder(), tmp_path / "encoder.onnx")
    word_tokenizer().save(str(tmp_path / "tokenizer.json"))
    (tmp_path / "out").mkdir()
    roles = ("calibration", "selection", "production")
    return {
        **{"task": "embeddings", "metric": "spearman", "maxLength": 16, "pooling": "mean", "normalize": True},
        "model": {"path": str(tmp_path / "encoder.onnx")},
        "tokenizer": str(tmp_path / "tokenizer.json"),
        "columns": {"id": "id", "text": "text", "second": "second", "similarity": "similarity"},
        "roles": {role: str(write_rows(tmp_path / f"{role}.jsonl", rows(role))) for role in roles},
        "outputFolder": str(tmp_path / "out"),
    }


def columns_of(job: dict[str, Any], role: str) -> pa.Table:
    with pa.memory_map(prepare.run(job, Recorder())["roles"][role]["path"]) as file:
        return pa.ipc.open_file(file).read_all()


def test_a_pair_has_the_inputs_of_both_texts(embedding_job: dict[str, Any]) -> None:
    table = columns_of(embedding_job, "selection")
    seconds = {f"second.{name}" for name in INPUTS}
    assert set(table.column_names) == {*INPUTS, *seconds, "id", "similarity"}
    assert table["similarity"].to_pylist() == [0.0, 0.5, 1.0]
    lengths = [[len(row) for row in table[name].to_pylist()] for name in ("input_ids", "second.input_ids")]
    assert lengths[1] == [length + 2 for length in lengths[0]]


def test_texts_alone_need_no_pairs(embedding_job: dict[str, Any]) -> None:
    assert "second.input_ids" not in columns_of(embedding_job, "production").column_names
    embedding_job["metric"] = "cosine"
    assert set(columns_of(embedding_job, "selection").column_names) == {*INPUTS, "id"}


def test_says_how_vectors_are_read(embedding_job: dict[str, Any]) -> None:
    reading = prepare.run(embedding_job, Recorder())["roles"]["selection"]["reading"]
    assert reading == {"kind": "embedding", "pooling": "mean", "normalize": True}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"similarity": "near"}, "row 1: 'similarity' is 'near'; give a number"),
        ({"similarity": "nan"}, "row 1: 'similarity' is 'nan'; give a number"),
        ({"similarity": None}, "row 1: 'similarity' is empty"),
        ({"second": ""}, "row 1: 'second' is empty"),
        ({"second": "Production  w1 W0"}, "shares 1 rows with data.production, such as selection-0"),
        ({"text": "calibration w1 w2"}, "shares 1 rows with data.calibration, such as selection-0"),
    ],
)
def test_refuses_a_pair(
    embedding_job: dict[str, Any], tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    changed = rows("selection")
    changed[0].update(change)
    embedding_job["roles"]["selection"] = str(write_rows(tmp_path / "selection.jsonl", changed))
    with pytest.raises(BadRequest) as refused:
        prepare.run(embedding_job, Recorder())
    (found,) = refused.value.problems
    assert found["field"] == "data.selection" and message in found["message"]


def test_refuses_similarities_without_an_order(embedding_job: dict[str, Any], tmp_path: Path) -> None:
    changed = [{**row, "similarity": 1} for row in rows("selection")]
    embedding_job["roles"]["selection"] = str(write_rows(tmp_path / "selection.jsonl", changed))
    with pytest.raises(BadRequest, match="'similarity' is the same in every row; give others"):
        prepare.run(embedding_job, Recorder())


@pytest.mark.parametrize(
    ("made", "pooling", "message"),
    [
        ({"axes": 2}, "mean", "takes one output with 3 axes, the model has vector with 2 axes; set none"),
        ({}, "none", "takes one output with 2 axes, the model has hidden with 3 axes"),
        ({"inputs": ("input_ids",)}, "mean", "has no input attention_mask"),
    ],
)
def test_refuses_a_pooling_that_does_not_fit_the_model(
    embedding_job: dict[str, Any], tmp_path: Path, made: dict[str, Any], pooling: str, message: str
) -> None:
    onnx.save(encoder(**made), tmp_path / "encoder.onnx")
    with pytest.raises(BadRequest) as refused:
        prepare.run({**embedding_job, "pooling": pooling}, Recorder())
    (found,) = refused.value.problems
    assert message in found["message"]
