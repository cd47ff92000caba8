"""How much each group of nodes disturbs the answers when it alone is quantized: the ranking a search begins with."""

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from onnx import GraphProto

from ..ending import scratch_folder
from ..protocol import BadRequest, Channel, problem, take
from .calibration import Feed, read_rows
from .model import facts_of, load
from .quantize import ONNXRUNTIME, calibration_rows, pre_process
from .recipe import check
from .schemes import SCHEMES, Making, operators_of, static_ranges

WEIGHTED = {"MatMul", "Gemm", "Conv", "ConvTranspose", "Gather", "LSTM", "GRU"}
MOST_ROWS = 200

Groups = dict[str, list[str]]


def run(job: dict[str, Any], channel: Channel) -> dict[str, Any]:
    recipe, source = take(job, "recipe", dict), Path(take(job, "model", str)).absolute()
    folder = Path(take(job, "outputFolder", str)).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    graph = load(source)
    check(recipe, graph, ONNXRUNTIME.rules)
    model = facts_of(graph, source)
    asked = take(job, "rows", int)
    if not 0 < asked <= MOST_ROWS:
        raise BadRequest(problem("rows", f"is {asked}; give 1 to {MOST_ROWS} rows", asked))
    rows = read_rows(Path(take(job, "data", str)), model, asked)
    groups = groups_of(graph.graph, operators_of(recipe))
    nodes = [name for members in groups.values() for name in members]
    with scratch_folder(folder) as scratch:
        prepared = pre_process(source, scratch / "prepared.onnx", nodes)
        making = Making(
            prepared,
            scratch / "candidate.onnx",
            recipe,
            scratch,
            calibration_rows(job, model, ONNXRUNTIME.rules),
            lambda done, total: channel.progress("calibrate", done, total),
        )
        if recipe["scheme"] == "int8-static":
            making.ranges = static_ranges(making)
        exact = answers(prepared, rows)
        found = []
        for done, (group, members) in enumerate(groups.items()):
            channel.progress("quantize one", done, len(groups))
            alone = set(members)
            making.recipe = {**recipe, "exclude": [name for name in nodes if name not in alone]}
            SCHEMES[recipe["scheme"]](making)
            disturbed = relative_error(answers(making.target, rows), exact)
            found.append({"name": group, "nodes": members, "error": disturbed})
    channel.progress("done", len(groups), len(groups))
    return {"rows": asked, "groups": sorted(found, key=lambda group: (-group["error"], group["name"]))}


def groups_of(graph: GraphProto, operators: list[str]) -> Groups:
    """Every layer with weights by itself; the operators between them by type, as they share their trouble."""
    weights = {tensor.name for tensor in graph.initializer if len(tensor.dims) > 1}
    groups: Groups = {}
    for node in graph.node:
        if node.op_type not in operators or not node.name:
            continue
        if node.op_type == "Gather" and node.input[0] not in weights:
            continue  # looks up shapes
        group = node.name if node.op_type in WEIGHTED else f"every {node.op_type}"
        groups.setdefault(group, []).append(node.name)
    return groups


def answers(path: Path, rows: list[Feed]) -> np.ndarray:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    feeds = [{name: values[np.newaxis] for name, values in row.items()} for row in rows]
    return np.concatenate([np.ravel(session.run(None, feed)[0]) for feed in feeds]).astype(np.float64)


def relative_error(disturbed: np.ndarray, exact: np.ndarray) -> float:
    """Squared distance over the squared length of the exact answers; answers that are not finite are worst."""
    if not np.isfinite(disturbed).all():
        return float(np.finfo(np.float64).max)
    return float(np.sum((disturbed - exact) ** 2) / np.sum(exact**2))
