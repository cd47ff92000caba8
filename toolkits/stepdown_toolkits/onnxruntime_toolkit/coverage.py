"""Which kernels ONNX Runtime really runs, read from the graph as it stands after all optimizations."""

from collections import Counter
from pathlib import Path
from typing import Any

import onnx
import onnxruntime

INTEGER = {
    *(
        "DynamicQuantizeMatMul",
        "MatMulIntegerToFloat",
        "MatMulInteger",
        "QLinearMatMul",
        "QGemm",
        "QLinearConv",
    ),
    *("ConvInteger", "MatMulNBits", "QAttention", "QEmbedLayerNormalization", "GatherBlockQuantized"),
}
FLOAT = {"MatMul", "FusedMatMul", "Gemm", "FusedGemm", "Conv", "FusedConv", "Attention"}
FALLBACKS_SHOWN = 20


def audit(path: Path, scratch: Path) -> dict[str, Any]:
    """Counts nodes that multiply by weights; products of two activations, as in attention, do not count."""
    optimized = scratch / "optimized.onnx"
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.optimized_model_filepath = str(optimized)
    options.log_severity_level = 3
    onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    graph = onnx.load(optimized).graph
    optimized.unlink()
    weights = {tensor.name for tensor in graph.initializer if len(tensor.dims) > 1}
    weights |= {
        node.output[0]
        for node in graph.node
        if node.op_type in ("Cast", "DequantizeLinear") and node.input[0] in weights
    }
    weighted = [node for node in graph.node if any(name in weights for name in node.input)]
    integer = sum(node.op_type in INTEGER for node in weighted)
    fallbacks = [f"{node.op_type} {node.name}" for node in weighted if node.op_type in FLOAT]
    total = integer + len(fallbacks)
    return {
        "integer": integer,
        "float": len(fallbacks),
        "share": integer / total if total else 0.0,
        "operators": dict(sorted(Counter(node.op_type for node in graph.node).items())),
        "fallbacks": fallbacks[:FALLBACKS_SHOWN],
    }
