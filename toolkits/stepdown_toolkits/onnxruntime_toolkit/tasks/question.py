"""Extractive question answering: the answer is a part of the context, from a first to a last token."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pyarrow as pa
from tokenizers import Encoding

from ...protocol import BadRequest, problem, take
from ..checks import first_few, normalized
from ..model import FIELD, Model
from ..tables import Row
from ..tables import load as load_rows
from .text import Text

OUTPUTS = ("start_logits", "end_logits")


class QuestionAnswering(Text):
    kinds = ("id", "question", "context", "answers")
    judged_only = ("answers",)
    reserved = ("row", *Text.reserved)

    def __init__(self, job: dict[str, Any]) -> None:
        super().__init__(job)
        self.maximum_tokens = take(job, "maximumAnswerTokens", int)

    def model_problems(self, graph: onnx.ModelProto) -> list[dict[str, Any]]:
        names = [value.name for value in graph.graph.output]
        problems = super().model_problems(graph)
        if not set(OUTPUTS) <= set(names):
            message = f"has the outputs {', '.join(names)}; export it with {' and '.join(OUTPUTS)}"
            problems.append(problem(FIELD, message, ", ".join(names)))
        return problems

    def open(self) -> str:
        digest = super().open()
        self.tokenizer.enable_truncation(self.job["maxLength"], strategy="only_second")
        return digest

    def load(self, role: str, file: Path, model: Model | None) -> tuple[list[Row], list[dict[str, Any]]]:
        column = self.columns["answers"]
        rows, problems = load_rows(role, file, self.wanted(role), raw=[column])
        unfit = []
        for number, row in enumerate(rows, start=1):
            if column not in row:
                continue
            try:
                row[column] = answers_of(row[column])
            except ValueError as error:
                unfit.append(
                    problem(f"data.{role}", f"row {number}: '{column}' {error}", row[self.columns["id"]])
                )
        return ([] if unfit else rows), [*problems, *first_few(f"data.{role}", unfit)]

    def content(self, row: Row) -> str:
        return "\n".join(normalized(row[self.columns[kind]]) for kind in ("question", "context"))

    def encode(self, role: str, rows: list[Row], progress: Any) -> list[Encoding]:
        texts = [(row[self.columns["question"]], row[self.columns["context"]]) for row in rows]
        try:
            return self.tokenized(role, texts, progress)
        except BadRequest:
            raise
        except Exception as error:  # the library raises plain Exception for a question that fills the row
            too_long = self.without_room(role, rows)
            if not too_long:
                raise
            raise BadRequest(*first_few(f"data.{role}", too_long)) from error

    def without_room(self, role: str, rows: list[Row]) -> list[dict[str, Any]]:
        found = []
        for number, row in enumerate(rows, start=1):
            question, context = row[self.columns["question"]], row[self.columns["context"]]
            try:
                self.tokenizer.encode(question, context)
            except Exception:  # as above
                row_id, room = row[self.columns["id"]], self.job["maxLength"]
                message = (
                    f"row {number} of {self.job['roles'][role]}: the question leaves its context no room within "
                    f"{room} tokens; raise model.maxLength, shorten the question or leave the row out"
                )
                found.append(problem(f"data.{role}", message, row_id))
        return found

    def data_problems(self, by_role: dict[str, list[Row]], *, complete: bool) -> list[dict[str, Any]]:
        """An answer that is no part of its context can never be given."""
        context, answers = self.columns["context"], self.columns["answers"]
        found = []
        for role, rows in by_role.items():
            strays = [
                problem(
                    f"data.{role}",
                    f"row {number}: no answer stands in the context; correct the row or leave it out",
                    row[self.columns["id"]],
                )
                for number, row in enumerate(rows, start=1)
                if answers in row and not any(answer in row[context] for answer in row[answers])
            ]
            found += first_few(f"data.{role}", strays)
        return found

    def answer_problem(self, outputs: dict[str, np.ndarray]) -> str | None:
        shapes = {name: list(outputs[name].shape) for name in OUTPUTS}
        lengths = {tuple(shape) for shape in shapes.values()}
        if len(lengths) == 1 and all(len(shape) == 2 and shape[0] == 1 for shape in lengths):
            return None
        return f"with the shapes {shapes}, not [1, tokens] for both"

    def truth(self, rows: list[Row], encoded: list[Encoding]) -> dict[str, pa.Array]:
        if self.columns["answers"] not in rows[0]:
            return {}
        cells = [
            {
                "context": row[self.columns["context"]],
                "spans": spans_of(tokens),
                "answers": row[self.columns["answers"]],
            }
            for row, tokens in zip(rows, encoded, strict=True)
        ]
        return {"row": pa.array([json.dumps(cell).encode() for cell in cells], pa.binary())}

    def facts(self, rows: list[Row], encoded: list[Encoding]) -> dict[str, Any]:
        reading = {"kind": "span", "maximumAnswerTokens": self.maximum_tokens}
        return {**super().facts(rows, encoded), "reading": reading}


def answers_of(cell: Any) -> list[str]:
    """A text, a list of them, or SQuAD's object with `text`."""
    if isinstance(cell, str) and cell.lstrip().startswith("["):
        with suppress(ValueError):  # a text may begin so too
            cell = json.loads(cell)  # as a .csv has a list
    texts = cell.get("text") if isinstance(cell, dict) else cell
    texts = [texts] if isinstance(texts, str) else texts
    if not isinstance(texts, list) or not all(isinstance(text, str) and text.strip() for text in texts):
        raise ValueError(f"is {str(cell)[:40]!r}; give a text, or a list of texts")
    if not texts:
        raise ValueError("has no text; leave out questions without an answer")
    return texts


def spans_of(tokens: Encoding) -> list[list[int] | None]:
    """Where each token lies in the context; null in the question and for what the tokenizer adds."""
    return [
        list(offsets) if sequence == 1 and offsets[0] < offsets[1] else None
        for sequence, offsets in zip(tokens.sequence_ids, tokens.offsets, strict=True)
    ]
