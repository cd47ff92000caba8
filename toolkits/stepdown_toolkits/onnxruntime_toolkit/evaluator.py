"""A person's own Python that scores what a model answers to a row."""

import importlib
import math
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ..protocol import BadRequest, problem, take

FIELD = "quality.evaluator.entryPoint"
Outputs = dict[str, np.ndarray]


class Evaluator:
    """`module:function` in a folder; every fault of it names the row and the line."""

    def __init__(self, job: dict[str, Any]) -> None:
        self.folder = Path(take(job, "folder", str, "quality.evaluator.folder")).absolute()
        self.name = take(job, "entryPoint", str, FIELD)
        module, _, function = self.name.partition(":")
        sys.path.insert(0, str(self.folder))
        sys.dont_write_bytecode = True  # the folder is the person's
        self.function: Callable[[Outputs, dict[str, Any]], Any] = self.guarded(
            "cannot be loaded", lambda: getattr(importlib.import_module(module), function)
        )
        if not callable(self.function):
            raise BadRequest(problem(FIELD, "is no function; name one that takes outputs and row", self.name))

    def score(self, outputs: Outputs, row: dict[str, Any], row_id: str) -> float:
        """0 to 1; the function gets arrays and a row of its own, to do with as it likes."""
        given = {name: array.copy() for name, array in outputs.items()}
        found = self.guarded(f"fails on row '{row_id}'", lambda: self.function(given, dict(row)))
        score = found.item() if isinstance(found, np.generic | np.ndarray) and found.size == 1 else found
        if not isinstance(score, int | float) or not math.isfinite(score) or not 0 <= score <= 1:
            message = f"gives {found!r} for row '{row_id}'; return one number from 0 to 1"
            raise BadRequest(problem(FIELD, message, self.name))
        return float(score)

    def guarded(self, what: str, step: Callable[[], Any]) -> Any:
        try:
            return step()
        except (Exception, SystemExit) as error:
            raise BadRequest(problem(FIELD, f"{what}: {described(error, self.folder)}", self.name)) from error


def described(error: BaseException, folder: Path) -> str:
    """With the last line of the person's own files that led to it."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(frame.filename).is_relative_to(folder)]
    where = f" ({Path(own[-1].filename).relative_to(folder)}, line {own[-1].lineno})" if own else ""
    return f"{type(error).__name__}: {error}{where}"
