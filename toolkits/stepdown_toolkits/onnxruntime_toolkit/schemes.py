"""The four schemes: each takes a pre-processed FP32 file and writes the candidate."""

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
from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer
from onnxruntime.transformers.float16 import convert_float_to_float16

from .calibration import CalibrationRows
from .machine import has_vnni

METHODS = {
    "minmax": CalibrationMethod.MinMax,
    "entropy": CalibrationMethod.Entropy,
    "percentile": CalibrationMethod.Percentile,
}
INT4_BLOCK = 32  # 128 fails where a row count divided by it is odd
INT4_ACCURACY_LEVEL = 4  # products in INT8; without it the weights are expanded to FP32 at run time

Recipe = dict[str, Any]
Scheme = Callable[[Path, Path, Recipe, CalibrationRows | None], None]


def fp16(source: Path, target: Path, recipe: Recipe, _rows: CalibrationRows | None) -> None:
    model = convert_float_to_float16(
        onnx.load(source), keep_io_types=True, node_block_list=recipe.get("exclude")
    )
    onnx.save(model, target)


def int8_dynamic(source: Path, target: Path, recipe: Recipe, _rows: CalibrationRows | None) -> None:
    options = recipe.get("options", {})
    quantize_dynamic(
        source,
        target,
        per_channel=options.get("perChannel", False),
        reduce_range=options.get("reduceRange", not has_vnni()),
        weight_type=QuantType.QInt8,
        nodes_to_exclude=recipe.get("exclude"),
    )


def int8_static(source: Path, target: Path, recipe: Recipe, rows: CalibrationRows | None) -> None:
    options = recipe.get("options", {})
    operators = options.get("operators", ["MatMul", "Gemm", "Gather"])
    quantize_static(
        source,
        target,
        rows,
        quant_format=QuantFormat.QDQ,
        op_types_to_quantize=None if operators == "all" else operators,
        per_channel=options.get("perChannel", True),
        reduce_range=options.get("reduceRange", not has_vnni()),
        activation_type=QuantType.QUInt8,  # with signed activations half of the products stay in float on x86
        weight_type=QuantType.QInt8,
        nodes_to_exclude=recipe.get("exclude"),
        calibrate_method=METHODS[recipe["calibration"]["method"]],
    )


def int4_weight(source: Path, target: Path, recipe: Recipe, _rows: CalibrationRows | None) -> None:
    options = recipe.get("options", {})
    quantizer = MatMulNBitsQuantizer(
        onnx.load(source),
        bits=4,
        block_size=options.get("blockSize", INT4_BLOCK),
        is_symmetric=options.get("symmetric", True),
        accuracy_level=options.get("accuracyLevel", INT4_ACCURACY_LEVEL),
        nodes_to_exclude=recipe.get("exclude"),
        op_types_to_quantize=("MatMul", "Gather") if options.get("embeddings") else ("MatMul",),
    )
    quantizer.process()
    quantizer.model.save_model_to_file(str(target), False)


SCHEMES: dict[str, Scheme] = {
    "fp16": fp16,
    "int8-dynamic": int8_dynamic,
    "int8-static": int8_static,
    "int4-weight": int4_weight,
}
OPTIONS = {
    "fp16": set(),
    "int8-dynamic": {"perChannel", "reduceRange"},
    "int8-static": {"perChannel", "reduceRange", "operators"},
    "int4-weight": {"embeddings", "blockSize", "symmetric", "accuracyLevel"},
}
