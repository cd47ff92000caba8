"""The schemes: each takes a pre-processed FP32 file and writes the candidate."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnx
import onnx.version_converter
from onnxruntime.quantization import (
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_dynamic,
    quantize_static,
)
from onnxruntime.quantization.registry import IntegerOpsRegistry, QDQRegistry, QLinearOpsRegistry
from onnxruntime.transformers.float16 import convert_float_to_float16

from ..protocol import BadRequest, problem
from .calibration import Feed, save_ranges
from .machine import has_vnni

CALIBRATED = ("int8-static", "int8-qat")
WEIGHT_BITS = {"int4-weight": 4, "int4-qat": 4, "int2-weight": 2, "int2-qat": 2}
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
WEIGHT_BLOCK = 32
TABLE_BITS = 4  # lookups have no 2-bit kernel
ACCURACY_LEVEL = 4  # products in INT8; without it the weights are expanded to FP32 at run time
INT4_OPSET = 21


@dataclass
class Making:
    """What a scheme works with: `rows` and `progress` are for calibration, unless there are `ranges` already."""

    source: Path
    target: Path
    recipe: dict[str, Any]
    scratch: Path
    rows: list[Feed]
    progress: Callable[[int, int], None]
    ranges: Path | None = None

    @property
    def options(self) -> dict[str, Any]:
        return self.recipe.get("options") or {}

    @property
    def exclude(self) -> list[str]:
        return self.recipe.get("exclude") or []


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
    """Of every activation between the operators; they do not depend on what is excluded."""
    operators = operators_of(making.recipe)
    return save_ranges(
        making.source, operators, method_of(making), making.rows, making.progress, making.scratch
    )


def weight_only(making: Making) -> None:
    """Weights of products in 2 or 4 bits, of lookups in 4, each block of values with a scale of its own."""
    # not above: it needs packages that the environments of other toolkits do without
    from onnxruntime.quantization.matmul_nbits_quantizer import (
        HQQWeightOnlyQuantConfig,
        KQuantWeightOnlyQuantConfig,
        MatMulNBitsQuantizer,
    )

    options = making.options
    model = onnx.load(making.source)
    block = options.get("blockSize", WEIGHT_BLOCK)
    products = WEIGHT_BITS[making.recipe["scheme"]]
    if options.get("algorithm") == "k-quant":
        require_even_blocks(model, block, making.exclude)
    algorithm = {
        "rtn": None,  # the quantizer's own
        "hqq": HQQWeightOnlyQuantConfig(block, products, op_types_to_quantize=("MatMul",)),
        "k-quant": KQuantWeightOnlyQuantConfig(op_types_to_quantize=("MatMul",)),
    }[options.get("algorithm", "rtn")]
    passes = [("MatMul", products, block, algorithm)]
    if options.get("embeddings"):
        model = with_int4_type(model)
        passes.append(("Gather", TABLE_BITS, options.get("embeddingsBlockSize", block), None))
    for operator, bits, block_size, config in passes:
        quantizer = MatMulNBitsQuantizer(
            model,
            bits=bits,
            block_size=block_size,
            is_symmetric=options.get("symmetric", True),
            accuracy_level=options.get("accuracyLevel", ACCURACY_LEVEL),
            nodes_to_exclude=making.exclude,
            op_types_to_quantize=(operator,),
            algo_config=config,
        )
        quantizer.process()
        model = quantizer.model.model
    onnx.save(model, making.target)


def require_even_blocks(model: onnx.ModelProto, block: int, exclude: list[str]) -> None:
    """The library packs two zero points of a column into a byte, and fails without a word where one is left over."""
    shapes = {tensor.name: tensor.dims for tensor in model.graph.initializer}
    products = [node for node in model.graph.node if node.op_type == "MatMul" and node.name not in exclude]
    problems = [
        problem(
            "recipe.options.blockSize",
            f"k-quant takes an even number of blocks, '{node.name}' has {count} of {block}; take another size or exclude it",
            block,
        )
        for node in products
        if node.input[1] in shapes and (count := -(-shapes[node.input[1]][0] // block)) % 2
    ]
    if problems:
        raise BadRequest(*problems)


def with_int4_type(model: onnx.ModelProto) -> onnx.ModelProto:
    """Opset 21 has the type; the quantizer would only write the number 21 over a graph of older operators."""
    older = any(
        entry.domain in ("", "ai.onnx") and entry.version < INT4_OPSET for entry in model.opset_import
    )
    if not older:
        return model
    try:
        return onnx.version_converter.convert_version(model, INT4_OPSET)
    except Exception as error:  # the converter raises RuntimeError and ConvertError
        message = f"INT4 embeddings need opset {INT4_OPSET}, to which the graph cannot be converted ({error}); export it so"
        raise BadRequest(problem("recipe.options.embeddings", message, True)) from error


SCHEMES: dict[str, Callable[[Making], None]] = {
    "fp16": fp16,
    "int8-dynamic": int8_dynamic,
    "int8-static": int8_static,
    "int8-qat": int8_static,  # the weights were trained for it
    **dict.fromkeys(WEIGHT_BITS, weight_only),
}
