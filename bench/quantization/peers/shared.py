"""What every peer is given: one model, rows to calibrate with, rows to judge by, and a margin."""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pyarrow as pa

Feed = dict[str, np.ndarray]


class Job:
    def __init__(
        self,
        model: str,
        calibration: str,
        selection: str,
        margin: float,
        rows: int,
        output: str,
        perTensor: bool = False,
    ) -> None:
        self.model, self.margin, self.output, self.per_tensor = model, margin, output, perTensor
        self.inputs = [entry.name for entry in session_of(model).get_inputs()]
        self.calibration, _ = self.read(calibration, rows)
        self.selection, self.labels = self.read(selection, None)
        self.full_evaluations = 0

    def read(self, path: str, count: int | None) -> tuple[list[Feed], np.ndarray]:
        with pa.memory_map(path) as source:
            table = pa.ipc.open_file(source).read_all()
        table = table.slice(0, count)
        columns = {name: table[name].to_pylist() for name in self.inputs}
        rows = range(table.num_rows)
        feeds = [{name: np.asarray([columns[name][row]], np.int64) for name in self.inputs} for row in rows]
        return feeds, table["label"].to_numpy()

    def accuracy(self, model: Any) -> float:
        """One full evaluation."""
        self.full_evaluations += 1
        session = session_of(model)
        right = [
            int(session.run(None, feed)[0].argmax()) == label
            for feed, label in zip(self.selection, self.labels, strict=True)
        ]
        print(f"evaluation {self.full_evaluations}: {np.mean(right):.4f}", file=sys.stderr, flush=True)
        return float(np.mean(right))


def session_of(model: Any) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    source = model if isinstance(model, (str, bytes)) else model.SerializeToString()
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])


def float_layers(path: str) -> list[str]:
    """Products whose weights are stored as they were."""
    graph = onnx.load(path).graph
    weights = {tensor.name for tensor in graph.initializer if tensor.data_type == onnx.TensorProto.FLOAT}
    return [
        node.name for node in graph.node if node.op_type in ("MatMul", "Gemm") and node.input[1] in weights
    ]


def play(quantize: Callable[[Job], str | None]) -> None:
    """Prints what came of it; a peer that cannot do it says why."""
    job = Job(**json.loads(sys.argv[1]))
    started = time.monotonic()
    try:
        note = quantize(job)
    except Exception as error:  # whatever a peer raises is its result
        note = f"{type(error).__name__}: {str(error).strip().splitlines()[-1] if str(error).strip() else ''}"
    result = {
        "path": job.output if Path(job.output).exists() else None,
        "fullEvaluations": job.full_evaluations,
        "minutes": (time.monotonic() - started) / 60,
        "float": float_layers(job.output) if Path(job.output).exists() else [],
        "note": note,
    }
    print(json.dumps(result))
