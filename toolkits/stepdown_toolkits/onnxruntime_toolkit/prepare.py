"""Turns the user's text rows into model inputs, after everything about them has been checked."""

import hashlib
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
from tokenizers import Tokenizer

from ..protocol import BadRequest, Channel, problem
from .model import Model, read_model
from .tables import Row, load

TOKENIZER_INPUTS = ("input_ids", "attention_mask", "token_type_ids")
PROBLEMS_SHOWN = 5  # of one kind in one role
BATCH = 256


def run(job: dict[str, Any], channel: Channel) -> dict[str, Any]:
    model = read_model(Path(job["model"]["path"]))
    problems = input_problems(model)
    tokenizer_path = Path(job["tokenizer"])
    tokenizer = open_tokenizer(tokenizer_path)
    columns = job["columns"]
    slice_columns = [rule["column"] for rule in job["slices"] if "column" in rule]
    by_role: dict[str, list[Row]] = {}
    for role, path in job["roles"].items():
        rows, found = load(role, Path(path), [*columns.values(), *slice_columns])
        problems += found or row_problems(role, rows, columns, job["labels"])
        by_role[role] = rows
    problems += class_problems(by_role, columns, job["labels"], complete=not problems)
    hashes = {
        role: [row_hash(row[columns["text"]]) for row in rows]
        for role, rows in by_role.items()
        if not problems
    }
    problems += overlap_problems(hashes, by_role, columns)
    if problems:
        raise BadRequest(*problems)

    digest = hashlib.sha256(tokenizer_path.read_bytes()).hexdigest()
    tokenizer.no_padding()
    tokenizer.enable_truncation(job["maxLength"])
    prepared = {}
    for role, rows in by_role.items():
        table = to_table(
            rows,
            job,
            model,
            tokenizer,
            lambda done, role=role, rows=rows: channel.progress(role, done, len(rows)),
        )
        path = Path(job["outputFolder"]) / f"{role}.arrow"
        write(table, path)
        prepared[role] = {
            "path": str(path),
            "rows": len(rows),
            "rowsSha256": hashlib.sha256("".join(hashes[role]).encode()).hexdigest(),
            "tokenizerSha256": digest,
            "classes": dict(sorted(Counter(row[columns["label"]] for row in rows).items())),
            "slices": slice_counts(table, job["slices"]),
        }
    return {"model": model.facts(), "roles": prepared}


def open_tokenizer(path: Path) -> Tokenizer:
    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises plain Exception
        message = f"is not a tokenizer.json of the tokenizers library: {error}"
        raise BadRequest(problem("model.tokenizer", message, path.name)) from error


def input_problems(model: Model) -> list[dict[str, Any]]:
    unknown = [name for name in model.inputs if name not in TOKENIZER_INPUTS]
    message = f"the tokenizer makes {', '.join(TOKENIZER_INPUTS)} only; export the model with those inputs"
    return [problem("model.path", f"input '{name}': {message}", name) for name in unknown]


def row_problems(
    role: str, rows: list[Row], columns: dict[str, str], labels: list[str]
) -> list[dict[str, Any]]:
    field, known = f"data.{role}", set(labels)
    seen: set[str] = set()
    empty, unknown, twice = [], [], []
    for number, row in enumerate(rows, start=1):
        cells = {kind: str(row.get(column) or "").strip() for kind, column in columns.items()}
        empty += [
            problem(field, f"row {number}: '{columns[kind]}' is empty; fill it in or leave the row out")
            for kind, cell in cells.items()
            if not cell
        ]
        if cells["label"] and cells["label"] not in known:
            message = (
                f"row {number}: label '{cells['label']}' is not in model.labels; correct it or add the class"
            )
            unknown.append(problem(field, message, cells["label"]))
        if cells["id"] in seen:
            message = f"row {number}: id '{cells['id']}' stands there twice; ids must be unique in a file"
            twice.append(problem(field, message, cells["id"]))
        seen.add(cells["id"])
    return [shown for kind in (empty, unknown, twice) for shown in first_few(field, kind)]


