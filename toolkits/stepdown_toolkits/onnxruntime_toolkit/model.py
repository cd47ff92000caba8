"""An ONNX file: what it is, and whether it is one that can be served."""

from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, ValueInfoProto

from ..protocol import BadRequest, problem

FIELD = "model.path"


@dataclass
class Model:
    bytes: int
    inputs: list[str]
    outputs: list[str]
    opset: int
    parameters: int
    shapes: dict[str, tuple[int, ...]]
    """Of a row of each input, without the batch; -1 where it is open."""
    types: dict[str, np.dtype]

    def facts(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name not in ("shapes", "types")}


def load(path: Path) -> onnx.ModelProto:
    """The checked graph with its weights."""
    if not path.is_file():
        raise BadRequest(problem(FIELD, f"{path} is not a file; check the path", path.name))
    try:
        model = onnx.load(path, load_external_data=False)
        outside = any(tensor.data_location == TensorProto.EXTERNAL for tensor in model.graph.initializer)
        require_known_operators(model, path)
        if not outside:
            onnx.checker.check_model(model)
    except BadRequest:
        raise
    except Exception as error:  # protobuf and checker raise types of their own
        reason = f"{type(error).__name__}: {error}"
        message = f"is not an ONNX model ({reason}); export it with torch.onnx.export or optimum"
        raise BadRequest(problem(FIELD, message, path.name)) from error
    if outside:
        message = "keeps weights in other files; save it as one file: onnx.save(onnx.load(path), path)"
        raise BadRequest(problem(FIELD, message, path.name))
    return model


def require_known_operators(model: onnx.ModelProto, path: Path) -> None:
    """Of the standard's own domain; whether a custom one is there, ONNX Runtime says when it loads the model."""
    unknown = [
        f"{node.op_type} (node '{node.name}')"
        for node in model.graph.node
        if node.domain in ("", "ai.onnx") and not onnx.defs.has(node.op_type)
    ]
    if unknown:
        message = (
            f"has operators that ONNX does not know: {', '.join(unknown)}; export the model without them"
        )
        raise BadRequest(problem(FIELD, message, path.name))


def read_model(path: Path) -> Model:
    return facts_of(load(path), path)


def facts_of(model: onnx.ModelProto, path: Path) -> Model:
    return Model(
        bytes=path.stat().st_size,
        inputs=[value.name for value in inputs_of(model)],
        outputs=[value.name for value in model.graph.output],
        opset=max(
            (entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")), default=0
        ),
        parameters=sum(prod(tensor.dims) for tensor in model.graph.initializer),
        shapes={value.name: row_shape(value) for value in inputs_of(model)},
        types={
            value.name: onnx.helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type)
            for value in inputs_of(model)
        },
    )


def row_shape(value: ValueInfoProto) -> tuple[int, ...]:
    return tuple(dimension.dim_value or -1 for dimension in value.type.tensor_type.shape.dim[1:])


def inputs_of(model: onnx.ModelProto) -> list[ValueInfoProto]:
    constants = {tensor.name for tensor in model.graph.initializer}
    return [value for value in model.graph.input if value.name not in constants]
