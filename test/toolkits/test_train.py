"""Quantization-aware training of an ONNX graph, on the tiny text classifier."""

import json
import signal
import time
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from conftest import RECIPE, Recorder, call, start
from onnx import numpy_helper

from stepdown_toolkits.onnxruntime_toolkit import quantize
from stepdown_toolkits.onnxruntime_toolkit.machine import has_vnni
from stepdown_toolkits.protocol import BadRequest
from stepdown_toolkits.pytorch_toolkit import train
from stepdown_toolkits.pytorch_toolkit.graph import Graph, require_same_answers
from stepdown_toolkits.pytorch_toolkit.operators import OPERATORS
from stepdown_toolkits.pytorch_toolkit.rounding import Rounding
from stepdown_toolkits.pytorch_toolkit.rows import Rows
from stepdown_toolkits.pytorch_toolkit.threads import choose

WEIGHT_ONLY = {"embeddings": True, "blockSize": 32, "embeddingsBlockSize": 16}
ROUNDED = {
    "static": {"scheme": "int8-static"},
    "int4": {"scheme": "int4-weight", "options": WEIGHT_ONLY},
    "2 bits": {"scheme": "int2-weight", "options": WEIGHT_ONLY},
    "2 bits, zero points": {"scheme": "int2-weight", "options": {**WEIGHT_ONLY, "symmetric": False}},
}


@pytest.mark.parametrize("name", ROUNDED)
def test_the_rounding_is_the_exporters(training, name):
    recipe = {**RECIPE, **ROUNDED[name]}
    made = quantize.run({**training, "recipe": recipe}, Recorder())["path"]
    model = onnx.load(training["model"])
    rows = Rows(Path(training["selectionData"]), model)
    graph, rounding = Graph(model), Rounding(Path(made), not has_vnni())
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(made, options, providers=["CPUExecutionProvider"])
    exact, simulated, real = [], [], []
    for feed, _ in rows.batches(1):
        with torch.no_grad():
            exact.append(graph(feed).numpy())
            simulated.append(graph(feed, rounding.weight, rounding.activation).numpy())
        real.append(session.run(None, {name: value.numpy() for name, value in feed.items()})[0])
    exact, simulated, real = map(np.concatenate, (exact, simulated, real))
    error = np.sum((real - exact) ** 2)
    assert error > 0
    assert np.sum((simulated - real) ** 2) < 0.02 * error  # a tie may be rounded the other way


def test_a_lookup_table_is_rounded_by_the_values_that_it_has_by_then(training, tmp_path):
    recipe = {**RECIPE, "scheme": "int8-static"}
    rounding = Rounding(
        Path(quantize.run({**training, "recipe": recipe}, Recorder())["path"]), not has_vnni()
    )
    model = onnx.load(training["model"])
    (table,) = [tensor for tensor in model.graph.initializer if tensor.name == "table"]
    grown = 3 * numpy_helper.to_array(table) + 1
    table.CopyFrom(numpy_helper.from_array(grown, "table"))
    onnx.save(model, tmp_path / "grown.onnx")
    made = quantize.run({**training, "model": str(tmp_path / "grown.onnx"), "recipe": recipe}, Recorder())[
        "path"
    ]
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in onnx.load(made).graph.initializer}
    levels = stored["table_quantized"].astype(int) - stored["table_zero_point"]
    simulated = rounding.weight("table", torch.from_numpy(grown)).numpy()
    assert np.abs(simulated - levels * stored["table_scale"]).max() < 1e-5
    assert "embedded" not in rounding.ranges  # looked up, so rounded already


WEIGHTS_TRAINED = {
    "scheme": "int2-qat",
    "options": WEIGHT_ONLY,
    "training": RECIPE["training"],
}


@pytest.mark.parametrize("recipe", [RECIPE, {"toolkit": "pytorch", **WEIGHTS_TRAINED}])
def test_training_learns_and_gives_a_graph_that_the_exporter_takes(training, recipe):
    training["recipe"] = recipe
    trained = train.run(training, Recorder())
    first, best = trained["curve"][0], max(point["accuracy"] for point in trained["curve"])
    assert first["step"] == 0
    assert best > first["accuracy"] or trained["curve"][-1]["loss"] < first["loss"]
    assert "QuantizeLinear" not in {node.op_type for node in onnx.load(trained["path"]).graph.node}
    made = quantize.run({**training, "model": trained["path"]}, Recorder())
    assert made["coverage"]["share"] == 1
    assert made["coverage"]["float"] == 0


