"""Every scheme on a tiny model, and every recipe that is refused."""

import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pyarrow as pa
import pytest
from conftest import Recorder, call, classifier
from onnx import TensorProto, helper

from stepdown_toolkits.onnxruntime_toolkit import coverage, prepare, quantize, schemes
from stepdown_toolkits.protocol import BadRequest

CALIBRATION = {"role": "calibration", "rows": 60, "method": "minmax"}
RECIPES = {
    "fp16": {"scheme": "fp16"},
    "dynamic": {"scheme": "int8-dynamic"},
    "dynamic per channel": {"scheme": "int8-dynamic", "options": {"perChannel": True}},
    "static": {"scheme": "int8-static", "calibration": CALIBRATION},
    "static entropy": {"scheme": "int8-static", "calibration": {**CALIBRATION, "method": "entropy"}},
    "static percentile": {"scheme": "int8-static", "calibration": {**CALIBRATION, "method": "percentile"}},
    "static per tensor": {
        "scheme": "int8-static",
        "calibration": CALIBRATION,
        "options": {"perChannel": False},
    },
    "dynamic u8u8": {"scheme": "int8-dynamic", "options": {"types": "u8u8"}},
    "static u8u8": {"scheme": "int8-static", "calibration": CALIBRATION, "options": {"types": "u8u8"}},
    "static qoperator": {
        "scheme": "int8-static",
        "calibration": CALIBRATION,
        "options": {"format": "qoperator"},
    },
    "int4 hqq": {"scheme": "int4-weight", "options": {"algorithm": "hqq"}},
    "int4 k-quant": {"scheme": "int4-weight", "options": {"algorithm": "k-quant", "blockSize": 16}},
    "int8 weights": {"scheme": "int8-weight"},
    "int8 weights and embeddings": {"scheme": "int8-weight", "options": {"embeddings": True}},
    "int4": {"scheme": "int4-weight"},
    "int4 embeddings": {"scheme": "int4-weight", "options": {"embeddings": True}},
    "2 bits": {"scheme": "int2-weight"},
    "2 bits, int4 embeddings": {
        "scheme": "int2-weight",
        "options": {"embeddings": True, "symmetric": False, "embeddingsBlockSize": 16},
    },
}
# All 3 elsewhere: lookup, hidden layer, head. HQQ's zero points are no integers, and so its products are in float.
INTEGER_NODES = {
    "fp16": 0,
    "int4": 2,
    "2 bits": 2,
    "int8 weights": 2,
    "int4 k-quant": 2,
    "int4 hqq": 0,
}


@pytest.fixture
def request_of(job: dict, tmp_path: Path):
    """Makes the job of a recipe; the data is prepared once per test."""
    data = prepare.run(job, Recorder())["roles"]["calibration"]["path"]

    def make(recipe: dict, folder: str = "candidate") -> dict:
        output = tmp_path / folder
        output.mkdir(exist_ok=True)
        return {
            "model": job["model"]["path"],
            "recipe": {"toolkit": "onnxruntime", **recipe},
            "calibrationData": data,
            "outputFolder": str(output),
        }

    return make


def problems_of(job: dict) -> list[dict]:
    with pytest.raises(BadRequest) as refused:
        quantize.run(job, Recorder())
    assert list(Path(job["outputFolder"]).iterdir()) == []
    return refused.value.problems


def top1(model: str, data: str) -> list[int]:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    table = pa.ipc.open_file(data).read_all().select(["input_ids", "attention_mask"])
    feeds = ({name: np.array([value]) for name, value in row.items()} for row in table.to_pylist())
    return [int(session.run(None, feed)[0].argmax()) for feed in feeds]


@pytest.mark.parametrize("name", RECIPES)
def test_makes_a_candidate_that_agrees_with_fp32(request_of, name: str):
    job = request_of(RECIPES[name])
    result = quantize.run(job, recorder := Recorder())
    folder = Path(job["outputFolder"])
    assert list(folder.iterdir()) == [folder / "candidate.onnx"]
    assert result["path"] == str(folder / "candidate.onnx")
    assert result["sizeBytes"] == Path(result["path"]).stat().st_size
    assert result["durationMs"] > 0 and result["toolkitVersions"]["onnxruntime"]
    found = result["coverage"]
    integer = INTEGER_NODES.get(name, 3)
    assert (found["integer"], found["float"]) == (integer, 3 - integer), found
    assert found["share"] == pytest.approx(integer / 3)
    assert len(found["fallbacks"]) == found["float"]
    expected = top1(job["model"], job["calibrationData"])
    same = np.mean(np.array(top1(result["path"], job["calibrationData"])) == expected)
    assert same > (0.6 if name.startswith("2 bits") else 0.85)
    calibrated = [done for stage, done, total in recorder.stages if stage == "calibrate" and total == 60]
    assert (calibrated[-1:] == [60]) == ("static" in name)


