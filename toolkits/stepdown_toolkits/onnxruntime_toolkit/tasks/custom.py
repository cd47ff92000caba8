"""Whatever a person's own evaluator can score: rows are texts, or tensors that are ready."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pyarrow as pa

from ...protocol import problem, take
from ..checks import first_few
from ..evaluator import Evaluator
from ..model import FIELD, Model, inputs_of
from ..tables import Row
from ..tables import load as load_rows
from .task import Feed, Task
from .text import Text

REHEARSED = 3  # rows of the selection
KINDS = "iuf"  # of NumPy's types: what a model takes from a file


class Custom(Task):
    """Keeps every row whole for the evaluator."""

    def __init__(self, job: dict[str, Any]) -> None:
        super().__init__(job)
        self.evaluator = Evaluator(take(job, "evaluator", dict, "quality.evaluator"))

    def load(self, role: str, file: Path, model: Model | None) -> tuple[list[Row], list[dict[str, Any]]]:
        return load_rows(role, file, self.wanted(role), whole=True)

    def answer_problem(self, outputs: dict[str, np.ndarray]) -> str | None:
        return None  # the evaluator knows, and is asked with the rows

    def judged(self, by_role: dict[str, list[Row]], encoded: dict[str, list[Any]], model: Model) -> list:
        role = "selection" if "selection" in by_role else next(iter(by_role))
        rows = by_role[role][:REHEARSED]
        tensors = self.inputs(model, encoded[role][:REHEARSED])
        return [
            (row, {name: self.feed(model, name, column[number]) for name, column in tensors.items()})
            for number, row in enumerate(rows)
        ]

    def feed(self, model: Model, name: str, cell: pa.Scalar) -> np.ndarray:
        return np.asarray(cell.as_py(), model.types[name]).reshape(1, *filled(model.shapes[name], len(cell)))

    def score_problem(self, outputs: dict[str, np.ndarray], row: Row) -> dict[str, Any] | None:
        row_id = row[self.columns["id"]]
        first, again = (self.evaluator.score(outputs, self.given(row), row_id) for _ in range(2))
        if first == again:
            return None
        message = f"gives {first} and then {again} for row '{row_id}'; it must give the same, so seed what is random"
        return problem("quality.evaluator.entryPoint", message, self.evaluator.name)

    def truth(self, rows: list[Row], encoded: list[Any]) -> dict[str, pa.Array]:
        return {"row": pa.array([json.dumps(self.given(row)).encode() for row in rows], pa.binary())}

    def given(self, row: Row) -> Row:
        return row

    def cell_problems(self, role: str, rows: list[Row]) -> list[dict[str, Any]]:
        """Cells that the evaluator could not be given."""
        found = []
        for number, row in enumerate(rows, start=1):
            try:
                json.dumps(self.given(row))
            except TypeError as error:
                message = f"row {number}: {error}; keep texts, numbers and lists of them in the file"
                found.append(problem(f"data.{role}", message, row[self.columns["id"]]))
        return first_few(f"data.{role}", found)

    def data_problems(self, by_role: dict[str, list[Row]], *, complete: bool) -> list[dict[str, Any]]:
        return [found for role, rows in by_role.items() for found in self.cell_problems(role, rows)]


class CustomText(Custom, Text):
    kinds = ("id", "text")
    reserved = ("row", *Text.reserved)


@dataclass
class Tensors:
    """Of one row, by the model's inputs, flat."""

    arrays: dict[str, np.ndarray]


class CustomTensors(Custom):
    """A column for each input of the model: numbers, or lists of them, nested or not."""

    kinds = ("id",)
    reserved = ("id", "label", "row")
    advice = "check that the columns hold what this model takes"

    def __init__(self, job: dict[str, Any]) -> None:
        super().__init__(job)
        self.names: list[str] = []

    def model_problems(self, graph: onnx.ModelProto) -> list[dict[str, Any]]:
        self.names = [value.name for value in inputs_of(graph)]
        problems = []
        taken = {*self.reserved, *(rule["name"] for rule in self.slices)}
        for value in inputs_of(graph):
            shape = value.type.tensor_type.shape.dim
            if value.name in taken:
                message = "has the name of another column of the prepared data; rename the input or the slice"
            elif sum(dimension.dim_value <= 0 for dimension in shape[1:]) > 1:
                message = "leaves more than the batch and one size open; export it with fixed sizes"
            else:
                continue
            problems.append(problem(FIELD, f"input '{value.name}': {message}", value.name))
        return problems

    def open(self) -> str:
        return hashlib.sha256(b"tensors").hexdigest()

    def wanted(self, role: str) -> list[str]:
        return [*super().wanted(role), *self.names]

    def load(self, role: str, file: Path, model: Model | None) -> tuple[list[Row], list[dict[str, Any]]]:
        rows, problems = load_rows(role, file, self.wanted(role), whole=True, raw=self.names)
        if problems or model is None:
            return rows, problems
        for number, row in enumerate(rows, start=1):
            for name in self.names:
                found = tensor_problem(row[name], model.shapes[name], model.types[name])
                if found:
                    problems.append(problem(f"data.{role}", f"row {number}: '{name}' {found}", name))
        return rows, first_few(f"data.{role}", problems)

    def given(self, row: Row) -> Row:
        """Without the tensors, which may be large; what the evaluator needs of them is better a column of its own."""
        return {name: cell for name, cell in row.items() if name not in self.names}

    def content(self, row: Row) -> str:
        return json.dumps([row[name] for name in self.names], default=str)

    def encode(self, role: str, rows: list[Row], progress: Any) -> list[Tensors]:
        progress(role, len(rows), len(rows))
        return [Tensors({name: np.asarray(row[name]).reshape(-1) for name in self.names}) for row in rows]

    def probes(self, model: Model, encoded: dict[str, list[Tensors]]) -> list[tuple[str, Feed]]:
        """The longest row."""
        rows = [row for of_role in encoded.values() for row in of_role]
        longest = max(rows, key=lambda row: sum(array.size for array in row.arrays.values()))
        feed = {
            name: array.astype(model.types[name]).reshape(1, *filled(model.shapes[name], array.size))
            for name, array in longest.arrays.items()
        }
        return [("the row with most numbers", feed)]

    def inputs(self, model: Model, encoded: list[Tensors]) -> dict[str, pa.Array]:
        return {
            name: pa.array(
                [row.arrays[name].astype(model.types[name]) for row in encoded],
                pa.list_(pa.from_numpy_dtype(model.types[name])),
            )
            for name in self.names
        }


def filled(shape: tuple[int, ...], size: int) -> tuple[int, ...]:
    """The one open size as what is left for it."""
    known = int(np.prod([length for length in shape if length > 0]))
    return tuple(length if length > 0 else size // max(known, 1) for length in shape)


def tensor_problem(cell: Any, shape: tuple[int, ...], dtype: np.dtype) -> str | None:
    try:
        array = np.asarray(cell)
    except ValueError:
        return "is ragged; give lists of one length"
    if array.dtype.kind not in KINDS:
        return f"is {str(cell)[:40]!r}; give numbers"
    if not np.isfinite(array.astype(np.float64)).all():
        return "has NaN or infinity; give numbers"
    if dtype.kind != "f" and array.dtype.kind == "f":
        return f"has fractions, and the model takes {dtype}"
    if int(np.prod(filled(shape, array.size))) != array.size or array.size == 0:
        wanted = [length if length > 0 else "any" for length in shape]
        return f"has {array.size} numbers, and the model takes {wanted}"
    return None


def task_of(job: dict[str, Any]) -> Custom:
    return CustomText(job) if job.get("tokenizer") else CustomTensors(job)
