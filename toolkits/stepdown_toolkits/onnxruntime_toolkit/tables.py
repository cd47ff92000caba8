"""Reads the user's data files, whatever their format, as rows of text cells."""

import csv
import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.feather
import pyarrow.parquet

from ..protocol import problem

Row = dict[str, Any]
"""Cells are text, but for the one that a task takes as it is."""
FORMATS = ".jsonl, .csv, .tsv, .parquet or .arrow"
LONGEST_CELL = 2**31 - 1  # the csv module stops at 128 KiB by default


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    if path.suffix == ".jsonl":
        with path.open(encoding="utf-8-sig") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield json_row(line, number)
    elif path.suffix in (".csv", ".tsv"):
        csv.field_size_limit(LONGEST_CELL)
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, delimiter="\t" if path.suffix == ".tsv" else ",", strict=True)
            for number, row in enumerate(reader, start=1):
                if None in row or None in row.values():
                    raise ValueError(
                        f"row {number} has not as many cells as the header; quote delimiters in cells"
                    )
                yield row
    elif path.suffix == ".parquet":
        yield from pyarrow.parquet.read_table(path).to_pylist()
    elif path.suffix == ".arrow":
        yield from pyarrow.feather.read_table(path).to_pylist()
    else:
        raise ValueError(f"the format {path.suffix!r} is not known; convert it to {FORMATS}")


def json_row(line: str, number: int) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise ValueError(f"line {number} is not JSON ({error}); write one object a line") from error
    if not isinstance(row, dict):
        raise ValueError(f"line {number} is not a JSON object; write one object a line")
    return row


def load(
    role: str, path: Path, wanted: list[str], *, raw: Collection[str] = (), whole: bool = False
) -> tuple[list[Row], list[dict[str, Any]]]:
    """
    The wanted columns of every row as text, `raw` as they are, with `whole` the others too; or the reasons why they
    cannot be used.
    """
    field = f"data.{role}"
    try:
        rows = list(read_rows(path))
    except UnicodeDecodeError as error:
        message = f"cannot be read: byte {error.start} is not UTF-8; save the file as UTF-8"
        return [], [problem(field, message, path.name)]
    except (ValueError, OSError, pyarrow.ArrowInvalid, csv.Error) as error:
        return [], [problem(field, f"cannot be read: {error}", path.name)]
    if not rows:
        return [], [problem(field, "has no rows; give it some", path.name)]
    present = {column for row in rows for column in row}
    missing = [column for column in wanted if column not in present]
    if missing:
        has = ", ".join(sorted(present))
        return [], [
            problem(field, f"column '{column}' is missing; the file has {has}", column) for column in missing
        ]
    return [
        (dict(row) if whole else {})
        | {column: row.get(column) if column in raw else cell(row.get(column)) for column in wanted}
        for row in rows
    ], []


def cell(value: Any) -> str:
    return "" if value is None else str(value)
