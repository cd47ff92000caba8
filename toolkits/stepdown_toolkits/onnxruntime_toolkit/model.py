"""An ONNX file: what it is, and whether it is one that can be served."""

from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import onnx
from onnx import TensorProto, ValueInfoProto

from ..protocol import BadRequest, problem

TOKENIZER_INPUTS = ("input_ids", "attention_mask", "token_type_ids")
FIELD = "model.path"


@dataclass
class Model:
    bytes: int
    inputs: list[str]
    outputs: list[str]
    opset: int
    parameters: int

    def facts(self) -> dict[str, Any]:
        return dict(vars(self))


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
    )


def inputs_of(model: onnx.ModelProto) -> list[ValueInfoProto]:
    constants = {tensor.name for tensor in model.graph.initializer}
    return [value for value in model.graph.input if value.name not in constants]


def serving_problems(model: onnx.ModelProto, classes: int) -> list[dict[str, Any]]:
    """Inputs must be what a tokenizer makes, of any batch and length; output 0 is a logit per class."""
    problems = []
    for value in inputs_of(model):
        tensor = value.type.tensor_type
        if value.name not in TOKENIZER_INPUTS:
            message = (
                f"the tokenizer makes {', '.join(TOKENIZER_INPUTS)} only; export the model with those inputs"
            )
        elif tensor.elem_type != TensorProto.INT64 or len(tensor.shape.dim) != 2:
            message = "must be an int64 tensor of batch x length; export the model so"
        elif any(dimension.dim_value > 0 for dimension in tensor.shape.dim):
            message = "has a fixed shape; export the model with dynamic axes for batch and length"
        else:
            continue
        problems.append(problem(FIELD, f"input '{value.name}': {message}", value.name))
    logits = model.graph.output[0]
    shape = logits.type.tensor_type.shape.dim
    width = shape[-1].dim_value if shape else 0  # 0 where the exporter left it open
    if width not in (0, classes):
        message = (
            f"lists {classes} classes, output '{logits.name}' has {width} logits; list one class per logit"
        )
        problems.append(problem("model.labels", message, classes))
    return problems
