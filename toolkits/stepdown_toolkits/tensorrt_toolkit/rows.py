"""Calibration rows as ModelOpt wants them."""

from collections.abc import Callable

import numpy as np
from onnxruntime.quantization import CalibrationDataReader

from ..onnxruntime_toolkit.calibration import Feed, batches


class Rows(CalibrationDataReader):
    """
    Batches of equal length. The first that ModelOpt sees is the longest row alone, as it is served: from its shapes it
    tells which products are too small to be worth quantizing.
    """

    def __init__(self, rows: list[Feed], progress: Callable[[int, int], None]) -> None:
        self._rows, self._progress = rows, progress
        self.rewind()

    def get_first(self) -> Feed:
        return {name: values[np.newaxis] for name, values in longest(self._rows).items()}

    def get_next(self) -> Feed | None:
        batch = next(self._batches, None)
        if batch is not None:
            self._done += size_of(batch)
            self._progress(self._done, len(self._rows))
        return batch

    def rewind(self) -> None:
        self._batches, self._done = batches(self._rows), 0


def longest(rows: list[Feed]) -> Feed:
    return max(rows, key=lambda row: next(iter(row.values())).size)


def fullest(rows: list[Feed]) -> Feed:
    """The batch with the most values: for what keeps every activation of all it is given, or takes one length only."""
    return max(batches(rows), key=lambda batch: next(iter(batch.values())).size)


def size_of(batch: Feed) -> int:
    return len(next(iter(batch.values())))
