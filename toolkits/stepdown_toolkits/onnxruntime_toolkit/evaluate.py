"""Scores a model's answers to prepared rows with a person's own Python."""

import json
from typing import Any

import numpy as np
import pyarrow as pa

from ..protocol import Channel, take
from .evaluator import Evaluator, Outputs


def run(job: dict[str, Any], channel: Channel) -> dict[str, Any]:
    evaluator = Evaluator(take(job, "evaluator", dict))
    outputs = take(job, "outputs", dict)
    content = np.memmap(take(outputs, "path", str), np.uint8, "r")
    tensors = take(outputs, "rows", list)
    start = take(job, "start", int)
    with pa.memory_map(take(job, "data", str)) as file:
        rows = pa.ipc.open_file(file).read_all().select(["id", "row"]).slice(start, len(tensors))
        ids, cells = rows["id"].to_pylist(), rows["row"].to_pylist()
    scores = []
    for number, (row_id, cell, of_row) in enumerate(zip(ids, cells, tensors, strict=True), start=1):
        arrays: Outputs = {tensor["name"]: array_of(content, tensor) for tensor in of_row}
        scores.append(evaluator.score(arrays, json.loads(cell), row_id))
        if number % 100 == 0:
            channel.progress("score", number, len(tensors))
    return {"scores": scores}


def array_of(content: np.ndarray, tensor: dict[str, Any]) -> np.ndarray:
    dtype = np.dtype(tensor["type"])
    count, offset = int(np.prod(tensor["dims"])), tensor["offset"]
    part = content[offset : offset + count * dtype.itemsize]
    return np.frombuffer(part.tobytes(), dtype, count).reshape(tensor["dims"])
