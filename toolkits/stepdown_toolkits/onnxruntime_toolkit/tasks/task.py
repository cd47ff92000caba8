"""The interface of a task."""

from abc import ABC, abstractmethod
from collections import Counter
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import onnx
import pyarrow as pa

from ...protocol import BadRequest, problem, take
from ..model import Model
from ..tables import Row
from ..tables import load as load_rows

Feed = dict[str, np.ndarray]
JUDGED = ("selection", "holdout")


class Task(ABC):
    """One job's task. Methods are called in the order in which they stand here."""

    kinds: ClassVar[tuple[str, ...]]
    """Columns that the data must have, by what they hold; the user may name them otherwise."""
    judged_only: ClassVar[tuple[str, ...]] = ()
    """Of these, what answers are held against and nothing else needs: rows of other roles may lack it."""
    reserved: ClassVar[tuple[str, ...]] = ("id", "label")
    """Columns of the prepared data that no slice may hide."""
    has_tokens: ClassVar[bool] = False
    """Whether rows are encoded as tokens, whose frequencies tell how far two roles are apart."""
    advice: ClassVar[str]
    """What to look at where the model fails on a row."""

    def __init__(self, job: dict[str, Any]) -> None:
        given = take(job, "columns", dict)
        self.columns = {kind: take(given, kind, str, f"columns.{kind}") for kind in self.kinds}
        self.slices: list[dict[str, Any]] = job.get("slices", [])
        for index, rule in enumerate(self.slices):
            if rule["name"] in self.reserved:
                message = f"'{rule['name']}' is a column of the prepared data already; rename the slice"
                raise BadRequest(problem(f"slices.{index}.name", message, rule["name"]))
            self.check_slice(index, rule)

    def check_slice(self, index: int, rule: dict[str, Any]) -> None:
        if "tokens" in rule:
            message = "only text has tokens; slice by a column of the data"
            raise BadRequest(problem(f"slices.{index}.tokens", message, rule["tokens"]))

    @abstractmethod
    def model_problems(self, graph: onnx.ModelProto) -> list[dict[str, Any]]:
        """Why the model cannot be served for this task."""

    @abstractmethod
    def open(self) -> str:
        """Opens what rows are turned into tensors with; returns a hash of it."""

    def load(self, role: str, file: Path, model: Model | None) -> tuple[list[Row], list[dict[str, Any]]]:
        return load_rows(role, file, self.wanted(role))

    def columns_of(self, role: str) -> dict[str, str]:
        left_out = () if role in JUDGED else self.judged_only
        return {kind: column for kind, column in self.columns.items() if kind not in left_out}

    def wanted(self, role: str) -> list[str]:
        return [
            *self.columns_of(role).values(),
            *(rule["column"] for rule in self.slices if "column" in rule),
        ]

    def data_problems(self, by_role: dict[str, list[Row]], *, complete: bool) -> list[dict[str, Any]]:
        """What is wrong with the rows, beyond empty cells, doubled ids and rows that two roles share."""
        return []

    @abstractmethod
    def content(self, row: Row) -> str:
        """What makes two rows the same; empty where the row has none."""

    def contents(self, row: Row) -> list[str]:
        """All that no other role may have."""
        content = self.content(row)
        return [content] if content else []

    @abstractmethod
    def encode(self, role: str, rows: list[Row], progress: Any) -> list[Any]:
        """Each row as it is kept until its tensors are written."""

    @abstractmethod
    def probes(self, model: Model, encoded: dict[str, list[Any]]) -> list[tuple[str, Feed]]:
        """Rows most likely to break the model, in words and as tensors of batch 1."""

    @abstractmethod
    def answer_problem(self, outputs: dict[str, np.ndarray]) -> str | None:
        """Why an answer is none for this task, as a sentence about it."""

    def judged(
        self, by_role: dict[str, list[Row]], encoded: dict[str, list[Any]], model: Model
    ) -> list[tuple[Row, Feed]]:
        """Rows whose answers are scored for a rehearsal, where a person's own Python scores them."""
        return []

    def score_problem(self, outputs: dict[str, np.ndarray], row: Row) -> dict[str, Any] | None:
        """Why the answer to such a row cannot be scored."""
        return None

    @abstractmethod
    def inputs(self, model: Model, encoded: list[Any]) -> dict[str, pa.Array]:
        """A list column for each input of the model."""

    def truth(self, rows: list[Row], encoded: list[Any]) -> dict[str, pa.Array]:
        """What the answers are held against."""
        return {}

    def slice_values(self, rule: dict[str, Any], rows: list[Row], encoded: list[Any]) -> list[str]:
        return [row[rule["column"]] for row in rows]

    def facts(self, rows: list[Row], encoded: list[Any]) -> dict[str, Any]:
        """What is told of a role beside its rows."""
        return {"classes": {}}


class Classification(Task):
    """A label from a list, and a logit for each."""

    def __init__(self, job: dict[str, Any]) -> None:
        self.labels: list[str] = take(job, "labels", list)
        super().__init__(job)

    def logit_problems(self, graph: onnx.ModelProto) -> list[dict[str, Any]]:
        logits = graph.graph.output[0]
        shape = logits.type.tensor_type.shape.dim
        width = shape[-1].dim_value if shape else 0  # 0 where the exporter left it open
        classes = len(self.labels)
        if width in (0, classes):
            return []
        message = (
            f"lists {classes} classes, output '{logits.name}' has {width} logits; list one class per logit"
        )
        return [problem("model.labels", message, classes)]

    def data_problems(self, by_role: dict[str, list[Row]], *, complete: bool) -> list[dict[str, Any]]:
        """`complete` is false where a role could not be read: its rows may be those of an empty class."""
        column = self.columns["label"]
        used = {row[column] for rows in by_role.values() for row in rows}
        if not complete or not used <= set(
            self.labels
        ):  # a wrong label would show up as an empty class again
            return []
        return [
            problem(
                "model.labels",
                f"class '{label}' has no row in any role; add rows or take the class out",
                label,
            )
            for label in self.labels
            if label not in used
        ]

    def answer_problem(self, outputs: dict[str, np.ndarray]) -> str | None:
        logits = next(iter(outputs.values()))
        classes = len(self.labels)
        if logits.shape == (1, classes):
            return None
        return f"with the shape {list(logits.shape)}, not [1, {classes}]: a logit per class"

    def truth(self, rows: list[Row], encoded: list[Any]) -> dict[str, pa.Array]:
        index = {label: number for number, label in enumerate(self.labels)}
        return {"label": pa.array([index[row[self.columns["label"]]] for row in rows], pa.int32())}

    def facts(self, rows: list[Row], encoded: list[Any]) -> dict[str, Any]:
        return {"classes": dict(sorted(Counter(row[self.columns["label"]] for row in rows).items()))}
