"""ONNX operators in PyTorch, as far as encoders and convolutional networks use them; all can be differentiated."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from onnx import helper, numpy_helper
from torch import Tensor

Attributes = dict[str, Any]
Operator = Callable[..., Tensor | Sequence[Tensor]]


def numbers(value: Tensor | Sequence[int]) -> list[int]:
    return value.tolist() if isinstance(value, Tensor) else list(value)


def torch_type(kind: int) -> torch.dtype:
    return torch.from_numpy(np.zeros(1, helper.tensor_dtype_to_np_dtype(kind))).dtype


def pads_of(a: Attributes, spatial: int) -> list[int]:
    """In the order of `F.pad`: the last dimension first, before and after."""
    pads = a.get("pads") or [0] * (2 * spatial)
    return [pads[side * spatial + axis] for axis in reversed(range(spatial)) for side in (0, 1)]


def convolve(a: Attributes, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    spatial = weight.dim() - 2
    options = {"stride": a.get("strides", 1), "dilation": a.get("dilations", 1), "groups": a.get("group", 1)}
    return (F.conv1d, F.conv2d, F.conv3d)[spatial - 1](F.pad(x, pads_of(a, spatial)), weight, bias, **options)


def max_pool(a: Attributes, x: Tensor) -> Tensor:
    kernel = a["kernel_shape"]
    padded = F.pad(x, pads_of(a, len(kernel)), value=-torch.inf)
    return (F.max_pool1d, F.max_pool2d, F.max_pool3d)[len(kernel) - 1](
        padded, kernel, a.get("strides") or [1] * len(kernel)
    )


def average_pool(a: Attributes, x: Tensor) -> Tensor:
    kernel = a["kernel_shape"]
    pool = (F.avg_pool1d, F.avg_pool2d, F.avg_pool3d)[len(kernel) - 1]
    half = (a.get("pads") or [0] * len(kernel))[: len(kernel)]
    counted = bool(a.get("count_include_pad", 0))
    return pool(x, kernel, a.get("strides") or [1] * len(kernel), half, count_include_pad=counted)


def gemm(a: Attributes, x: Tensor, y: Tensor, c: Tensor | None = None) -> Tensor:
    product = (x.T if a.get("transA") else x) @ (y.T if a.get("transB") else y) * a.get("alpha", 1.0)
    return product if c is None else product + a.get("beta", 1.0) * c


def batch_norm(a: Attributes, x: Tensor, scale: Tensor, bias: Tensor, mean: Tensor, var: Tensor) -> Tensor:
    return F.batch_norm(x, mean, var, scale, bias, eps=a.get("epsilon", 1e-5))


def layer_norm(a: Attributes, x: Tensor, scale: Tensor, bias: Tensor | None = None) -> Tensor:
    return F.layer_norm(x, x.shape[a.get("axis", -1) :], scale, bias, a.get("epsilon", 1e-5))


def reduce(function: Callable[..., Tensor]) -> Operator:
    def run(a: Attributes, x: Tensor, axes: Tensor | None = None) -> Tensor:
        over = numbers(axes) if axes is not None else a.get("axes") or list(range(x.dim()))
        return function(x, over, keepdim=bool(a.get("keepdims", 1)))

    return run


def reshape(a: Attributes, x: Tensor, shape: Tensor) -> Tensor:
    wanted = numbers(shape)
    if not a.get("allowzero"):
        wanted = [x.shape[place] if size == 0 else size for place, size in enumerate(wanted)]
    return x.reshape(wanted)


def squeeze(a: Attributes, x: Tensor, axes: Tensor | None = None) -> Tensor:
    over = numbers(axes) if axes is not None else a.get("axes")
    return x.squeeze(over) if over else x.squeeze()


def unsqueeze(a: Attributes, x: Tensor, axes: Tensor | None = None) -> Tensor:
    over = numbers(axes) if axes is not None else a["axes"]
    for axis in sorted(axis % (x.dim() + len(over)) for axis in over):
        x = x.unsqueeze(axis)
    return x


def cut(
    a: Attributes, x: Tensor, starts: Tensor, ends: Tensor, axes: Any = None, steps: Any = None
) -> Tensor:
    first, last = numbers(starts), numbers(ends)
    over = numbers(axes) if axes is not None else list(range(len(first)))
    for axis, start, end, step in zip(
        over, first, last, numbers(steps) if steps is not None else [1] * len(first), strict=True
    ):
        index = torch.arange(x.shape[axis])[slice(start, end, step) if step > 0 else slice(start, end)]
        x = x.index_select(axis, index)
    return x


def gather(a: Attributes, x: Tensor, indices: Tensor) -> Tensor:
    axis = a.get("axis", 0) % x.dim()
    rows = x.index_select(axis, torch.where(indices < 0, indices + x.shape[axis], indices).reshape(-1))
    return rows.reshape([*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :]])


def split(a: Attributes, x: Tensor, sizes: Tensor | None = None) -> Sequence[Tensor]:
    axis = a.get("axis", 0)
    parts = numbers(sizes) if sizes is not None else a.get("split") or x.shape[axis] // a["num_outputs"]
    return x.split(parts, axis)


def constant_of_shape(a: Attributes, shape: Tensor) -> Tensor:
    value = torch.from_numpy(numpy_helper.to_array(a["value"]).copy()) if "value" in a else torch.zeros(1)
    return torch.full(numbers(shape), value.item(), dtype=value.dtype)


def divide(a: Attributes, x: Tensor, y: Tensor) -> Tensor:
    return x / y if x.is_floating_point() else torch.div(x, y, rounding_mode="trunc")


def clip(a: Attributes, x: Tensor, low: Tensor | None = None, high: Tensor | None = None) -> Tensor:
    low = low if low is not None else a.get("min")
    high = high if high is not None else a.get("max")
    return x if low is None and high is None else torch.clamp(x, low, high)


OPERATORS: dict[str, Operator] = {
    "Add": lambda a, x, y: x + y,
    "Sub": lambda a, x, y: x - y,
    "Mul": lambda a, x, y: x * y,
    "Div": divide,
    "Pow": lambda a, x, y: x**y,
    "MatMul": lambda a, x, y: x @ y,
    "Equal": lambda a, x, y: x == y,
    "Greater": lambda a, x, y: x > y,
    "Less": lambda a, x, y: x < y,
    "And": lambda a, x, y: x & y,
    "Not": lambda a, x: ~x,
    "Neg": lambda a, x: -x,
    "Abs": lambda a, x: x.abs(),
    "Sqrt": lambda a, x: x.sqrt(),
    "Exp": lambda a, x: x.exp(),
    "Log": lambda a, x: x.log(),
    "Erf": lambda a, x: x.erf(),
    "Tanh": lambda a, x: x.tanh(),
    "Sigmoid": lambda a, x: x.sigmoid(),
    "Relu": lambda a, x: F.relu(x),
    "LeakyRelu": lambda a, x: F.leaky_relu(x, a.get("alpha", 0.01)),
    "HardSigmoid": lambda a, x: torch.clamp(a.get("alpha", 0.2) * x + a.get("beta", 0.5), 0, 1),
    "HardSwish": lambda a, x: F.hardswish(x),
    "Gelu": lambda a, x: F.gelu(x, approximate=a.get("approximate", b"none").decode()),
    "Softmax": lambda a, x: x.softmax(a.get("axis", -1)),
    "Clip": clip,
    "Conv": convolve,
    "MaxPool": max_pool,
    "AveragePool": average_pool,
    "GlobalAveragePool": lambda a, x: x.mean(list(range(2, x.dim())), keepdim=True),
    "Gemm": gemm,
    "BatchNormalization": batch_norm,
    "LayerNormalization": layer_norm,
    "ReduceMean": reduce(torch.mean),
    "ReduceSum": reduce(torch.sum),
    "ReduceMax": reduce(torch.amax),
    "Identity": lambda a, x: x,
    "Dropout": lambda a, x, *_: x,
    "Cast": lambda a, x: x.to(torch_type(a["to"])),
    "Constant": lambda a: torch.from_numpy(numpy_helper.to_array(a["value"]).copy()),
    "ConstantOfShape": constant_of_shape,
    "Shape": lambda a, x: torch.tensor(x.shape[a.get("start", 0) : a.get("end")]),
    "Range": lambda a, first, last, step: torch.arange(first.item(), last.item(), step.item()),
    "Reshape": reshape,
    "Flatten": lambda a, x: x.reshape([int(np.prod(x.shape[: a.get("axis", 1)])), -1]),
    "Transpose": lambda a, x: x.permute(a.get("perm") or list(reversed(range(x.dim())))),
    "Squeeze": squeeze,
    "Unsqueeze": unsqueeze,
    "Concat": lambda a, *x: torch.cat(x, a["axis"]),
    "Split": split,
    "Slice": cut,
    "Gather": gather,
    "Expand": lambda a, x, shape: x * torch.ones(numbers(shape), dtype=x.dtype),
    "Where": lambda a, condition, x, y: torch.where(condition, x, y),
}
