"""Embeddings of texts: each against FP32's own, or pairs of texts against their similarity as people see it."""

from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pyarrow as pa
from tokenizers import Encoding

from ...protocol import problem, take
from ..checks import first_few, normalized
from ..model import FIELD, Model, inputs_of
from ..tables import Row
from .task import JUDGED
from .text import ATTRIBUTES, Text

RANKS = {"mean": 3, "cls": 3, "none": 2}
"""Axes of the output: a vector for each token of a row, or one for the row."""


class Embeddings(Text):
    kinds = ("id", "text")

    def __init__(self, job: dict[str, Any]) -> None:
        super().__init__(job)
        self.pooling = take(job, "pooling", str)
        self.normalizes = take(job, "normalize", bool)
        self.names: list[str] = []

    def model_problems(self, graph: onnx.ModelProto) -> list[dict[str, Any]]:
        problems = super().model_problems(graph)
        self.names = [value.name for value in inputs_of(graph)]
        ranks = {value.name: len(value.type.tensor_type.shape.dim) for value in graph.graph.output}
        fitting = [name for name, rank in ranks.items() if rank in (RANKS[self.pooling], 0)]  # 0 is not said
        if len(fitting) != 1:
            has = ", ".join(f"{name} with {rank} axes" for name, rank in ranks.items())
            message = (
                f"takes one output with {RANKS[self.pooling]} axes, the model has {has}; "
                "set none where the model gives a text's vector itself, mean or cls where it gives its tokens'"
            )
            problems.append(problem("model.pooling", message, self.pooling))
        if self.pooling == "mean" and "attention_mask" not in self.names:
            message = "has no input attention_mask, by which the mean leaves padding out; export it with one"
            problems.append(problem(FIELD, message, self.pooling))
        return problems

    def answer_problem(self, outputs: dict[str, np.ndarray]) -> str | None:
        fitting = [value for value in outputs.values() if value.ndim == RANKS[self.pooling]]
        if len(fitting) == 1 and fitting[0].shape[0] == 1 and fitting[0].size > 0:
            return None
        shapes = ", ".join(f"{name} {list(value.shape)}" for name, value in outputs.items())
        return f"with {shapes}; pooling {self.pooling} takes one output with {RANKS[self.pooling]} axes"

    def facts(self, rows: list[Row], encoded: list[Any]) -> dict[str, Any]:
        reading = {"kind": "embedding", "pooling": self.pooling, "normalize": self.normalizes}
        return {**super().facts(rows, encoded), "reading": reading}


class Pairs(Embeddings):
    """Other roles have texts alone: one request is one text."""

    kinds = ("id", "text", "second", "similarity")
    judged_only = ("second", "similarity")
    reserved = ("similarity", *(f"second.{name}" for name in ATTRIBUTES), *Embeddings.reserved)

    def __init__(self, job: dict[str, Any]) -> None:
        super().__init__(job)
        self.seconds: dict[str, Encoding] = {}

    def load(self, role: str, file: Path, model: Model | None) -> tuple[list[Row], list[dict[str, Any]]]:
        rows, problems = super().load(role, file, model)
        column = self.columns["similarity"]
        if role not in JUDGED or problems:
            return rows, problems
        unfit = [
            problem(
                f"data.{role}", f"row {number}: '{column}' is {row[column]!r}; give a number", row[column]
            )
            for number, row in enumerate(rows, start=1)
            if row[column].strip() and not is_number(row[column])
        ]
        if not unfit and len({row[column] for row in rows}) == 1:
            unfit = [
                problem(f"data.{role}", f"'{column}' is the same in every row; give others", rows[0][column])
            ]
        return rows, first_few(f"data.{role}", unfit)

    def contents(self, row: Row) -> list[str]:
        """A text belongs to one role, in whatever pairs."""
        kinds = [kind for kind in ("text", "second") if self.columns[kind] in row]
        return [normalized(row[self.columns[kind]]) for kind in kinds]

    def encode(self, role: str, rows: list[Row], progress: Any) -> list[Encoding]:
        if role in JUDGED:
            texts = [row[self.columns["second"]] for row in rows]
            self.seconds |= dict(zip(texts, self.tokenized(role, texts, progress), strict=True))
        return super().encode(role, rows, progress)

    def truth(self, rows: list[Row], encoded: list[Encoding]) -> dict[str, pa.Array]:
        second, similarity = self.columns["second"], self.columns["similarity"]
        if not {second, similarity} <= rows[0].keys():  # a slice may be of one of them
            return {}
        columns = self.token_columns(self.names, [self.seconds[row[second]] for row in rows])
        gold = pa.array([float(row[similarity]) for row in rows], pa.float64())
        return {**{f"second.{name}": column for name, column in columns.items()}, "similarity": gold}


def is_number(text: str) -> bool:
    try:
        return isfinite(float(text))
    except ValueError:
        return False


def embeddings_of(job: dict[str, Any]) -> Embeddings:
    return Pairs(job) if job.get("metric") == "spearman" else Embeddings(job)
