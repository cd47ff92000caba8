"""Turns the user's rows into model inputs, after everything about them has been checked."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import onnx
import pyarrow as pa

from ..protocol import BadRequest, Channel, take
from .checks import data_problems
from .distance import token_distance
from .model import Model, facts_of, load
from .rehearsal import rehearse
from .tables import Row
from .tasks import task_of
from .tasks.task import Task

T = TypeVar("T")


def run(job: dict[str, Any], channel: Channel) -> dict[str, Any]:
    channel.progress("check", 0, 2)
    task = task_of(job)
    path = Path(take(take(job, "model", dict), "path", str, "model.path")).absolute()
    files = take(job, "roles", dict)
    problems: list[dict[str, Any]] = []
    model = gather(problems, lambda: checked_model(path, task))
    digest = gather(problems, task.open)
    channel.progress("check", 1, 2)
    by_role: dict[str, list[Row]] = {}
    for role, file in files.items():
        rows, unreadable = task.load(role, Path(file), model)
        problems += unreadable
        if rows:
            by_role[role] = rows
    problems += data_problems(by_role, task, complete=len(by_role) == len(files))
    if problems or model is None or digest is None:
        raise BadRequest(*problems)

    encoded = {role: task.encode(role, rows, channel.progress) for role, rows in by_role.items()}
    rehearse(path, task, task.probes(model, encoded), task.judged(by_role, encoded, model))
    prepared = {}
    for role, rows in by_role.items():
        table = to_table(task, model, rows, encoded[role])
        target = Path(take(job, "outputFolder", str)) / f"{role}.arrow"
        write(table, target)
        prepared[role] = {
            "path": str(target),
            "rows": table.num_rows,
            "rowsSha256": rows_sha256(rows),
            "tokenizerSha256": digest,
            **task.facts(rows, encoded[role]),
            "slices": slice_counts(table, task.slices),
        }
    if task.has_tokens and "calibration" in encoded and "production" in encoded:
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


def checked_model(path: Path, task: Task) -> Model:
    graph: onnx.ModelProto = load(path)
    problems = task.model_problems(graph)
    if problems:
        raise BadRequest(*problems)
    return facts_of(graph, path)


def rows_sha256(rows: list[Row]) -> str:
    """One hash over the hashes of all rows in order, every cell of them."""
    hashes = (
        hashlib.sha256(json.dumps(row, sort_keys=True, default=str).encode()).hexdigest() for row in rows
    )
    return hashlib.sha256("".join(hashes).encode()).hexdigest()


def to_table(task: Task, model: Model, rows: list[Row], encoded: list[Any]) -> pa.Table:
    arrays = {**task.inputs(model, encoded), **task.truth(rows, encoded)}
    arrays["id"] = pa.array([row[task.columns["id"]] for row in rows], pa.utf8())
    for rule in task.slices:
        arrays[rule["name"]] = pa.array(task.slice_values(rule, rows, encoded), pa.utf8())
    return pa.table(arrays)


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
