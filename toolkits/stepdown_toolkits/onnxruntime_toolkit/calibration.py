"""Calibration rows, fed one at a time: memory stays bounded and every row keeps its own length."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
from onnxruntime.quantization import CalibrationDataReader

from ..protocol import BadRequest, problem

MOST_ROWS = 5000


class CalibrationRows(CalibrationDataReader):
    def __init__(
        self, path: Path, inputs: list[str], count: int, progress: Callable[[int, int], None]
    ) -> None:
        with pa.memory_map(str(path)) as source:
            table = pa.ipc.open_file(source).read_all()
        field = "recipe.calibration.rows"
        if count > MOST_ROWS:
            raise BadRequest(
                problem(field, f"more than {MOST_ROWS} rows add time and no accuracy; ask for fewer", count)
            )
        if count > table.num_rows:
            message = f"the calibration data has {table.num_rows} rows; ask for that many at most or add rows"
            raise BadRequest(problem(field, message, count))
        self._rows = [{name: table[name][row].as_py() for name in inputs} for row in range(count)]
        self._progress = progress
        self._next = 0

    def get_next(self) -> dict[str, np.ndarray] | None:
        if self._next >= len(self._rows):
            return None
        row = self._rows[self._next]
        self._next += 1
        self._progress(self._next, len(self._rows))
        return {name: np.asarray([values], dtype=np.int64) for name, values in row.items()}
