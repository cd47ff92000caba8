"""Candidates of ModelOpt: explicit Q/DQ and types, which TensorRT builds as they stand and ONNX Runtime runs on a CPU."""

import os
import re
from typing import Any

import numpy as np
import onnx
from modelopt.onnx.autocast import convert_to_mixed_precision
from modelopt.onnx.quantization import quantize

from ..onnxruntime_toolkit.calibration import Feed
from ..onnxruntime_toolkit.quantize import Maker, make
from ..onnxruntime_toolkit.recipe import BLOCK_SIZES, FLAG, Rules
from ..onnxruntime_toolkit.schemes import Making
from ..protocol import Channel
from .engine import engine_of
from .probe import PACKAGES
from .rows import Rows, fullest, longest, size_of

CPU = "cpu"  # on which every candidate is evaluated; a GPU rounds otherwise
RANGES = {"minmax": "max", "entropy": "entropy"}  # symmetric, hence one number
CLIPPING = {"awq-clip": "awq_clip", "awq-lite": "awq_lite"}
WEIGHT_BLOCK = 128
RULES = Rules(
    {
        "fp16": {},
        "int8-static": {"attention": FLAG, "operators": "a list of operator types"},
        "int4-weight": {"blockSize": BLOCK_SIZES},
    },
    {"fp16": ("minmax",), "int8-static": tuple(RANGES), "int4-weight": tuple(CLIPPING)},
)


def run(job: dict[str, Any], channel: Channel) -> dict[str, Any]:
    return make(job, channel, TENSORRT)


def int8_static(making: Making) -> None:
    """Products of attention too, unless told otherwise; weights are stored in INT8 and not rounded anew at each load."""
    quantized(
        making,
        "int8",
        Rows(making.rows, making.progress),
        calibration_method=RANGES[method_of(making)],
        op_types_to_quantize=making.options.get("operators"),
        disable_mha_qdq=not making.options.get("attention", True),
        high_precision_dtype="fp32",
        dq_only=True,
    )


def int4_weight(making: Making) -> None:
    """Weights in blocks, clipped by what they do to real rows; AWQ wants rows of one length and looks at 64 tokens."""
    # ModelOpt would compile an extension into its own package at first use
    os.environ["CPPIMPORT_RELEASE_MODE"] = "1"
    batch = fullest(making.rows)
    quantized(
        making,
        "int4",
        Rows(rows_of(batch), making.progress),
        exclude=[*making.exclude, *transposed(making)],
        calibration_method=CLIPPING[method_of(making)],
        block_size=making.options.get("blockSize", WEIGHT_BLOCK),
    )


def transposed(making: Making) -> list[str]:
    """ModelOpt cuts the weights of such a node into blocks along the other axis than it tells the graph."""
    nodes = onnx.load(making.source, load_external_data=False).graph.node
    return [
        node.name
        for node in nodes
        if node.op_type == "Gemm" and any(found.name == "transB" and found.i for found in node.attribute)
    ]


def quantized(making: Making, mode: str, rows: Rows, exclude: list[str] | None = None, **more: Any) -> None:
    quantize(
        str(making.source),
        quantize_mode=mode,
        calibration_data_reader=rows,
        calibration_eps=[CPU],
        nodes_to_exclude=exactly(making.exclude if exclude is None else exclude),
        output_path=str(making.target),
        log_level="WARNING",
        **more,
    )


def fp16(making: Making) -> None:
    """AutoCast: what the rows drive out of FP16's range stays in FP32. It keeps every activation of its rows."""
    try:
        model = cast(making, calibration_data=fullest(making.rows))
    except RuntimeError as error:  # some graphs cannot be run with every tensor as an output
        print(f"the ranges of activations are not looked at: {error}")
        model = cast(making, data_max=np.inf)
    onnx.save(model, making.target)


def cast(making: Making, **ranges: Any) -> onnx.ModelProto:
    return convert_to_mixed_precision(
        str(making.source),
        low_precision_type="fp16",
        nodes_to_exclude=exactly(making.exclude),
        keep_io_types=True,
        providers=[CPU],
        **ranges,
    )


def method_of(making: Making) -> str:
    return making.recipe["calibration"]["method"]


def exactly(names: list[str]) -> list[str]:
    """ModelOpt takes patterns that match at the beginning of a name."""
    return [f"{re.escape(name)}$" for name in names]


def rows_of(batch: Feed) -> list[Feed]:
    return [{name: values[row] for name, values in batch.items()} for row in range(size_of(batch))]


def engine(making: Making) -> dict[str, Any]:
    return {"engine": engine_of(making.target, longest(making.rows), making.scratch)}


TENSORRT = Maker(
    RULES,
    {"fp16": fp16, "int8-static": int8_static, "int4-weight": int4_weight},
    PACKAGES,
    pre_processes=False,  # TensorRT fuses for itself, and ModelOpt looks for patterns of the graph as exported
    finish=engine,
)