def first_few(field: str, problems: list[dict[str, Any]]) -> list[dict[str, Any]]:
    more = len(problems) - PROBLEMS_SHOWN
    rest = [problem(field, f"and {more} more rows like these")] if more > 0 else []
    return problems[:PROBLEMS_SHOWN] + rest


def class_problems(
    by_role: dict[str, list[Row]], columns: dict[str, str], labels: list[str], *, complete: bool
) -> list[dict[str, Any]]:
    if not complete:
        return []
    used = {row[columns["label"]] for rows in by_role.values() for row in rows}
    return [
        problem(
            "model.labels", f"class '{label}' has no row in any role; add rows or take the class out", label
        )
        for label in labels
        if label not in used
    ]


def row_hash(text: str) -> str:
    return hashlib.sha256(" ".join(text.split()).lower().encode()).hexdigest()


def overlap_problems(
    hashes: dict[str, list[str]], by_role: dict[str, list[Row]], columns: dict[str, str]
) -> list[dict[str, Any]]:
    problems = []
    roles = sorted(hashes)
    for index, first in enumerate(roles):
        for second in roles[index + 1 :]:
            shared = set(hashes[first]) & set(hashes[second])
            if not shared:
                continue
            rows = zip(hashes[second], by_role[second], strict=True)
            ids = [str(row[columns["id"]]) for digest, row in rows if digest in shared]
            message = f"shares {len(shared)} rows with data.{first}, such as {', '.join(ids[:3])}; a row belongs to one role"
            problems.append(problem(f"data.{second}", message, len(shared)))
    return problems


def to_table(
    rows: list[Row], job: dict[str, Any], model: Model, tokenizer: Tokenizer, progress: Any
) -> pa.Table:
    columns = job["columns"]
    encoded: dict[str, list[list[int]]] = {name: [] for name in model.inputs}
    attributes = {"input_ids": "ids", "attention_mask": "attention_mask", "token_type_ids": "type_ids"}
    lengths: list[int] = []
    for start in range(0, len(rows), BATCH):
        texts = [str(row[columns["text"]]) for row in rows[start : start + BATCH]]
        for encoding in tokenizer.encode_batch(texts):
            lengths.append(len(encoding.ids))
            for name, values in encoded.items():
                values.append(getattr(encoding, attributes[name]))
        progress(len(lengths))
    index = {label: number for number, label in enumerate(job["labels"])}
    arrays: dict[str, pa.Array] = {
        name: pa.array(values, pa.list_(pa.int64())) for name, values in encoded.items()
    }
    arrays["label"] = pa.array([index[row[columns["label"]]] for row in rows], pa.int32())
    arrays["id"] = pa.array([str(row[columns["id"]]) for row in rows], pa.utf8())
    for rule in job["slices"]:
        values = (
            [str(row[rule["column"]]) for row in rows]
            if "column" in rule
            else [length_class(length, rule["tokens"]) for length in lengths]
        )
        arrays[rule["name"]] = pa.array(values, pa.utf8())
    return pa.table(arrays)


def length_class(length: int, edges: list[int]) -> str:
    """`<=32`, `33-63`, `>=64` for the edges 32 and 63."""
    low = 0
    for edge in edges:
        if length <= edge:
            return f"<={edge}" if low == 0 else f"{low}-{edge}"
        low = edge + 1
    return f">={low}"


def slice_counts(table: pa.Table, rules: list[dict[str, Any]]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for rule in rules:
        for value, rows in sorted(Counter(table[rule["name"]].to_pylist()).items()):
            counts[f"{rule['name']}={value}"] = rows
    return counts


def write(table: pa.Table, path: Path) -> None:
    partial = path.with_suffix(".partial")
    with pa.OSFile(str(partial), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table)
    partial.rename(path)
