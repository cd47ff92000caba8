"""Makes one candidate from one recipe, checks that it runs, and says which kernels it runs on."""

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnxruntime.quantization.shape_inference import quant_pre_process

from ..ending import scratch_folder
from ..protocol import BadRequest, Channel, problem, take
from .calibration import Feed, read_rows
from .coverage import audit
from .model import Model, facts_of, load
from .probe import PACKAGES, versions
from .recipe import OPTIONS, Rules, check
from .schemes import CALIBRATED, METHODS, SCHEMES, Making
from .trained_ranges import forget

STEPS = 6


@dataclass(frozen=True)
class Maker:
    """What one toolkit brings along; everything else is the same for all of them."""

    rules: Rules
    schemes: dict[str, Callable[[Making], None]]
    packages: tuple[str, ...]
    """Whose versions are part of a trial's key."""
    pre_processes: bool = True
    """Whether it wants ONNX Runtime's shape inference and constant folding first."""
    finish: Callable[[Making], dict[str, Any]] = lambda _: {}
    """What the toolkit makes of the finished candidate, as further fields of the result."""


ONNXRUNTIME = Maker(Rules(OPTIONS, {scheme: tuple(METHODS) for scheme in CALIBRATED}), SCHEMES, PACKAGES)


def run(job: dict[str, Any], channel: Channel) -> dict[str, Any]:
    return make(job, channel, ONNXRUNTIME)


def make(job: dict[str, Any], channel: Channel, maker: Maker) -> dict[str, Any]:
    started = time.monotonic()
    recipe, source = take(job, "recipe", dict), Path(take(job, "model", str)).absolute()
    folder = Path(take(job, "outputFolder", str)).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    graph = load(source)
    check(recipe, graph, maker.rules)
    model = facts_of(graph, source)
    rows = calibration_rows(job, model, maker.rules)
    with scratch_folder(folder) as scratch:
        channel.progress("pre-process", 1, STEPS)
        prepared = scratch / "prepared.onnx"
        if maker.pre_processes:
            pre_process(source, prepared, recipe.get("exclude") or [])
        else:
            shutil.copyfile(source, prepared)
        channel.progress("quantize", 2, STEPS)
        partial = scratch / "candidate.onnx"
        making = Making(
            prepared,
            partial,
            recipe,
            scratch,
            rows,
            lambda done, total: channel.progress("calibrate", done, total),
        )
        maker.schemes[recipe["scheme"]](making)
        strip(partial)
        channel.progress("check", 3, STEPS)
        require_finite(partial, model, rows)
        channel.progress("coverage", 4, STEPS)
        coverage = audit(partial, scratch, recipe.get("exclude") or [])
        channel.progress("finish", 5, STEPS)
        more = maker.finish(making)
        target = partial.rename(folder / "candidate.onnx")
    channel.progress("done", STEPS, STEPS)
    return {
        "path": str(target),
        "sizeBytes": target.stat().st_size,
        "coverage": coverage,
        "toolkitVersions": versions(maker.packages),
        "durationMs": (time.monotonic() - started) * 1000,
        **more,
    }


def calibration_rows(job: dict[str, Any], model: Model, rules: Rules) -> list[Feed]:
    if job["recipe"]["scheme"] not in rules.methods:
        return []
    path = Path(take(job, "calibrationData", str))
    return read_rows(path, model, job["recipe"]["calibration"]["rows"])


def pre_process(source: Path, target: Path, exclude: list[str]) -> Path:
    """Shapes and constant folding; symbolic inference gives up on graphs that quantize well without it."""
    attempts: tuple[dict[str, Any], ...] = (
        {},
        {"auto_merge": True, "guess_output_rank": True},
        {"skip_symbolic_shape": True},
        {"skip_optimization": True},
        {"skip_optimization": True, "skip_symbolic_shape": True},
    )
    for attempt in attempts:
        try:
            quant_pre_process(source, target, **attempt)
        except Exception as error:  # the library raises bare Exception
            print(f"pre-processing with {attempt} failed: {error}")
            continue
        if names_kept(target, exclude):
            return target
        print(f"pre-processing with {attempt} fused a node that is to be excluded")
    shutil.copyfile(source, target)
    return target


def names_kept(path: Path, exclude: list[str]) -> bool:
    if not exclude:
        return True
    return set(exclude) <= {node.name for node in onnx.load(path, load_external_data=False).graph.node}


def strip(path: Path) -> None:
    """Takes out what differs from run to run, so that equal recipes give equal bytes, and what only led here."""
    model = onnx.load(path)
    model.doc_string = ""
    model.graph.doc_string = ""
    forget(model)
    for node in model.graph.node:
        node.doc_string = ""
    if not any(entry.domain == "com.microsoft" for entry in model.opset_import):
        model.opset_import.append(onnx.helper.make_opsetid("com.microsoft", 1))
    onnx.save(model, path)


def require_finite(path: Path, model: Model, rows: list[Feed]) -> None:
    """On a calibration row where there is one; else on ones: every vocabulary has the token 1."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    ones = {
        name: np.ones([size if size > 0 else 8 for size in shape], model.types[name])
        for name, shape in model.shapes.items()
    }
    row = rows[0] if rows else ones
    for value in session.run(None, {name: values[np.newaxis] for name, values in row.items()}):
        if not np.isfinite(value).all():
            message = "the candidate answers NaN or infinity; keep more layers in FP32"
            raise BadRequest(problem("recipe", message))
