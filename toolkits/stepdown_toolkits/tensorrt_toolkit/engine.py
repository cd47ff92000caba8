"""The TensorRT engine of a candidate: built and timed by trtexec where an NVIDIA GPU and TensorRT 10 or 11 are."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from ..onnxruntime_toolkit.calibration import Feed
from ..onnxruntime_toolkit.machine import gpu
from ..onnxruntime_toolkit.model import inputs_of

PROGRAM = "trtexec"
BANNER = re.compile(r"\[TensorRT v(\d+)\]")
SUPPORTED = (10, 11)
# TensorRT 11 has them for its defaults and knows no other types than the graph's.
ASKED_OF_10 = ("--stronglyTyped", "--useSpinWait", "--useCudaGraph", "--noDataTransfers")
WARM_UP_MS = 500
DURATION_S = 3
ANSWERS_WITHIN_S = 30
BUILT_WITHIN_S = 1800  # a large model's kernels are timed one by one
WORDS = 300
INSTALL = (
    "run this worker on a host with an NVIDIA GPU, its driver, and TensorRT 10 or 11 with trtexec on the PATH"
)


def engine_here() -> dict[str, Any]:
    """The version that can build here, or what there is not and what to install."""
    if gpu() is None:
        return unavailable("no NVIDIA GPU")
    if shutil.which(PROGRAM) is None:
        return unavailable(f"no {PROGRAM}")
    version = version_of()
    if version is None or version[0] not in SUPPORTED:
        return unavailable(f"{PROGRAM} is of TensorRT {spelled(version)}")
    return {"state": "available", "tensorrt": spelled(version)}


def unavailable(reason: str) -> dict[str, Any]:
    return {"state": "unavailable", "reason": f"not available here: {reason}", "install": INSTALL}


def version_of() -> tuple[int, int] | None:
    """Major and minor; every call prints them first, whatever is asked."""
    try:
        asked = subprocess.run([PROGRAM, "--help"], capture_output=True, text=True, timeout=ANSWERS_WITHIN_S)
    except (OSError, subprocess.SubprocessError):
        return None
    found = BANNER.search(asked.stdout + asked.stderr)
    if found is None:
        return None
    number = int(found[1])
    scale = 10_000 if number >= 100_000 else 1_000  # 8601 is 8.6.1, 101300 is 10.13.0
    return number // scale, number % scale // 100


def spelled(version: tuple[int, int] | None) -> str:
    return "an unknown version" if version is None else f"{version[0]}.{version[1]}"


def engine_of(candidate: Path, row: Feed, scratch: Path) -> dict[str, Any]:
    """Latencies in milliseconds of one row of this shape, on the GPU alone; a candidate that TensorRT refuses is kept."""
    here = engine_here()
    if here["state"] == "unavailable":
        return here
    engine, times = scratch / "candidate.engine", scratch / "times.json"
    command = command_of(candidate, row, engine, times, int(here["tensorrt"].partition(".")[0]))
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=BUILT_WITHIN_S)
    except subprocess.TimeoutExpired:
        return {"state": "failed", "reason": f"{PROGRAM} was not done after {BUILT_WITHIN_S // 60} minutes"}
    print(done.stdout, done.stderr)
    if done.returncode != 0 or not times.exists():
        return {"state": "failed", "reason": f"{PROGRAM}: {last_error(done.stdout + done.stderr)}"}
    latencies = [run["computeMs"] for run in json.loads(times.read_text(encoding="utf-8"))]
    p50, p95, p99 = (float(np.percentile(latencies, percent)) for percent in (50, 95, 99))
    return {
        **{"state": "built", "tensorrt": here["tensorrt"], "gpu": gpu()},
        **{"sizeBytes": engine.stat().st_size, "queries": len(latencies)},
        **{"p50Ms": p50, "p95Ms": p95, "p99Ms": p99},
    }


def command_of(candidate: Path, row: Feed, engine: Path, times: Path, major: int) -> list[str]:
    return [
        PROGRAM,
        f"--onnx={candidate}",
        f"--saveEngine={engine}",
        f"--exportTimes={times}",
        f"--warmUp={WARM_UP_MS}",
        f"--duration={DURATION_S}",
        *shapes_of(candidate, row),
        *(ASKED_OF_10 if major == 10 else ()),
    ]


def shapes_of(candidate: Path, row: Feed) -> list[str]:
    """One row as it is served; a graph without open dimensions takes none."""
    graph_inputs = inputs_of(onnx.load(candidate, load_external_data=False))
    is_open = any(not dim.dim_value for value in graph_inputs for dim in value.type.tensor_type.shape.dim)
    if not is_open:
        return []
    shapes = [f"{name}:{'x'.join(map(str, (1, *values.shape)))}" for name, values in row.items()]
    return [f"--shapes={','.join(shapes)}"]


def last_error(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if "[E]" in line] or lines
    return errors[-1][-WORDS:] if errors else "said nothing"
