"""Fake quantization with the exporter's own rounding: which tensors, how many levels, which axis is read from its file."""

from dataclasses import dataclass
from pathlib import Path

import onnx
import torch
import torch.nn.functional as F
from onnx import TensorProto, numpy_helper
from torch import Tensor, nn

from .graph import attributes_of

LEVELS = {TensorProto.UINT8: 255, TensorProto.INT8: 255, TensorProto.UINT16: 65535, TensorProto.INT16: 65535}
SUFFIXES = (
    *("_QuantizeLinear_Input", "_QuantizeLinear_Output", "_DequantizeLinear_Output", "_quantized"),
    *("_Q2", "_Q4"),
)
BLOCKWISE = {
    "MatMulNBits": (1, 0, 4),
    "GatherBlockQuantized": (0, 1, 4),
}  # input, axis, inputs with zero points


@dataclass
class Weight:
    axis: int | None
    most: int
    """Largest integer of the symmetric range: 127, and 64 where the CPU needs 7 bits."""


@dataclass
class Table:
    """Of lookups, and other constants in the place of an activation: one scale, from the smallest to the largest value."""

    levels: int

    def round(self, value: Tensor) -> Tensor:
        with torch.no_grad():
            low, high = value.min().clamp_max(0), value.max().clamp_min(0)
            scale = ((high - low) / self.levels).clamp_min(1e-12)
        return Straight.apply(value, scale, torch.round(-low / scale), 0, self.levels)


@dataclass
class Blocks:
    """Values that share a scale: `size` of them along an axis of a matrix."""

    axis: int
    size: int
    bits: int
    symmetric: bool

    def round(self, value: Tensor) -> Tensor:
        """Symmetric: the value furthest from zero is the lowest level. Otherwise zero and both ends are levels."""
        count = value.shape[self.axis]
        rows = value.movedim(self.axis, -1)
        blocks = F.pad(rows, (0, -count % self.size)).unflatten(-1, (-1, self.size))
        with torch.no_grad():
            low, high = blocks.amin(-1, True).clamp_max(0), blocks.amax(-1, True).clamp_min(0)
            most, middle = 2**self.bits - 1, 2 ** (self.bits - 1)
            if self.symmetric:
                scale = torch.where(high > -low, high, low) / -middle
                zero = torch.full_like(scale, middle)
            else:
                scale = (high - low) / most
                zero = torch.round(-low / scale.where(scale != 0, 1)).clamp(0, most)
            scale = scale.where(scale != 0, 1e-12)
        rounded = Straight.apply(blocks, scale, zero, 0, most)
        return rounded.flatten(-2)[..., :count].movedim(-1, self.axis)


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


class Range:
    """
    Of an activation. It is learned with the weights, as powers of what it began with: its ends keep their signs, so
    zero stays inside. Gradients as of a learned step size (Esser et al., LSQ, ICLR 2020, equation 3).
    """

    def __init__(self, low: float, high: float, levels: int) -> None:
        self.begun, self.levels = torch.tensor([low, high]), levels
        self.power = nn.Parameter(torch.zeros(2))

    def ends(self) -> Tensor:
        return self.begun * torch.exp(self.power)

    def round(self, value: Tensor) -> Tensor:
        low, high = self.ends()
        scale = ((high - low) / self.levels).clamp_min(1e-12)
        zero = torch.round(-low / scale).detach()
        exact = value / scale
        steps = exact + (torch.round(exact) - exact).detach()
        return (torch.clamp(steps + zero, 0, self.levels) - zero) * scale


class Rounding:
    """Of weights by what they are by then; of activations in ranges that begin as those in the file."""

    def __init__(self, quantized: Path, reduced: bool) -> None:
        graph = onnx.load(quantized).graph
        constants = {tensor.name: tensor for tensor in graph.initializer}
        most = 64 if reduced else 127
        self.weights: dict[str, Weight | Table | Blocks] = {}
        self.ranges: dict[str, Range] = {}
        pairs = [node for node in graph.node if node.op_type in ("QuantizeLinear", "DequantizeLinear")]
        of_constants = {node.input[1] for node in pairs if node.input[0] in constants}
        for node in graph.node:
            if node.op_type in BLOCKWISE:
                self._add_blocks(node)
                continue
            axis = next((attribute.i for attribute in node.attribute if attribute.name == "axis"), 1)
            if node.op_type == "DequantizeLinear" and node.input[0] in constants:
                scale = constants[node.input[1]]
                kind = constants[node.input[0]].data_type
                if kind == TensorProto.UINT8:
                    self.weights[base(node.input[0])] = Table(127 if reduced else 255)
                elif kind == TensorProto.INT8:
                    self.weights[base(node.input[0])] = Weight(axis if sum(scale.dims) > 1 else None, most)
            elif node.op_type == "QuantizeLinear":
                if node.input[1] in of_constants:
                    continue  # looked up in what is rounded already
                zero = constants[node.input[2]]
                scale = float(numpy_helper.to_array(constants[node.input[1]]))
                offset, levels = int(numpy_helper.to_array(zero)), LEVELS[zero.data_type]
                self.ranges[base(node.input[0])] = Range(-offset * scale, (levels - offset) * scale, levels)

    def _add_blocks(self, node: onnx.NodeProto) -> None:
        place, axis, with_zero_points = BLOCKWISE[node.op_type]
        said = attributes_of(node)
        self.weights[base(node.input[place])] = Blocks(
            said.get("quantize_axis", axis),
            said["block_size"],
            said.get("bits", 4),
            len(node.input) < with_zero_points,
        )

    def weight(self, name: str, value: Tensor) -> Tensor:
        kind = self.weights.get(name)
        if kind is None:
            return value
        if isinstance(kind, Table | Blocks):
            return kind.round(value)
        over = [axis for axis in range(value.dim()) if kind.axis is None or axis != kind.axis % value.dim()]
        largest = value.detach().abs().amax(over, keepdim=True)
        scale = (largest / kind.most).clamp_min(1e-12)
        return Straight.apply(value, scale, torch.zeros(()), -kind.most, kind.most)

    def activation(self, name: str, value: Tensor) -> Tensor:
        kind = self.ranges.get(name)
        return value if kind is None else kind.round(value)

    def ends(self) -> dict[str, list[float]]:
        """Of every activation that is rounded, the smallest and largest value that it can take."""
        return {name: kind.ends().tolist() for name, kind in self.ranges.items()}


def base(name: str) -> str:
    for suffix in SUFFIXES:
        name = name.removesuffix(suffix)
    return name
