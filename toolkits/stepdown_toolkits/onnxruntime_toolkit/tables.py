"""Reads the user's data files, whatever their format, as rows of text cells."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet

from ..protocol import problem

Row = dict[str, Any]
FORMATS = ".jsonl, .csv, .tsv or .parquet"


def read_rows(path: Path) -> Iterator[Row]:
    if path.suffix == ".jsonl":
        with path.open(encoding="utf-8") as file:
            yield from (json.loads(line) for line in file if line.strip())
    elif path.suffix in (".csv", ".tsv"):
        with path.open(encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file, delimiter="\t" if path.suffix == ".tsv" else ",")
    elif path.suffix == ".parquet":
        yield from pyarrow.parquet.read_table(path).to_pylist()
    else:
        raise ValueError(f"the format {path.suffix!r} is not known; convert it to {FORMATS}")


def load(role: str, path: Path, wanted: list[str]) -> tuple[list[Row], list[dict[str, Any]]]:
    """The rows, or the reasons why they cannot be used."""
    field = f"data.{role}"
    try:
        rows = list(read_rows(path))
    except (ValueError, OSError, pyarrow.ArrowInvalid, csv.Error) as error:
        return [], [problem(field, f"cannot be read: {error}", path.name)]
    if not rows:
        return [], [problem(field, "has no rows; give it some", path.name)]
    present = set(rows[0])
    missing = [column for column in wanted if column not in present]
    if missing:
        has = ", ".join(sorted(present))
        return [], [
            problem(field, f"column '{column}' is missing; the file has {has}", column) for column in missing
        ]
    return rows, []
