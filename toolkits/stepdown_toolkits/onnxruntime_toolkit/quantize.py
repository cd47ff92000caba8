"""Makes one candidate from one recipe, checks that it runs, and says which kernels it runs on."""

import os
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnxruntime.quantization.shape_inference import quant_pre_process

from ..protocol import BadRequest, Channel, problem
from .calibration import CalibrationRows
from .coverage import audit
from .model import Model, read_model
from .probe import versions
from .schemes import METHODS, OPTIONS, SCHEMES

STEPS = 5


def run(job: dict[str, Any], channel: Channel) -> dict[str, Any]:
    started = time.monotonic()
    recipe, source = job["recipe"], Path(job["model"])
    folder = Path(job["outputFolder"])
    os.chdir(folder)  # the library leaves its own scratch files where it stands
    model = read_model(source)
    check(recipe, onnx.load(source, load_external_data=False))
    channel.progress("pre-process", 1, STEPS)
    prepared = pre_process(source, folder / "prepared.onnx")
    rows = calibration_rows(job, model, channel)
    channel.progress("quantize", 2, STEPS)
    target, partial = folder / "candidate.onnx", folder / "candidate.partial.onnx"
    SCHEMES[recipe["scheme"]](prepared, partial, recipe, rows)
    strip(partial)
    channel.progress("check", 3, STEPS)
    require_finite(partial, model)
    channel.progress("coverage", 4, STEPS)
    coverage = audit(partial, folder)
    partial.rename(target)
    prepared.unlink()
    channel.progress("done", STEPS, STEPS)
    return {
        "path": str(target),
        "sizeBytes": target.stat().st_size,
        "coverage": coverage,
        "toolkitVersions": versions(),
        "durationMs": (time.monotonic() - started) * 1000,
    }


def check(recipe: dict[str, Any], model: onnx.ModelProto) -> None:
    scheme = recipe.get("scheme")
    if scheme not in SCHEMES:
        raise BadRequest(problem("recipe.scheme", f"is not one of {', '.join(SCHEMES)}", scheme))
    known = {node.name for node in model.graph.node}
    problems = [
        problem("recipe.exclude", f"the graph has no node '{name}'; take its name from the model", name)
        for name in recipe.get("exclude", [])
        if name not in known
    ]
    problems += [
        problem(
            f"recipe.options.{name}",
            f"{scheme} knows {', '.join(sorted(OPTIONS[scheme])) or 'no options'}",
            value,
        )
        for name, value in recipe.get("options", {}).items()
        if name not in OPTIONS[scheme]
    ]
    calibration = recipe.get("calibration")
    if scheme == "int8-static" and (not calibration or calibration.get("method") not in METHODS):
        message = f"static quantization needs rows and a method, one of {', '.join(METHODS)}"
        problems.append(problem("recipe.calibration", message, calibration))
    if problems:
        raise BadRequest(*problems)


def calibration_rows(job: dict[str, Any], model: Model, channel: Channel) -> CalibrationRows | None:
    calibration = job["recipe"].get("calibration")
    if job["recipe"]["scheme"] != "int8-static":
        return None
    path = Path(job["calibrationData"])
    return CalibrationRows(
        path,
        model.inputs,
        calibration["rows"],
        lambda done, total: channel.progress("calibrate", done, total),
    )


def pre_process(source: Path, target: Path) -> Path:
    """Shapes and constant folding; symbolic inference gives up on graphs that quantize well without it."""
    attempts: tuple[dict[str, Any], ...] = (
        {},
        {"auto_merge": True, "guess_output_rank": True},
        {"skip_symbolic_shape": True},
    )
    for attempt in attempts:
        try:
            quant_pre_process(source, target, **attempt)
            return target
        except Exception as error:  # the library raises bare Exception
            print(f"pre-processing with {attempt} failed: {error}")
    shutil.copyfile(source, target)
    return target


def strip(path: Path) -> None:
    """Takes out what differs from run to run, so that equal recipes give equal bytes."""
    model = onnx.load(path)
    model.doc_string = ""
    model.graph.doc_string = ""
    for node in model.graph.node:
        node.doc_string = ""
    if not any(entry.domain == "com.microsoft" for entry in model.opset_import):
        model.opset_import.append(onnx.helper.make_opsetid("com.microsoft", 1))
    onnx.save(model, path)


def require_finite(path: Path, model: Model) -> None:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    row = np.ones((1, 8), dtype=np.int64)
    for value in session.run(None, {name: row for name in model.inputs}):
        if not np.isfinite(value).all():
            raise BadRequest(
                problem("recipe", "the candidate answers NaN or infinity; keep more layers in FP32")
            )