@pytest.mark.parametrize("slower", [1, 2])
def test_training_takes_as_many_threads_as_it_is_fastest_with(slower: int):
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        found = choose(lambda: time.sleep(0.03 if torch.get_num_threads() == slower else 0.002))
        assert found.used == torch.get_num_threads() == 3 - slower
    finally:
        torch.set_num_threads(before)
    assert found.described().startswith(f"{3 - slower} of 2 threads: 0.00")
    assert f", with {slower} 0.03" in found.described()


def test_an_estimate_trains_nothing(training, tmp_path):
    found = train.run({**training, "estimate": True}, Recorder())
    assert found["trainRows"] == 96
    assert found["expectedSeconds"] > found["secondsPerStep"] * 60 > 0
    assert found["threads"]["used"] in found["threads"]["secondsPerStep"]
    assert not (tmp_path / "checkpoints").exists()


def test_a_killed_training_goes_on_from_its_checkpoint(training, tmp_path):
    whole = train.run({**training, "checkpointFolder": str(tmp_path / "other")}, Recorder())
    process = start("train", toolkit="pytorch")
    process.stdin.write(json.dumps(training))
    process.stdin.close()
    told = None
    begun = []
    for text in process.stdout:
        line = json.loads(text)
        begun.append(line.get("stage", ""))
        told = line.get("checkpoint") or told
        if line["type"] == "progress" and line["stage"] == "train" and line["done"] >= 25:
            process.send_signal(signal.SIGKILL)
            break
    process.wait()
    assert told and told.endswith("checkpoint-000020.pt")
    code, lines, stderr = call("train", json.dumps({**training, "checkpoint": told}), toolkit="pytorch")
    assert code == 0, stderr
    steps = [line["done"] for line in lines if line["type"] == "progress" and line["stage"] == "train"]
    assert min(steps) >= 20
    resumed = lines[-1]
    threads = [line["stage"] for line in lines if " threads: " in line.get("stage", "")]
    assert threads == [stage for stage in begun if " threads: " in stage]  # not timed again
    assert str(resumed["threads"]["used"]) in resumed["threads"]["secondsPerStep"]
    assert [point["step"] for point in resumed["curve"]] == [point["step"] for point in whole["curve"]]
    losses = [[point["loss"] for point in run["curve"]] for run in (resumed, whole)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-3)


def test_it_ends_early_when_nothing_gets_better(training):
    options = {**RECIPE["training"], "learningRate": 1e-9, "patience": 2}
    trained = train.run({**training, "recipe": {**RECIPE, "training": options}}, Recorder())
    assert trained["stoppedEarly"]
    assert trained["steps"] < 60


@pytest.mark.parametrize(
    ("settings", "field"), [({"steps": 0}, "steps"), ({"rate": 1}, "rate"), ({"batch": 1.5}, "batch")]
)
def test_bad_settings_are_refused_by_name(training, settings, field):
    with pytest.raises(BadRequest) as refused:
        train.run({**training, "recipe": {**RECIPE, "training": settings}}, Recorder())
    assert refused.value.problems[0]["field"] == f"recipe.training.{field}"


def test_an_operator_that_cannot_be_trained_is_named(training):
    model = onnx.load(training["model"])
    model.graph.node[-1].op_type = "Det"
    with pytest.raises(BadRequest, match="Det"):
        Graph(model)


@pytest.mark.parametrize("shape", [(2, 3, 9, 9)])
def test_operators_answer_as_onnx_runtime_does(shape, tmp_path):
    """One graph of a convolutional network's operators, compared whole."""
    net = torch.nn.Sequential(
        torch.nn.Conv2d(3, 8, 3, 2, 1),
        torch.nn.BatchNorm2d(8),
        torch.nn.Hardswish(),
        torch.nn.Conv2d(8, 8, 3, 1, 1, groups=8),
        torch.nn.ReLU6(),
        torch.nn.MaxPool2d(2, 1),
        torch.nn.AdaptiveAvgPool2d(1),
        torch.nn.Flatten(),
        torch.nn.Linear(8, 4),
        torch.nn.LayerNorm(4),
        torch.nn.GELU(),
        torch.nn.Softmax(-1),
    ).eval()
    torch.manual_seed(1)
    path = tmp_path / "net.onnx"
    torch.onnx.export(net, torch.zeros(shape), path, input_names=["x"], dynamo=False, opset_version=17)
    graph = Graph(onnx.load(path))
    require_same_answers(graph, path, {"x": torch.randn(shape)})
    assert set(OPERATORS) > {node.op_type for node in onnx.load(path).graph.node}
