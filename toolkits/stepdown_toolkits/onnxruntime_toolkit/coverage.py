"""Which kernels ONNX Runtime really runs, read from the graph as it stands after all optimizations."""

from collections import Counter
from pathlib import Path
from typing import Any

import onnx
import onnxruntime
from onnx import GraphProto, NodeProto, TensorProto

INTEGER = {
    *("DynamicQuantizeMatMul", "MatMulIntegerToFloat", "MatMulInteger", "QLinearMatMul", "QGemm"),
    *("QLinearConv", "ConvInteger", "MatMulNBits", "QAttention", "QEmbedLayerNormalization"),
    *("GatherBlockQuantized", "DynamicQuantizeLSTM"),
}
FLOAT = {
    *("MatMul", "FusedMatMul", "Gemm", "FusedGemm", "Conv", "FusedConv", "ConvTranspose", "Attention"),
    *("MultiHeadAttention", "EmbedLayerNormalization", "LSTM", "GRU"),
}
INTEGER_TYPES = {TensorProto.INT8, TensorProto.UINT8, TensorProto.INT4, TensorProto.UINT4}
FLOAT_TYPES = {TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.BFLOAT16, TensorProto.DOUBLE}
UNCHANGED = {"Cast", "DequantizeLinear", "Transpose", "Reshape"}
INT8_PRODUCTS = 4  # accuracy level of MatMulNBits; below it the products are computed in float
LEAST_BLOCK = {2: 32}  # 2-bit weights in smaller blocks are computed in float whatever the level
FALLBACKS_SHOWN = 20


def audit(path: Path, scratch: Path, exclude: list[str]) -> dict[str, Any]:
    """Counts nodes with weights; not products of two activations, as in attention, nor what was to stay in FP32."""
    optimized = scratch / "optimized.onnx"
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.optimized_model_filepath = str(optimized)
    options.log_severity_level = 3
    onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    graph = onnx.load(optimized).graph
    optimized.unlink()
    weights = weights_of(graph)
    kernels = [(node, kernel(node, weights)) for node in graph.node]
    integer = sum(kind == "integer" for _, kind in kernels)
    in_float = [node for node, kind in kernels if kind == "float"]
    fallbacks = [f"{node.op_type} {node.name}" for node in in_float if not stems_from(node, exclude)]
    total = integer + len(fallbacks)
    return {
        "integer": integer,
        "float": len(fallbacks),
        "share": integer / total if total else 0.0,
        "operators": dict(sorted(Counter(node.op_type for node in graph.node).items())),
        "fallbacks": fallbacks[:FALLBACKS_SHOWN],
        "kept": len(in_float) - len(fallbacks),
    }


def stems_from(node: NodeProto, names: list[str]) -> bool:
    """A fused node carries the name of its product before its own."""
    return any(node.name == name or node.name.startswith(f"{name}/") for name in names)


def weights_of(graph: GraphProto) -> dict[str, int]:
    """Element type per matrix known when the model is loaded, also where it is unpacked on every run."""
    weights = {tensor.name: tensor.data_type for tensor in graph.initializer if len(tensor.dims) > 1}
    for node in graph.node:  # in topological order
        if node.op_type in UNCHANGED and node.input[0] in weights:
            becomes_float = node.op_type in ("Cast", "DequantizeLinear")
            weights[node.output[0]] = TensorProto.FLOAT if becomes_float else weights[node.input[0]]
    return weights


def kernel(node: NodeProto, weights: dict[str, int]) -> str | None:
    if not any(name in weights for name in node.input):
        return None
    if node.op_type == "Gather":  # shapes are looked up too, in int64
        table = weights.get(node.input[0])
        return "integer" if table in INTEGER_TYPES else "float" if table in FLOAT_TYPES else None
    if node.op_type == "MatMulNBits":
        asked = {attribute.name: attribute.i for attribute in node.attribute}
        fits = asked["block_size"] >= LEAST_BLOCK.get(asked.get("bits", 4), 0)
        return "integer" if fits and asked.get("accuracy_level") == INT8_PRODUCTS else "float"
    return "integer" if node.op_type in INTEGER else "float" if node.op_type in FLOAT else None
