"""Turns the user's text rows into model inputs, after everything about them has been checked."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable
from math import ceil
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
from tokenizers import Encoding, Tokenizer

from ..protocol import BadRequest, Channel, problem, take
from .checks import data_problems
from .distance import token_distance
from .model import Model, facts_of, load, serving_problems
from .rehearsal import ATTRIBUTES, rehearse
from .tables import Row
from .tables import load as load_rows

BATCH = 256

T = TypeVar("T")


def run(job: dict[str, Any], channel: Channel) -> dict[str, Any]:
    channel.progress("check", 0, 2)
    labels, columns, slices = take(job, "labels", list), columns_of(job), slices_of(job)
    path = Path(take(take(job, "model", dict), "path", str, "model.path")).absolute()
    tokenizer_path = Path(take(job, "tokenizer", str))
    problems: list[dict[str, Any]] = []
    model = gather(problems, lambda: checked_model(path, labels))
    tokenizer = gather(
        problems,
        lambda: open_tokenizer(tokenizer_path, take(job, "maxLength", int), job.get("padding") == "maximum"),
    )
    channel.progress("check", 1, 2)
    wanted = [*columns.values(), *(rule["column"] for rule in slices if "column" in rule)]
    by_role: dict[str, list[Row]] = {}
    files = take(job, "roles", dict)
    for role, file in files.items():
        rows, unreadable = load_rows(role, Path(file), wanted)
        problems += unreadable
        if rows:
            by_role[role] = rows
    problems += data_problems(by_role, columns, labels, complete=len(by_role) == len(files))
    if problems or model is None or tokenizer is None:
        raise BadRequest(*problems)

    texts = {role: [row[columns["text"]] for row in rows] for role, rows in by_role.items()}
    encoded = {role: encode(role, tokenizer, of_role, channel) for role, of_role in texts.items()}
    rehearse(path, model, encoded, len(labels))
    digest = hashlib.sha256(tokenizer_path.read_bytes()).hexdigest()
    prepared = {}
    for role, rows in by_role.items():
        table = to_table(rows, encoded[role], columns, labels, slices, model)
        target = Path(take(job, "outputFolder", str)) / f"{role}.arrow"
        write(table, target)
        prepared[role] = {
            "path": str(target),
            "rows": len(rows),
            "rowsSha256": rows_sha256(rows),
            "tokenizerSha256": digest,
            "classes": dict(sorted(Counter(row[columns["label"]] for row in rows).items())),
            "slices": slice_counts(table, slices),
            "lengths": length_quantiles(encoded[role]),
        }
    if "calibration" in encoded and "production" in encoded:
        distance = token_distance(encoded["calibration"], encoded["production"])
        prepared["calibration"]["distance"] = distance
    return {"model": model.facts(), "roles": prepared}


def gather(problems: list[dict[str, Any]], step: Callable[[], T]) -> T | None:
    """Goes on after a refusal, so that all problems are reported together."""
    try:
        return step()
    except BadRequest as refused:
        problems += refused.problems
        return None


def columns_of(job: dict[str, Any]) -> dict[str, str]:
    columns = take(job, "columns", dict)
    return {kind: take(columns, kind, str, f"columns.{kind}") for kind in ("id", "text", "label")}


def slices_of(job: dict[str, Any]) -> list[dict[str, Any]]:
    slices = job.get("slices", [])
    for index, rule in enumerate(slices):
        if rule["name"] in ("id", "label", *ATTRIBUTES):
            message = f"'{rule['name']}' is a column of the prepared data already; rename the slice"
            raise BadRequest(problem(f"slices.{index}.name", message, rule["name"]))
        edges = rule.get("tokens", [0])
        if edges != sorted(set(edges)):
            message = "list token counts in ascending order, each once, such as [32, 63]"
            raise BadRequest(problem(f"slices.{index}.tokens", message, edges))
    return slices


def checked_model(path: Path, labels: list[str]) -> Model:
    graph = load(path)
    problems = serving_problems(graph, len(labels))
    if problems:
        raise BadRequest(*problems)
    return facts_of(graph, path)


def open_tokenizer(path: Path, length: int, pads: bool) -> Tokenizer:
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises plain Exception
        message = f"is not a tokenizer.json of the tokenizers library: {error}"
        raise BadRequest(problem("model.tokenizer", message, path.name)) from error
    added = tokenizer.num_special_tokens_to_add(is_pair=False)
    if length <= added:
        raise BadRequest(problem("model.maxLength", f"the tokenizer adds {added} tokens; allow more", length))
    own = tokenizer.padding or {}
    tokenizer.no_padding()
    tokenizer.enable_truncation(length)
    if pads:
        token = own.get("pad_token", "[PAD]")
        pad_id = own.get("pad_id", tokenizer.token_to_id(token) or 0)
        tokenizer.enable_padding(length=length, pad_id=pad_id, pad_token=token)
    return tokenizer


def encode(role: str, tokenizer: Tokenizer, texts: list[str], channel: Channel) -> list[Encoding]:
    encoded: list[Encoding] = []
    for start in range(0, len(texts), BATCH):
        encoded += tokenizer.encode_batch(texts[start : start + BATCH])
        channel.progress(role, len(encoded), len(texts))
    for number, row in enumerate(encoded, start=1):
        if not row.ids:
            message = f"row {number}: the tokenizer finds no token in the text; leave the row out"
            raise BadRequest(problem(f"data.{role}", message, texts[number - 1][:80]))
    return encoded


def rows_sha256(rows: list[Row]) -> str:
    """One hash over the hashes of all rows in order: text, label, id and slices."""
    hashes = (hashlib.sha256(json.dumps(row, sort_keys=True).encode()).hexdigest() for row in rows)
    return hashlib.sha256("".join(hashes).encode()).hexdigest()


def to_table(
    rows: list[Row],
    encoded: list[Encoding],
    columns: dict[str, str],
    labels: list[str],
    slices: list[dict[str, Any]],
    model: Model,
) -> pa.Table:
    index = {label: number for number, label in enumerate(labels)}
    arrays: dict[str, pa.Array] = {
        name: pa.array([getattr(row, ATTRIBUTES[name]) for row in encoded], pa.list_(pa.int64()))
        for name in model.inputs
    }
    arrays["label"] = pa.array([index[row[columns["label"]]] for row in rows], pa.int32())
    arrays["id"] = pa.array([row[columns["id"]] for row in rows], pa.utf8())
    for rule in slices:
        values = (
            [row[rule["column"]] for row in rows]
            if "column" in rule
            else [length_class(sum(row.attention_mask), rule["tokens"]) for row in encoded]
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


def length_quantiles(rows: list[Encoding]) -> dict[str, int]:
    """Tokens of the middle row, of the 99th of 100 and of the longest."""
    lengths = sorted(sum(row.attention_mask) for row in rows)
    at = {"p50": 0.5, "p99": 0.99, "max": 1.0}
    return {name: lengths[max(0, ceil(share * len(lengths)) - 1)] for name, share in at.items()}


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
