"""What can be wrong with the user's rows; all of it is found before anything is written."""

import hashlib
import unicodedata
from itertools import combinations
from typing import Any

from ..protocol import problem
from .tables import Row

PROBLEMS_SHOWN = 5  # of one kind in one role


def data_problems(
    by_role: dict[str, list[Row]], columns: dict[str, str], labels: list[str], *, complete: bool
) -> list[dict[str, Any]]:
    """`complete` is false where a role could not be read: its rows may be those of an empty class."""
    problems = [
        found for role, rows in by_role.items() for found in row_problems(role, rows, columns, labels)
    ]
    if complete and not problems:  # a wrong label would show up as an empty class again
        problems += class_problems(by_role, columns, labels)
    return problems + overlap_problems(by_role, columns)


def row_problems(
    role: str, rows: list[Row], columns: dict[str, str], labels: list[str]
) -> list[dict[str, Any]]:
    field, known = f"data.{role}", set(labels)
    seen: set[str] = set()
    empty, unknown, twice = [], [], []
    for number, row in enumerate(rows, start=1):
        empty += [
            problem(field, f"row {number}: '{column}' is empty; fill it in or leave the row out")
            for column in columns.values()
            if not row[column].strip()
        ]
        label, row_id = row[columns["label"]], row[columns["id"]]
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


def class_problems(
    by_role: dict[str, list[Row]], columns: dict[str, str], labels: list[str]
) -> list[dict[str, Any]]:
    used = {row[columns["label"]] for rows in by_role.values() for row in rows}
    return [
        problem(
            "model.labels", f"class '{label}' has no row in any role; add rows or take the class out", label
        )
        for label in labels
        if label not in used
    ]


def row_hash(text: str) -> str:
    """Case, spaces and forms of a character make no other row: a model was tuned on it all the same."""
    return hashlib.sha256(" ".join(unicodedata.normalize("NFKC", text).lower().split()).encode()).hexdigest()


def overlap_problems(by_role: dict[str, list[Row]], columns: dict[str, str]) -> list[dict[str, Any]]:
    text, row_id = columns["text"], columns["id"]
    hashes = {
        role: [row_hash(row[text]) for row in rows if row[text].strip()] for role, rows in by_role.items()
    }
    problems = []
    for first, second in combinations(sorted(by_role), 2):
        shared = set(hashes[first]) & set(hashes[second])
        if not shared:
            continue
        ids = [row[row_id] for row in by_role[second] if row_hash(row[text]) in shared]
        examples = ", ".join(ids[:3])
        message = (
            f"shares {len(shared)} rows with data.{first}, such as {examples}; a row belongs to one role"
        )
        problems.append(problem(f"data.{second}", message, len(shared)))
    return problems