@pytest.mark.parametrize("name", ["fp16", "dynamic", "static", "2 bits, int4 embeddings"])
def test_equal_recipes_give_equal_bytes_in_another_process(request_of, name: str):
    first = quantize.run(request_of(RECIPES[name]), Recorder())
    code, lines, _ = call("quantize", json.dumps(request_of(RECIPES[name], "again")), seed="42")
    assert code == 0 and lines[-1]["type"] == "result"
    hashes = {hashlib.sha256(Path(result["path"]).read_bytes()).hexdigest() for result in (first, lines[-1])}
    assert len(hashes) == 1
    assert lines[-1]["coverage"] == first["coverage"]


@pytest.mark.parametrize("name", ["dynamic", "static", "int4", "int8 weights and embeddings"])
def test_keeps_excluded_nodes_in_float_and_says_so(request_of, name: str):
    result = quantize.run(request_of({**RECIPES[name], "exclude": ["/hidden"]}), Recorder())
    assert result["coverage"]["kept"] == 1
    assert not any(fallback.endswith("/hidden") for fallback in result["coverage"]["fallbacks"])


def test_weights_keep_to_seven_bits_where_products_saturate(request_of, monkeypatch: pytest.MonkeyPatch):
    def widest(recipe: dict, folder: str) -> int:
        path = quantize.run(request_of(recipe, folder), Recorder())["path"]
        tensors = [t for t in onnx.load(path).graph.initializer if t.data_type == TensorProto.INT8]
        return max(int(np.abs(onnx.numpy_helper.to_array(t).astype(int)).max()) for t in tensors)

    assert widest({"scheme": "int8-dynamic", "options": {"reduceRange": False}}, "full") > 64
    monkeypatch.setattr(schemes, "has_vnni", lambda: False)
    assert widest({"scheme": "int8-dynamic"}, "reduced") <= 64


@pytest.mark.parametrize(("types", "kind"), [("u8s8", TensorProto.INT8), ("u8u8", TensorProto.UINT8)])
def test_unsigned_weights_need_no_reduced_range(
    request_of, monkeypatch: pytest.MonkeyPatch, types: str, kind: int
):
    monkeypatch.setattr(schemes, "has_vnni", lambda: False)
    recipe = {"scheme": "int8-static", "calibration": CALIBRATION, "options": {"types": types}}
    graph = onnx.load(quantize.run(request_of(recipe), Recorder())["path"]).graph
    (hidden,) = [tensor for tensor in graph.initializer if tensor.name == "hidden_quantized"]
    values = onnx.numpy_helper.to_array(hidden).astype(int)
    assert hidden.data_type == kind
    assert (int(values.max() - values.min()) > 128) == (types == "u8u8")


def test_the_operator_format_has_its_own_nodes(request_of):
    recipe = {"scheme": "int8-static", "calibration": CALIBRATION, "options": {"format": "qoperator"}}
    graph = onnx.load(quantize.run(request_of(recipe), Recorder())["path"]).graph
    assert "QLinearMatMul" in {node.op_type for node in graph.node}


