"""Ranges of activations that are learned with the weights, and that the exporter takes."""

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from conftest import LABELS, RECIPE, Recorder, classifier, make_rows, write_rows
from onnx import numpy_helper

from stepdown_toolkits.onnxruntime_toolkit import prepare, quantize
from stepdown_toolkits.onnxruntime_toolkit.trained_ranges import KEY
from stepdown_toolkits.protocol import BadRequest
from stepdown_toolkits.pytorch_toolkit import train
from stepdown_toolkits.pytorch_toolkit.rounding import Range
from stepdown_toolkits.pytorch_toolkit.rows import Rows


def calibrated_by(method: str, **training) -> dict:
    return {
        **RECIPE,
        "calibration": {**RECIPE["calibration"], "method": method},
        "training": {**RECIPE["training"], **training},
    }


def limits_in(path: str) -> dict[str, tuple[float, float]]:
    """By scale, the smallest and largest activation that a quantized file can tell apart."""
    graph = onnx.load(path).graph
    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    limits = {}
    for node in graph.node:
        if node.op_type == "QuantizeLinear" and node.input[1] != "table_scale":
            scale, zero = float(values[node.input[1]]), int(values[node.input[2]])
            limits[node.input[1].removesuffix("_scale")] = (-zero * scale, (255 - zero) * scale)
    return limits


def kept_in(path: str) -> str:
    return next(entry.value for entry in onnx.load(path).metadata_props if entry.key == KEY)


@pytest.mark.parametrize("method", ["entropy", "minmax"])
def test_ranges_are_learned_from_those_of_the_calibration_and_exported(training, tmp_path, method):
    training["recipe"] = calibrated_by(method)
    begun = limits_in(
        quantize.run({**training, "recipe": {**training["recipe"], "scheme": "int8-static"}}, Recorder())[
            "path"
        ]
    )
    trained = train.run(training, Recorder())
    made = quantize.run({**training, "model": trained["path"]}, Recorder())["path"]
    (checkpoint,) = (tmp_path / "checkpoints").glob("*.pt")
    best = torch.load(checkpoint, weights_only=True)["best"]
    exported = limits_in(made)
    assert KEY not in {entry.key for entry in onnx.load(made).metadata_props}
    assert set(exported) == set(begun) == {"mixed", "pooled", "logits"}
    assert best["step"] == trained["bestStep"] > 0
    for name, (low, high) in exported.items():
        shrunk, grown = torch.exp(best["learned"][name]).tolist()
        assert high - low == pytest.approx(begun[name][1] * grown - begun[name][0] * shrunk, rel=1e-4)
        assert [low, high] == pytest.approx(
            json.loads(kept_in(trained["path"]))["ranges"][name], abs=(high - low) / 255
        )
    assert exported["logits"] != pytest.approx(begun["logits"], rel=0.01)
    with pytest.raises(BadRequest, match="has no ranges"):
        quantize.run(training, Recorder())


def test_ranges_stay_as_calibrated_where_they_have_no_learning_rate(training, tmp_path):
    training["recipe"] = calibrated_by("entropy", rangeLearningRate=0)
    trained = train.run(training, Recorder())["path"]
    static = {**training["recipe"], "scheme": "int8-static"}
    begun = limits_in(quantize.run({**training, "recipe": static}, Recorder())["path"])
    exported = limits_in(quantize.run({**training, "model": trained}, Recorder())["path"])
    for name, limits in exported.items():
        assert limits == pytest.approx(begun[name], rel=1e-4)


def test_the_gradient_of_a_range_is_that_of_a_learned_step_size():
    """LSQ, equation 3, of 8 bits from 0: above the range the largest level, inside it what rounding adds."""
    kind = Range(0.0, 2.55, 255)
    inside, above = torch.tensor(0.127), torch.tensor(9.0)
    for value, per_step in ((inside, 13 - 12.7), (above, 255.0)):
        kind.power.grad = None
        kind.round(value).backward()
        step = 0.01  # the power's own derivative, as its end is the step times the levels
        assert kind.power.grad[1].item() == pytest.approx(per_step * step, rel=1e-3)


