"""ModelOpt on a tiny model, where its environment is installed, and the engine with a stand-in for trtexec."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from conftest import TOOLKITS, call, classifier, needs, python_of, quantized

from stepdown_toolkits.tensorrt_toolkit import engine
from stepdown_toolkits.tensorrt_toolkit.rows import Rows, fullest

ROW = {"input_ids": np.ones(12, np.int64), "attention_mask": np.ones(12, np.int64)}
BUILT_10 = "--stronglyTyped --useSpinWait --useCudaGraph --noDataTransfers"


def recipe(scheme: str, method: str, **more) -> dict:
    calibration = {"role": "calibration", "rows": 40, "method": method}
    return {"toolkit": "tensorrt", "scheme": scheme, "calibration": calibration, **more}


@needs("tensorrt")
@pytest.mark.parametrize(
    ("method", "exclude", "kind"),
    [
        ("minmax", [], onnx.TensorProto.INT8),
        ("entropy", [], onnx.TensorProto.INT8),
        ("minmax", ["/hidden"], onnx.TensorProto.FLOAT),
    ],
)
def test_int8_weights_take_a_byte_unless_they_are_excluded_or_too_small(
    job: dict, tmp_path: Path, method: str, exclude: list[str], kind: int
):
    made = quantized(job, recipe("int8-static", method, exclude=exclude), tmp_path / "candidate")
    kinds = {tensor.name: tensor.data_type for tensor in onnx.load(made["path"]).graph.initializer}
    assert kinds["hidden"] == kind
    assert kinds["head"] == onnx.TensorProto.FLOAT  # three classes are not worth a tensor core
    assert made["coverage"]["kept"] == len(exclude)
    assert made["toolkitVersions"]["nvidia-modelopt"]
    assert made["engine"]["state"] in ("unavailable", "built")


@needs("tensorrt")
@pytest.mark.parametrize("method", ["awq-clip", "awq-lite"])
def test_int4_weights_take_half_a_byte(job: dict, tmp_path: Path, method: str):
    made = quantized(job, recipe("int4-weight", method, options={"blockSize": 32}), tmp_path / "candidate")
    kinds = {tensor.data_type for tensor in onnx.load(made["path"]).graph.initializer}
    assert onnx.TensorProto.INT4 in kinds
    assert made["coverage"]["operators"]["MatMulNBits"] >= 1


@needs("tensorrt")
def test_products_with_transposed_weights_stay_in_float(job: dict, tmp_path: Path):
    """In INT4; ModelOpt would cut those weights into blocks along the wrong axis."""
    onnx.save(with_transposed(classifier()), job["model"]["path"])
    made = quantized(
        job, recipe("int4-weight", "awq-clip", options={"blockSize": 32}), tmp_path / "candidate"
    )
    kinds = {tensor.name: tensor.data_type for tensor in onnx.load(made["path"]).graph.initializer}
    assert kinds["wide"] == onnx.TensorProto.FLOAT
    assert onnx.TensorProto.INT4 in kinds.values()
    assert made["coverage"]["operators"]["MatMulNBits"] >= 1


def with_transposed(model: onnx.ModelProto) -> onnx.ModelProto:
    """A layer more before the head, as PyTorch exports a linear one on a matrix."""
    random, graph = np.random.default_rng(8), model.graph
    weights = {"wide": random.normal(size=(96, 64)) / 8, "head": random.normal(size=(96, 3)) / 10}
    kept = [tensor for tensor in graph.initializer if tensor.name not in weights]
    made = [onnx.numpy_helper.from_array(value.astype(np.float32), name) for name, value in weights.items()]
    del graph.initializer[:]
    graph.initializer.extend([*kept, *made])
    wide = onnx.helper.make_node("Gemm", ["pooled", "wide"], ["widened"], "/wide", transB=1)
    graph.node.insert(len(graph.node) - 1, wide)
    graph.node[-1].input[0] = "widened"
    return model


@needs("tensorrt")
def test_autocast_takes_the_range_of_the_rows(job: dict, tmp_path: Path):
    made = quantized(job, recipe("fp16", "minmax"), tmp_path / "candidate")
    graph = onnx.load(made["path"]).graph
    assert onnx.TensorProto.FLOAT16 in {tensor.data_type for tensor in graph.initializer}
    assert graph.output[0].type.tensor_type.elem_type == onnx.TensorProto.FLOAT


REFUSES_RANGES = """
import sys
from pathlib import Path
import numpy as np
from stepdown_toolkits.onnxruntime_toolkit.making import Making
from stepdown_toolkits.tensorrt_toolkit import quantize

real = quantize.convert_to_mixed_precision

def refuses_ranges(*arguments, calibration_data=None, **options):
    if calibration_data is not None:
        raise RuntimeError("Failed to find node output producing output: /Range_output_0.")
    return real(*arguments, **options)

