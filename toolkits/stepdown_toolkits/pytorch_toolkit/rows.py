"""Prepared rows as tensors."""

from pathlib import Path

import numpy as np
import onnx
import pyarrow as pa
import torch
from torch import Tensor

from ..onnxruntime_toolkit.model import inputs_of
from .graph import Feed


class Rows:
    """Rows of one role; a batch is padded with zeros to its longest row, which an attention mask hides."""

    def __init__(self, path: Path, model: onnx.ModelProto) -> None:
        with pa.memory_map(str(path)) as source:
            table = pa.ipc.open_file(source).read_all()
        self.count = table.num_rows
        self.labels = torch.tensor(table["label"].to_numpy().astype(np.int64))
        self._columns: dict[str, list[np.ndarray]] = {}
        self._shapes: dict[str, list[int]] = {}
        for value in inputs_of(model):
            tensor = value.type.tensor_type
            kind = onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type)
            shape = [dimension.dim_value for dimension in tensor.shape.dim][1:]
            self._shapes[value.name] = shape if all(size > 0 for size in shape) else []
            self._columns[value.name] = [np.asarray(row, kind) for row in table[value.name].to_pylist()]

    def batch(self, rows: list[int]) -> Feed:
        return {name: self._stacked(name, rows) for name in self._columns}

    def batches(self, size: int) -> list[tuple[Feed, Tensor]]:
        indices = [list(range(start, min(start + size, self.count))) for start in range(0, self.count, size)]
        return [(self.batch(rows), self.labels[rows]) for rows in indices]

    def _stacked(self, name: str, rows: list[int]) -> Tensor:
        values = [self._columns[name][row] for row in rows]
        longest = max(len(value) for value in values)
        padded = np.stack([np.pad(value, (0, longest - len(value))) for value in values])
        return torch.from_numpy(
            padded.reshape(len(rows), *self._shapes[name]) if self._shapes[name] else padded
        )