class Cut(Recorder):
    def progress(self, stage: str, done: int, total: int, **told) -> None:
        if stage == "train" and done >= 25:
            raise InterruptedError


def test_a_training_that_was_cut_off_goes_on_with_the_ranges_it_began_with(training, tmp_path):
    training["recipe"] = calibrated_by("entropy")

    def ranges_and_losses(folder: str, **changes) -> tuple[str, list[float]]:
        """Every training writes to the same file."""
        trained = train.run({**training, **changes, "checkpointFolder": str(tmp_path / folder)}, Recorder())
        return kept_in(trained["path"]), [point["loss"] for point in trained["curve"]]

    ranges, losses = ranges_and_losses("whole")
    with pytest.raises(InterruptedError):
        train.run(training, Cut())
    other_rows = {"calibrationData": training["trainData"]}
    assert ranges_and_losses("checkpoints", **other_rows) == (ranges, pytest.approx(losses, rel=1e-3))
    assert ranges_and_losses("anew", **other_rows)[0] != ranges


def with_a_rare_value(model: onnx.ModelProto, size: float) -> onnx.ModelProto:
    """The last word alone makes a channel that no class depends on very small."""
    weights = {tensor.name: tensor for tensor in model.graph.initializer}
    table, hidden, head = (
        numpy_helper.to_array(weights[name]).copy() for name in ("table", "hidden", "head")
    )
    table[:, 0], table[-1, 0] = 0, 1
    hidden[0], hidden[:, 0], hidden[0, 0], head[0] = 0, 0, -size, 0
    for name, value in {"table": table, "hidden": hidden, "head": head}.items():
        weights[name].CopyFrom(numpy_helper.from_array(value, name))
    return model


def rows_to_learn(role: str, count: int) -> list[dict]:
    """Most words of a row tell its class."""
    random = np.random.default_rng(len(role))
    rows = make_rows(role, count)
    for row in rows:
        own = LABELS.index(row["label"])
        told = [
            3 * random.integers(19) + (own if random.random() < 0.5 else random.integers(3))
            for _ in range(12)
        ]
        row["text"] = " ".join(f"w{word}" for word in told)
    if role == "calibration":
        rows[-1]["text"] = f"w59 {rows[-1]['text']}"
    return rows


def test_a_network_with_a_rare_large_value_learns_within_ranges_that_clip_it(job, training, tmp_path):
    onnx.save(with_a_rare_value(classifier(), 5000), training["model"])
    counts = {"calibration": 90, "selection": 120, "train": 300}
    job["roles"] = {
        role: str(write_rows(tmp_path / f"{role}.jsonl", rows_to_learn(role, count)))
        for role, count in counts.items()
    }
    for role, file in prepare.run(job, Recorder())["roles"].items():
        training[f"{role}Data"] = file["path"]

    def learned(recipe: dict, name: str) -> tuple[float, float]:
        """Accuracy before training, and of what is exported."""
        task = {**training, "recipe": recipe, "checkpointFolder": str(tmp_path / name)}
        trained = train.run(task, Recorder())
        made = quantize.run({**task, "model": trained["path"]}, Recorder())["path"]
        session = onnxruntime.InferenceSession(made, providers=["CPUExecutionProvider"])
        right = [
            session.run(None, {name: value.numpy() for name, value in feed.items()})[0].argmax(-1)
            == labels.numpy()
            for feed, labels in Rows(Path(task["selectionData"]), onnx.load(training["model"])).batches(64)
        ]
        return trained["curve"][0]["accuracy"], float(np.concatenate(right).mean())

    clipped = calibrated_by("percentile", distillation=0)
    clipped["calibration"]["rows"] = 90
    before, exported = learned(clipped, "clipped")
    assert exported > before + 0.3
    whole = {**clipped, "calibration": {**clipped["calibration"], "method": "minmax"}}
    assert exported > learned(whole, "whole")[1] + 0.3
