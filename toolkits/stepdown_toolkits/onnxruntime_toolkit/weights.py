"""Schemes that quantize weights alone, in blocks: what multiplies them rounds activations as it runs."""

from pathlib import Path
from typing import Any

import onnx
import onnx.version_converter
from onnxruntime.quantization import QuantType, quantize_dynamic

from ..protocol import BadRequest, problem
from .making import Making

WEIGHT_BITS = {"int8-weight": 8, "int4-weight": 4, "int4-qat": 4, "int2-weight": 2, "int2-qat": 2}
WEIGHT_BLOCK = 32
TABLE_BITS = 4  # lookups have no 2-bit kernel
ACCURACY_LEVEL = 4  # products in INT8; without it the weights are expanded to FP32 at run time
INT4_OPSET = 21


def weight_only(making: Making) -> None:
    """Weights of products in 2, 4 or 8 bits, of lookups in 4 or 8, each block of values with a scale of its own."""
    bits, options = WEIGHT_BITS[making.recipe["scheme"]], making.options
    in_bytes = bits == 8 and options.get("embeddings", False)
    model = onnx.load(with_byte_tables(making) if in_bytes else making.source)
    model = rounded(making, model, bits)
    if options.get("embeddings") and not in_bytes:
        block = options.get("embeddingsBlockSize", block_of(making))
        model = in_blocks(making, with_int4_type(model), "Gather", TABLE_BITS, block, None)
    onnx.save(model, making.target)


def rounded(making: Making, model: onnx.ModelProto, bits: int) -> onnx.ModelProto:
    """Products, by the weights alone."""
    # not above: it needs packages that the environments of other toolkits do without
    from onnxruntime.quantization.matmul_nbits_quantizer import (
        HQQWeightOnlyQuantConfig,
        KQuantWeightOnlyQuantConfig,
    )

    algorithm, block = making.options.get("algorithm", "rtn"), block_of(making)
    if algorithm == "k-quant":
        require_even_blocks(making, model)
    config = {
        "rtn": None,  # the quantizer's own
        "hqq": HQQWeightOnlyQuantConfig(block, bits, op_types_to_quantize=("MatMul",)),
        "k-quant": KQuantWeightOnlyQuantConfig(op_types_to_quantize=("MatMul",)),
    }[algorithm]
    return in_blocks(making, model, "MatMul", bits, block, config)


def in_blocks(
    making: Making, model: onnx.ModelProto, operator: str, bits: int, block: int, config: Any
) -> onnx.ModelProto:
    from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

    quantizer = MatMulNBitsQuantizer(
        model,
        bits=bits,
        block_size=block,
        is_symmetric=making.options.get("symmetric", True),
        accuracy_level=making.options.get("accuracyLevel", ACCURACY_LEVEL),
        nodes_to_exclude=making.exclude,
        op_types_to_quantize=(operator,),
        algo_config=config,
    )
    quantizer.process()
    return quantizer.model.model


def block_of(making: Making) -> int:
    return making.options.get("blockSize", WEIGHT_BLOCK)


def with_byte_tables(making: Making) -> Path:
    """Lookup tables in 8 bits, with a scale of their own each."""
    target = making.scratch / "tables.onnx"
    quantize_dynamic(
        making.source,
        target,
        op_types_to_quantize=["Gather"],
        weight_type=QuantType.QInt8,
        nodes_to_exclude=making.exclude,
    )
    return target


def require_even_blocks(making: Making, model: onnx.ModelProto) -> None:
    """The library packs two zero points of a column into a byte, and fails without a word where one is left over."""
    block, exclude = block_of(making), making.exclude
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
