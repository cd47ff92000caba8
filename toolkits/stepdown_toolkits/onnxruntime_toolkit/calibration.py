"""Ranges of activations: a few rows at a time, so that memory stays bounded whatever the method."""

from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path

import numpy as np
import pyarrow as pa
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod
from onnxruntime.quantization.calibrate import create_calibrator, save_tensors_data

from ..protocol import BadRequest, problem
from .model import Model

MOST_ROWS = 5000
MOST_TOGETHER = 16
MOST_TOKENS_TOGETHER = 1024  # histograms keep every activation of a batch

Feed = dict[str, np.ndarray]


class One(CalibrationDataReader):
    """One batch; the library's calibrators keep all that a single call reads."""

    def __init__(self, feed: Feed) -> None:
        self._feed: Feed | None = feed

    def get_next(self) -> Feed | None:
        feed, self._feed = self._feed, None
        return feed


def read_rows(path: Path, model: Model, count: int) -> list[Feed]:
    """Evenly spaced over the file, which may be sorted by class; every row keeps its own length and the model's shape."""
    with pa.memory_map(str(path)) as source:
        table = pa.ipc.open_file(source).read_all()
    field = "recipe.calibration.rows"
    if count > MOST_ROWS:
        message = f"more than {MOST_ROWS} rows add time and no accuracy; ask for fewer"
        raise BadRequest(problem(field, message, count))
    if not 0 < count <= table.num_rows:
        message = f"the calibration data has {table.num_rows} rows; ask for that many at most or add rows"
        raise BadRequest(problem(field, message, count))
    chosen = [row * table.num_rows // count for row in range(count)]
    columns = {name: table[name].take(chosen) for name in model.inputs}
    return [
        {
            name: np.asarray(columns[name][row].values, model.types[name]).reshape(model.shapes[name])
            for name in model.inputs
        }
        for row in range(len(chosen))
    ]


def batches(rows: list[Feed]) -> Iterator[Feed]:
    """Rows of equal length together: padding would be calibrated too."""

    def length(row: Feed) -> int:
        return next(iter(row.values())).size

    for tokens, group in groupby(sorted(rows, key=length), key=length):
        of_length = list(group)
        size = max(1, min(MOST_TOGETHER, MOST_TOKENS_TOGETHER // tokens))
        for start in range(0, len(of_length), size):
            part = of_length[start : start + size]
            yield {name: np.stack([row[name] for row in part]) for name in part[0]}


def save_ranges(
    model: Path,
    operators: list[str],
    method: CalibrationMethod,
    rows: list[Feed],
    progress: Callable[[int, int], None],
    scratch: Path,
) -> Path:
    """The file that `quantize_static` takes its ranges from."""
    augmented = scratch / "augmented.onnx"
    calibrator = create_calibrator(model, operators, str(augmented), method)
    done = 0
    for batch in batches(rows):
        calibrator.collect_data(One(batch))
        done += len(next(iter(batch.values())))
        progress(done, len(rows))
    ranges = scratch / "ranges.json"
    save_tensors_data(calibrator.compute_data(), ranges)
    augmented.unlink()
    return ranges
