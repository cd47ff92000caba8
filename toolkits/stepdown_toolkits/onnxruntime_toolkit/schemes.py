"""The schemes: each takes a pre-processed FP32 file and writes the candidate."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnx
from onnxruntime.quantization import (
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_dynamic,
    quantize_static,
)
from onnxruntime.quantization.registry import IntegerOpsRegistry, QDQRegistry, QLinearOpsRegistry
from onnxruntime.transformers.float16 import convert_float_to_float16

from .calibration import save_ranges
from .machine import has_vnni
from .making import Making
from .trained_ranges import kept_in, write
from .weights import WEIGHT_BITS, weight_only

CALIBRATED = ("int8-static", "int8-qat")
WEIGHT_TYPES = {"u8s8": QuantType.QInt8, "u8u8": QuantType.QUInt8}  # activations, then weights
FORMATS = {"qdq": QuantFormat.QDQ, "qoperator": QuantFormat.QOperator}
METHODS = {
    "minmax": CalibrationMethod.MinMax,
    "entropy": CalibrationMethod.Entropy,
    "percentile": CalibrationMethod.Percentile,
}
STATIC_OPERATORS = [
    "MatMul",
    "Gemm",
    "Gather",
    "Conv",
]  # with all of them, mask and Softmax lose the rare classes


def all_static_operators() -> list[str]:
    return sorted({*QDQRegistry, *QLinearOpsRegistry})


def operators_of(recipe: dict[str, Any]) -> list[str]:
    """The operator types that a recipe quantizes."""
    options = recipe.get("options") or {}
    scheme, operators = recipe["scheme"], options.get("operators")
    if scheme in WEIGHT_BITS:
        return ["MatMul", "Gather"] if options.get("embeddings") else ["MatMul"]
    if operators == "all":
        return all_static_operators()
    if operators:
        return operators
    return STATIC_OPERATORS if scheme in CALIBRATED else list(IntegerOpsRegistry)


def fp16(making: Making) -> None:
    model = onnx.load(making.source)
    onnx.save(
        convert_float_to_float16(model, keep_io_types=True, node_block_list=making.exclude), making.target
    )


def int8_dynamic(making: Making) -> None:
    quantize_dynamic(
        making.source,
        making.target,
        op_types_to_quantize=operators_of(making.recipe),
        per_channel=making.options.get("perChannel", False),
        reduce_range=reduces_range(making),
        weight_type=WEIGHT_TYPES[types_of(making)],
        nodes_to_exclude=making.exclude,
    )


def int8_static(making: Making) -> None:
    quantize_static(
        making.source,
        making.target,
        quant_format=FORMATS[making.options.get("format", "qdq")],
        op_types_to_quantize=operators_of(making.recipe),
        per_channel=making.options.get("perChannel", True),
        reduce_range=reduces_range(making),
        activation_type=QuantType.QUInt8,  # with signed activations half of the products stay in float on x86
        weight_type=WEIGHT_TYPES[types_of(making)],
        nodes_to_exclude=making.exclude,
        calibrate_method=method_of(making),
        calibration_cache_path=making.ranges or static_ranges(making),
    )


def types_of(making: Making) -> str:
    return making.options.get("types", "u8s8")


def reduces_range(making: Making) -> bool:
    """Without VNNI, sums of two U8 x S8 products saturate at 16 bits; those of U8 x U8 are widened first."""
    return making.options.get("reduceRange", not has_vnni() and types_of(making) == "u8s8")


def method_of(making: Making) -> CalibrationMethod:
    return METHODS[making.recipe["calibration"]["method"]]


def static_ranges(making: Making) -> Path:
    """Those that the model was trained with, where it was."""
    if takes_trained_ranges(making):
        return write(kept_in(making.source), making.scratch)
    return calibrated(making)


def takes_trained_ranges(making: Making) -> bool:
    return making.recipe["scheme"] == "int8-qat"


def calibrated(making: Making) -> Path:
    """Of every activation between the operators; they do not depend on what is excluded."""
    operators = operators_of(making.recipe)
    return save_ranges(
        making.source, operators, method_of(making), making.rows, making.progress, making.scratch
    )


SCHEMES: dict[str, Callable[[Making], None]] = {
    "fp16": fp16,
    "int8-dynamic": int8_dynamic,
    "int8-static": int8_static,
    "int8-qat": int8_static,  # the weights were trained for it
    **dict.fromkeys(WEIGHT_BITS, weight_only),
}