@pytest.mark.parametrize(
    ("recipe", "field", "says"),
    [
        (
            {"scheme": "int2-weight", "options": {"algorithm": "k-quant"}},
            "recipe.options.algorithm",
            "one of rtn, hqq",
        ),
        (
            {"scheme": "int4-weight", "options": {"algorithm": "k-quant", "blockSize": 32}},
            "recipe.options.blockSize",
            "'/hidden' has 1 of 32",
        ),
        (
            {"scheme": "int8-weight", "options": {"embeddings": True, "embeddingsBlockSize": 32}},
            "recipe.options.embeddingsBlockSize",
            "knows embeddings, symmetric, blockSize, accuracyLevel",
        ),
        ({"scheme": "int8-dynamic", "options": {"types": "s8s8"}}, "recipe.options.types", "u8s8, u8u8"),
        ({"scheme": "int8-dynamic", "options": {"format": "qdq"}}, "recipe.options.format", "types"),
        ({"scheme": "int4-qat", "options": {"algorithm": "hqq"}}, "recipe.options.algorithm", "symmetric"),
        ({"scheme": "int3"}, "recipe.scheme", "is not one of fp16, int8-dynamic"),
        (
            {"scheme": "fp16", "options": {"perChannel": True}},
            "recipe.options.perChannel",
            "knows no options",
        ),
        (
            {"scheme": "int8-dynamic", "options": {"perChanel": True}},
            "recipe.options.perChanel",
            "reduceRange",
        ),
        ({"scheme": "int8-dynamic", "options": {"perChannel": "yes"}}, "recipe.options.perChannel", "'yes'"),
        ({"scheme": "int4-weight", "options": {"blockSize": 33}}, "recipe.options.blockSize", "16, 32"),
        ({"scheme": "int8-dynamic", "exclude": ["/tail"]}, "recipe.exclude", "no node '/tail'"),
        ({"scheme": "int8-static"}, "recipe.calibration.rows", "is missing"),
        (
            {"scheme": "int8-static", "calibration": {**CALIBRATION, "method": "guess"}},
            "recipe.calibration.method",
            "minmax, entropy, percentile",
        ),
        (
            {"scheme": "int8-static", "calibration": {**CALIBRATION, "rows": 91}},
            "recipe.calibration.rows",
            "has 90 rows",
        ),
        (
            {"scheme": "int8-static", "calibration": {**CALIBRATION, "rows": 5001}},
            "recipe.calibration.rows",
            "more than 5000",
        ),
    ],
)
def test_refuses_a_recipe_that_cannot_work(request_of, recipe: dict, field: str, says: str):
    (only,) = problems_of(request_of(recipe))
    assert only["field"] == field and says in only["message"]


def test_reports_all_that_is_wrong_with_a_recipe_at_once(request_of):
    recipe = {"scheme": "int4-weight", "exclude": ["/a", "/b"], "options": {"embeddings": 1}}
    fields = [problem["field"] for problem in problems_of(request_of(recipe))]
    assert fields == ["recipe.exclude", "recipe.exclude", "recipe.options.embeddings"]


def test_refuses_a_candidate_whose_answers_are_not_finite(request_of):
    job = request_of({"scheme": "int8-dynamic"})
    onnx.save(classifier(scale=1e25), job["model"])
    (only,) = problems_of(job)
    assert "NaN or infinity" in only["message"]


def test_refuses_a_model_that_is_none(request_of):
    job = request_of({"scheme": "fp16"})
    Path(job["model"]).write_bytes(b"zip")
    assert problems_of(job)[0]["field"] == "model.path"


def test_products_of_two_activations_do_not_count_as_coverage(tmp_path: Path):
    shape = ["batch", 4, 4]
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["a", "b"], ["c"], "/scores")],
        "attention",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in ("a", "b")],
        [helper.make_tensor_value_info("c", TensorProto.FLOAT, shape)],
    )
    path = tmp_path / "attention.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    found = coverage.audit(path, tmp_path, [])
    assert (found["integer"], found["float"], found["share"]) == (0, 0, 0.0)
    assert found["operators"] == {"MatMul": 1}


@pytest.mark.parametrize(
    ("scheme", "options", "is_integer"),
    [
        ("int4-weight", {"accuracyLevel": 0}, False),
        ("int4-weight", {"blockSize": 16}, True),
        ("int8-weight", {"accuracyLevel": 0}, False),
        ("int8-weight", {"blockSize": 16}, True),
        ("int8-weight", {"blockSize": 32}, True),
        ("int2-weight", {"accuracyLevel": 0}, False),
        ("int2-weight", {"blockSize": 16}, False),
        ("int2-weight", {"blockSize": 32}, True),
    ],
)
def test_the_audit_counts_as_integer_what_is_computed_so(request_of, tmp_path, scheme, options, is_integer):
    """Products in INT8 round the activations; those in float do not differ from level 0."""
    made = quantize.run(request_of({"scheme": scheme, "options": options}), Recorder())
    products = [node for node in onnx.load(made["path"]).graph.node if node.op_type == "MatMulNBits"]
    assert (made["coverage"]["integer"] == len(products) == 2) == is_integer
    in_float = onnx.load(made["path"])
    for node in in_float.graph.node:
        if node.op_type == "MatMulNBits":
            kept = [a for a in node.attribute if a.name != "accuracy_level"]
            del node.attribute[:]
            node.attribute.extend(kept)
    onnx.save(in_float, tmp_path / "float.onnx")
    feed = {name: np.arange(1, 9)[None] % 7 for name in ("input_ids", "attention_mask")}
    answers = [
        onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]).run(None, feed)[0]
        for path in (made["path"], tmp_path / "float.onnx")
    ]
    assert (not np.array_equal(*answers)) == is_integer