quantize.convert_to_mixed_precision = refuses_ranges
row = {name: np.ones(12, np.int64) for name in ("input_ids", "attention_mask")}
source, target = map(Path, sys.argv[1:])
quantize.fp16(Making(source, target, {"scheme": "fp16"}, target.parent, [row], print))
"""


@needs("tensorrt")
def test_autocast_goes_by_weights_where_the_graph_cannot_be_run_with_every_output(tmp_path: Path):
    """ONNX Runtime says so of graphs whose embeddings it fuses; ModelOpt itself is the real one."""
    onnx.save(classifier(), tmp_path / "model.onnx")
    paths = [tmp_path / "model.onnx", tmp_path / "candidate.onnx"]
    done = subprocess.run(
        [python_of("tensorrt"), "-c", REFUSES_RANGES, *paths],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(TOOLKITS)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "the ranges of activations are not looked at: Failed to find node output" in done.stdout
    kinds = {tensor.data_type for tensor in onnx.load(paths[1]).graph.initializer}
    assert onnx.TensorProto.FLOAT16 in kinds


@needs("tensorrt")
def test_what_modelopt_cannot_do_is_said_before_it_begins(job: dict, tmp_path: Path):
    with pytest.raises(AssertionError, match="recipe.calibration.method.*minmax, entropy"):
        quantized(job, recipe("int8-static", "percentile"), tmp_path / "candidate")


def test_without_its_packages_it_says_what_to_install():
    code, lines, _ = call("probe", "{}", toolkit="tensorrt", python=sys.executable)
    assert code == 3
    assert "npm run setup -- --environment tensorrt" in lines[-1]["message"]


def test_the_longest_row_comes_first_alone_and_batches_share_a_length():
    lengths = [3, 9, 5, 3, 9]
    told = []
    rows = Rows([{"ids": np.arange(length)} for length in lengths], lambda *done: told.append(done))
    assert rows.get_first()["ids"].shape == (1, 9)
    shapes = sorted(batch["ids"].shape for batch in rows)
    assert shapes == [(1, 5), (2, 3), (2, 9)] and told[-1] == (5, 5)
    rows.rewind()
    assert rows.get_next() is not None
    assert fullest([{"ids": np.arange(length)} for length in lengths])["ids"].shape == (2, 9)


@pytest.fixture
def candidate(tmp_path: Path) -> Path:
    path = tmp_path / "candidate.onnx"
    onnx.save(classifier(), path)
    return path


def trtexec(folder: Path, monkeypatch, *, version: str, fails: bool = False) -> None:
    """Prints as trtexec does, keeps what it was asked, and leaves times; a GPU is said to be there."""
    times = json.dumps([{"computeMs": value, "latencyMs": 9} for value in (1, 2, 3, 4, 10)])
    build = f"""
for option in "$@"; do case $option in
  --exportTimes=*) echo '{times}' > "${{option#*=}}";;
  --saveEngine=*) echo engine > "${{option#*=}}";;
esac; done"""
    refusal = 'echo "[11/26/2026-10:00:00] [E] ModelImporter.cpp: no importer for Gather" >&2; exit 1'
    script = f"""#!/bin/bash
echo "&&&& RUNNING TensorRT.trtexec [TensorRT v{version}] # trtexec"
[ "$1" = --help ] && exit 0
echo "$@" > {folder}/asked
{refusal if fails else build}
"""
    (folder / "trtexec").write_text(script)
    (folder / "trtexec").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    monkeypatch.setattr(engine, "gpu", lambda: "NVIDIA L4")


@pytest.mark.parametrize(
    ("version", "spelled", "asked"), [("101300", "10.13", True), ("110100", "11.1", False)]
)
def test_asks_each_tensorrt_in_its_own_words(
    candidate: Path, tmp_path: Path, monkeypatch, version: str, spelled: str, asked: bool
):
    trtexec(tmp_path, monkeypatch, version=version)
    built = engine.engine_of(candidate, ROW, tmp_path)
    assert built["state"] == "built" and built["tensorrt"] == spelled and built["gpu"] == "NVIDIA L4"
    assert built["p50Ms"] == 3 and built["queries"] == 5 and built["sizeBytes"] > 0
    command = (tmp_path / "asked").read_text()
    assert "--shapes=input_ids:1x12,attention_mask:1x12" in command
    assert (BUILT_10 in command) == asked
    assert "--fp16" not in command and "--int8" not in command and "--best" not in command


def test_what_tensorrt_refuses_is_said_and_costs_nothing_else(candidate: Path, tmp_path: Path, monkeypatch):
    trtexec(tmp_path, monkeypatch, version="101300", fails=True)
    assert engine.engine_of(candidate, ROW, tmp_path) == {
        "state": "failed",
        "reason": "trtexec: [11/26/2026-10:00:00] [E] ModelImporter.cpp: no importer for Gather",
    }


def test_without_a_gpu_or_trtexec_it_says_so_and_what_to_install(
    candidate: Path, tmp_path: Path, monkeypatch
):
    monkeypatch.setattr(engine, "gpu", lambda: None)
    none = engine.engine_of(candidate, ROW, tmp_path)
    assert none["reason"] == "not available here: no NVIDIA GPU" and "TensorRT 10 or 11" in none["install"]
    monkeypatch.setattr(engine, "gpu", lambda: "NVIDIA L4")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert engine.engine_here()["reason"] == "not available here: no trtexec"
    monkeypatch.undo()
    trtexec(tmp_path, monkeypatch, version="8601")
    assert engine.engine_here()["reason"] == "not available here: trtexec is of TensorRT 8.6"
