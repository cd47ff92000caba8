"""Fake quantization with the exporter's own rounding: which tensors, how many levels, which axis is read from its file."""

from dataclasses import dataclass
from pathlib import Path

import onnx
import torch
from onnx import TensorProto, numpy_helper
from torch import Tensor

LEVELS = {TensorProto.UINT8: 255, TensorProto.INT8: 255, TensorProto.UINT16: 65535, TensorProto.INT16: 65535}
SUFFIXES = ("_QuantizeLinear_Input", "_QuantizeLinear_Output", "_DequantizeLinear_Output", "_quantized")


@dataclass
class Weight:
    axis: int | None
    """Largest integer of the symmetric range: 127, and 64 where the CPU needs 7 bits."""
    most: int


class Straight(torch.autograd.Function):
    """Rounds; the gradient passes where the value was inside the range."""

    @staticmethod
    def forward(ctx, x: Tensor, scale: Tensor, zero: Tensor, low: int, high: int) -> Tensor:
        steps = torch.round(x / scale) + zero
        ctx.save_for_backward((steps >= low) & (steps <= high))
        return (steps.clamp(low, high) - zero) * scale

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple:
        (inside,) = ctx.saved_tensors
        return gradient * inside, None, None, None, None


class Rounding:
    """Ranges of activations are those of the calibration rows, as the exporter takes them (MinMax)."""

    def __init__(self, quantized: Path, reduced: bool) -> None:
        graph = onnx.load(quantized).graph
        constants = {tensor.name: tensor for tensor in graph.initializer}
        most = 64 if reduced else 127
        self.weights: dict[str, Weight] = {}
        self.activations: dict[str, int] = {}
        self.ranges: dict[str, tuple[float, float]] = {}
        self._observing = False
        for node in graph.node:
            axis = next((attribute.i for attribute in node.attribute if attribute.name == "axis"), 1)
            if node.op_type == "DequantizeLinear" and node.input[0] in constants:
                scale = constants[node.input[1]]
                if constants[node.input[0]].data_type == TensorProto.INT8:
                    self.weights[base(node.input[0])] = Weight(axis if sum(scale.dims) > 1 else None, most)
            elif node.op_type == "QuantizeLinear":
                zero = constants[node.input[2]]
                self.activations[base(node.input[0])] = LEVELS[zero.data_type]
                scale_value = float(numpy_helper.to_array(constants[node.input[1]]))
                offset = int(numpy_helper.to_array(zero))
                levels = LEVELS[zero.data_type]
                self.ranges[base(node.input[0])] = (-offset * scale_value, (levels - offset) * scale_value)

    def weight(self, name: str, value: Tensor) -> Tensor:
        kind = self.weights.get(name)
        if kind is None:
            return value
        over = [axis for axis in range(value.dim()) if kind.axis is None or axis != kind.axis % value.dim()]
        largest = value.detach().abs().amax(over, keepdim=True)
        scale = (largest / kind.most).clamp_min(1e-12)
        return Straight.apply(value, scale, torch.zeros(()), -kind.most, kind.most)

    def activation(self, name: str, value: Tensor) -> Tensor:
        levels = self.activations.get(name)
        if levels is None:
            return value
        if self._observing:
            low, high = self.ranges.get(name, (0.0, 0.0))
            self.ranges[name] = (min(low, float(value.min()), 0.0), max(high, float(value.max()), 0.0))
            return value
        low, high = self.ranges[name]
        scale = torch.tensor(max(high - low, 1e-12) / levels)
        return Straight.apply(value, scale, torch.round(-low / scale), 0, levels)

    @torch.no_grad()
    def observe(self, graph, feeds: list[dict[str, Tensor]]) -> None:
        """Takes the ranges anew, on FP32 weights, as the exporter does."""
        self.ranges, self._observing = {}, True
        try:
            for feed in feeds:
                graph(feed, None, self.activation)
        finally:
            self._observing = False


def base(name: str) -> str:
    for suffix in SUFFIXES:
        name = name.removesuffix(suffix)
    return name
