"""An ONNX graph as a PyTorch module: its initializers are the parameters, its nodes run one after the other."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from ..protocol import BadRequest, problem
from .operators import OPERATORS

Feed = dict[str, Tensor]
Change = Callable[[str, Tensor], Tensor]
TOLERANCE = (
    1e-3  # of the largest answer; what PyTorch and ONNX Runtime add up in another order stays far below
)


class Graph(nn.Module):
    """`on_weight` and `on_activation` see every tensor by name and give what the graph goes on with."""

    def __init__(self, model: onnx.ModelProto) -> None:
        super().__init__()
        require_known(model)
        self._nodes = [
            (OPERATORS[node.op_type], list(node.input), list(node.output), attributes_of(node))
            for node in model.graph.node
        ]
        self.outputs = [value.name for value in model.graph.output]
        self.weights: dict[str, nn.Parameter] = {}
        self._constants: dict[str, Tensor] = {}
        for tensor in model.graph.initializer:
            value = torch.from_numpy(numpy_helper.to_array(tensor).copy())
            if value.is_floating_point() and value.numel() > 1:
                self.weights[tensor.name] = nn.Parameter(value)
            else:
                self._constants[tensor.name] = value
        self._trained = nn.ParameterList(self.weights.values())

    def forward(
        self, feed: Feed, on_weight: Change | None = None, on_activation: Change | None = None
    ) -> Tensor:
        values: dict[str, Tensor] = {**self._constants, **feed}
        values |= {name: on_weight(name, w) if on_weight else w for name, w in self.weights.items()}
        if on_activation:
            values |= {name: on_activation(name, value) for name, value in feed.items()}
        for operator, inputs, outputs, attributes in self._nodes:
            made = operator(attributes, *(values[name] if name else None for name in inputs))
            for name, value in zip(outputs, [made] if isinstance(made, Tensor) else made, strict=False):
                values[name] = on_activation(name, value) if on_activation else value
        return values[self.outputs[0]]


def attributes_of(node: onnx.NodeProto) -> dict:
    return {attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in node.attribute}


def require_known(model: onnx.ModelProto) -> None:
    unknown = sorted({node.op_type for node in model.graph.node if node.op_type not in OPERATORS})
    if unknown:
        message = (
            f"has operators that cannot be trained here ({', '.join(unknown)}); export the model without them"
        )
        raise BadRequest(problem("model.path", message, unknown))


def require_same_answers(graph: Graph, path: Path, feed: Feed) -> None:
    """What is trained must be what is served."""
    require_same(path, feed, lambda: graph(feed))


def require_same_answers_of(module: nn.Module, path: Path, example: Feed) -> None:
    """What was exported must answer as what it was exported from."""
    require_same(path, example, lambda: module(*example.values()))


def require_same(path: Path, feed: Feed, answer: Callable[[], Tensor]) -> None:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    served = session.run(None, {name: value.numpy() for name, value in feed.items()})[0]
    with torch.no_grad():
        trained = answer().numpy()
    distance = float(np.max(np.abs(served - trained)) / max(np.max(np.abs(served)), 1e-9))
    if not distance <= TOLERANCE:
        message = f"answers in PyTorch are {distance:.1e} of the largest away from those of ONNX Runtime; export it again"
        raise BadRequest(problem("model.path", message, distance))


def save_weights(model: onnx.ModelProto, graph: Graph, path: Path) -> None:
    for tensor in model.graph.initializer:
        if tensor.name in graph.weights:
            trained = graph.weights[tensor.name].detach().numpy().astype(numpy_helper.to_array(tensor).dtype)
            tensor.CopyFrom(numpy_helper.from_array(trained, tensor.name))
    onnx.save(model, path)
