"""An ONNX file: what it is, and whether it is one."""

from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import onnx

from ..protocol import BadRequest, problem


@dataclass
class Model:
    bytes: int
    inputs: list[str]
    outputs: list[str]
    opset: int
    parameters: int

    def facts(self) -> dict[str, Any]:
        return dict(vars(self))


def read_model(path: Path) -> Model:
    try:
        model = onnx.load(path)
        onnx.checker.check_model(model)
    except Exception as error:  # protobuf and checker raise types of their own
        message = f"is not an ONNX model ({type(error).__name__}: {error}); export it with torch.onnx.export or optimum"
        raise BadRequest(problem("model.path", message, path.name)) from error
    constants = {tensor.name for tensor in model.graph.initializer}
    return Model(
        bytes=path.stat().st_size,
        inputs=[value.name for value in model.graph.input if value.name not in constants],
        outputs=[value.name for value in model.graph.output],
        opset=max(
            (entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")), default=0
        ),
        parameters=sum(prod(tensor.dims) for tensor in model.graph.initializer),
    )
