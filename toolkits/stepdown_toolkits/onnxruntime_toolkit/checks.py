"""What can be wrong with the user's rows; all of it is found before anything is written."""

from __future__ import annotations

import hashlib
import unicodedata
from itertools import combinations
from typing import TYPE_CHECKING, Any

from ..protocol import problem
from .tables import Row

if TYPE_CHECKING:
    from .tasks.task import Task

PROBLEMS_SHOWN = 5  # of one kind in one role


def data_problems(by_role: dict[str, list[Row]], task: Task, *, complete: bool) -> list[dict[str, Any]]:
    problems = [found for role, rows in by_role.items() for found in row_problems(role, rows, task)]
    if not problems:
        problems += task.data_problems(by_role, complete=complete)
    return problems + overlap_problems(by_role, task)


def row_problems(role: str, rows: list[Row], task: Task) -> list[dict[str, Any]]:
    field, columns = f"data.{role}", task.columns_of(role)
    labels = getattr(task, "labels", None)
    known = set(labels or [])
    seen: set[str] = set()
    empty, unknown, twice = [], [], []
    for number, row in enumerate(rows, start=1):
        empty += [
            problem(field, f"row {number}: '{column}' is empty; fill it in or leave the row out")
            for column in columns.values()
            if not str(row[column]).strip()
        ]
        label, row_id = row[columns["label"]] if labels else "", row[columns["id"]]
        if label.strip() and label not in known:
            message = f"row {number}: label '{label}' is not in model.labels; correct it or add the class"
            unknown.append(problem(field, message, label))
        if row_id in seen:
            message = f"row {number}: id '{row_id}' stands there twice; ids must be unique in a file"
            twice.append(problem(field, message, row_id))
        if row_id.strip():
            seen.add(row_id)
    return [shown for kind in (empty, unknown, twice) for shown in first_few(field, kind)]


def first_few(field: str, problems: list[dict[str, Any]]) -> list[dict[str, Any]]:
    more = len(problems) - PROBLEMS_SHOWN
    rest = [problem(field, f"and {more} more rows like these")] if more > 0 else []
    return problems[:PROBLEMS_SHOWN] + rest


def normalized(text: str) -> str:
    """Case, spaces and forms of a character make no other row: a model was tuned on it all the same."""
    return " ".join(unicodedata.normalize("NFKC", text).lower().split())


def overlap_problems(by_role: dict[str, list[Row]], task: Task) -> list[dict[str, Any]]:
    hashes = {
        role: {hashlib.sha256(text.encode()).hexdigest(): row[task.columns["id"]] for text, row in contents}
        for role, rows in by_role.items()
        if (contents := [(text, row) for row in rows for text in task.contents(row)])
    }
    problems = []
    for first, second in combinations(sorted(hashes), 2):
        shared = list(
            dict.fromkeys(row_id for digest, row_id in hashes[second].items() if digest in hashes[first])
        )
        if not shared:
            continue
        examples = ", ".join(shared[:3])
        message = (
            f"shares {len(shared)} rows with data.{first}, such as {examples}; a row belongs to one role"
        )
        problems.append(problem(f"data.{second}", message, len(shared)))
    return problems
