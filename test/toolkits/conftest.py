"""A tiny text classifier with its tokenizer and data, and two ways to call the toolkit."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

TOOLKITS = Path(__file__).parents[2] / "toolkits"
sys.path.insert(0, str(TOOLKITS))

WORDS = [f"w{number}" for number in range(60)]
LABELS = ["earn", "acq", "trade"]
WIDTH = 32
LENGTH = 24


class Recorder:
    """Stands in for the process's channel where a verb is called directly."""

    def __init__(self) -> None:
        self.stages: list[tuple[str, int, int]] = []

    def progress(self, stage: str, done: int, total: int, **_: Any) -> None:
        self.stages.append((stage, done, total))


def classifier(
    inputs: tuple[str, ...] = ("input_ids", "attention_mask"),
    kind: int = TensorProto.INT64,
    positions: int | None = None,
    scale: float = 1.0,
) -> onnx.ModelProto:
    """Embedding, a hidden layer on every token, masked mean, head; `positions` limits the length it can take."""
    random = np.random.default_rng(7)
    weights = {
        "table": random.normal(size=(len(WORDS) + 4, WIDTH)) * scale,
        "hidden": random.normal(size=(WIDTH, 64)) / 6 * scale,
        "head": random.normal(size=(64, len(LABELS))) / 8,
    }
    nodes = [
        helper.make_node("Gather", ["table", "ids64"], ["embedded"], "/embed"),
        helper.make_node("MatMul", ["embedded", "hidden"], ["mixed"], "/hidden"),
        helper.make_node("Relu", ["mixed"], ["active"], "/relu"),
        helper.make_node("Cast", ["mask"], ["mask_float"], "/cast", to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["mask_float", "last"], ["mask_wide"], "/unsqueeze"),
        helper.make_node("Mul", ["active", "mask_wide"], ["kept"], "/keep"),
        helper.make_node("ReduceMean", ["kept"], ["pooled"], "/pool", axes=[1], keepdims=0),
        helper.make_node("MatMul", ["pooled", "head"], ["logits"], "/head"),
    ]
    first = [helper.make_node("Cast", [inputs[0]], ["ids64"], "/ids", to=TensorProto.INT64)]
    first += [helper.make_node("Cast", [inputs[-1]], ["mask"], "/mask", to=TensorProto.INT64)]
    initializers = [
        numpy_helper.from_array(value.astype(np.float32), name) for name, value in weights.items()
    ]
    initializers.append(numpy_helper.from_array(np.array([-1]), "last"))
    if positions is not None:
        table = np.zeros((1, positions, WIDTH), np.float32)
        initializers.append(numpy_helper.from_array(table, "positions"))
        nodes[1] = helper.make_node("Add", ["embedded", "positions"], ["placed"], "/place")
        nodes.insert(2, helper.make_node("MatMul", ["placed", "hidden"], ["mixed"], "/hidden"))
    graph = helper.make_graph(
        first + nodes,
        "classifier",
        [helper.make_tensor_value_info(name, kind, ["batch", "length"]) for name in inputs],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", len(LABELS)])],
        initializers,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def word_tokenizer() -> Tokenizer:
    vocabulary = {word: index for index, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return tokenizer


def make_rows(role: str, count: int) -> list[dict[str, Any]]:
    random = np.random.default_rng(sum(role.encode()))
    return [
        {
            "id": f"{role}-{number}",
            "text": " ".join([role, *random.choice(WORDS, size=1 + number % 30)]),
            "label": LABELS[number % len(LABELS)],
            "desk": "news" if number % 2 else "markets",
        }
        for number in range(count)
    ]


def write_rows(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def job(tmp_path: Path) -> dict[str, Any]:
    """A job for `prepare` that succeeds."""
    onnx.save(classifier(), tmp_path / "model.onnx")
    word_tokenizer().save(str(tmp_path / "tokenizer.json"))
    (tmp_path / "out").mkdir()
    roles = {"calibration": 90, "selection": 40}
    return {
        "model": {"path": str(tmp_path / "model.onnx")},
        "tokenizer": str(tmp_path / "tokenizer.json"),
        "maxLength": LENGTH,
        "labels": LABELS,
        "columns": {"id": "id", "text": "text", "label": "label"},
        "roles": {
            role: str(write_rows(tmp_path / f"{role}.jsonl", make_rows(role, count)))
            for role, count in roles.items()
        },
        "slices": [{"name": "desk", "column": "desk"}, {"name": "length", "tokens": [8, 16]}],
        "outputFolder": str(tmp_path / "out"),
    }


RECIPE = {
    "toolkit": "pytorch",
    "scheme": "int8-qat",
    "calibration": {"role": "calibration", "rows": 60, "method": "minmax"},
    "training": {"steps": 60, "batch": 16, "learningRate": 0.01, "evaluations": 6, "patience": 6},
}


@pytest.fixture
def training(job, tmp_path):
    """A job for `train`: the tiny classifier knows nothing yet."""
    job["roles"]["train"] = str(write_rows(tmp_path / "train.jsonl", make_rows("train", 96)))
    from stepdown_toolkits.onnxruntime_toolkit import prepare  # found by the path set above

    roles = prepare.run(job, Recorder())["roles"]
    return {
        "model": job["model"]["path"],
        "recipe": RECIPE,
        "trainData": roles["train"]["path"],
        "selectionData": roles["selection"]["path"],
        "calibrationData": roles["calibration"]["path"],
        "checkpointFolder": str(tmp_path / "checkpoints"),
        "outputFolder": str(tmp_path / "out"),
    }


def start(
    verb: str,
    *,
    path: list[Path] | None = None,
    seed: str = "0",
    toolkit: str = "onnxruntime",
    python: str = sys.executable,
) -> subprocess.Popen:
    """The toolkit as an activity starts it, with folders that come first on its import path."""
    imports = os.pathsep.join(map(str, [*(path or []), TOOLKITS]))
    return subprocess.Popen(
        [python, "-m", "stepdown_toolkits", toolkit, verb],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": imports, "PYTHONHASHSEED": seed},
    )


def python_of(environment: str) -> Path:
    return Path(__file__).parents[2] / f".tools/{environment}/bin/python"


def needs(environment: str) -> pytest.MarkDecorator:
    """For tests of a toolkit whose environment is made when first needed."""
    reason = f"the environment is not installed: npm run setup -- --environment {environment}"
    return pytest.mark.skipif(not python_of(environment).exists(), reason=reason)


def quantized(job: dict[str, Any], recipe: dict[str, Any], output: Path) -> dict[str, Any]:
    """What a toolkit with an environment of its own makes of the tiny model; `output` holds the candidate alone."""
    from stepdown_toolkits.onnxruntime_toolkit import prepare

    output.mkdir()
    quantize = {
        "model": job["model"]["path"],
        "recipe": recipe,
        "calibrationData": prepare.run(job, Recorder())["roles"]["calibration"]["path"],
        "outputFolder": str(output),
    }
    toolkit = recipe["toolkit"]
    options = {"toolkit": toolkit, "python": str(python_of(toolkit)), "timeout": 240}  # imports are slow
    code, lines, stderr = call("quantize", json.dumps(quantize), **options)
    assert code == 0, lines[-1:] + [stderr]
    assert list(output.iterdir()) == [output / "candidate.onnx"]
    return lines[-1]


def call(verb: str, stdin: str, timeout: float = 60, **options: Any) -> tuple[int, list[dict[str, Any]], str]:
    """Exit code, the lines of stdout, and stderr."""
    process = start(verb, **options)
    stdout, stderr = process.communicate(stdin, timeout=timeout)
    return process.returncode, [json.loads(line) for line in stdout.splitlines()], stderr
