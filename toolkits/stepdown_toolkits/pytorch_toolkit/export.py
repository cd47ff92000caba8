"""A Hugging Face directory or a user's entry point as one ONNX file with dynamic axes that answers as it does."""

import importlib
import inspect
import sys
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ..ending import scratch_folder
from ..onnxruntime_toolkit.model import read_model
from ..protocol import BadRequest, Channel, problem, take
from .graph import Feed, require_same_answers_of

OPSET = 17
EXAMPLE_LENGTH = 16
TASKS = {
    "text-classification": "AutoModelForSequenceClassification",
    "image-classification": "AutoModelForImageClassification",
    "question-answering": "AutoModelForQuestionAnswering",
    "embedding": "AutoModel",
}


class Logits(nn.Module):
    """Takes the inputs in order, as the exporter traces them, and gives plain tensors."""

    def __init__(self, model: nn.Module, names: list[str]) -> None:
        super().__init__()
        self.model, self.names = model, names

    def forward(self, *values: torch.Tensor) -> Any:
        answer = self.model(**dict(zip(self.names, values, strict=True)))
        return answer if isinstance(answer, torch.Tensor) else answer[0]


def run(job: dict[str, Any], channel: Channel) -> dict[str, Any]:
    kind, source = take(job, "kind", str), Path(take(job, "path", str)).absolute()
    folder = Path(take(job, "outputFolder", str)).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    if not source.is_dir():
        raise BadRequest(problem("model.path", f"{source} is not a directory; check the path", source.name))
    if kind not in ("huggingface", "pytorch"):
        raise BadRequest(problem("model.kind", "is not one of huggingface, pytorch", kind))
    channel.progress("load", 0, 2)
    model, example = (
        hugging_face(source, take(job, "task", str))
        if kind == "huggingface"
        else entry_point(source, take(job, "entryPoint", str, "model.entryPoint"))
    )
    wrapped = Logits(model.eval(), list(example)).eval()
    channel.progress("export", 1, 2)
    with scratch_folder(folder) as scratch:
        partial = scratch / "model.onnx"
        torch.onnx.export(
            wrapped,
            tuple(example.values()),
            str(partial),
            input_names=list(example),
            output_names=["logits"],
            dynamic_axes={
                **{name: dynamic_axes(value) for name, value in example.items()},
                "logits": {0: "batch"},
            },
            opset_version=OPSET,
            dynamo=False,
        )
        require_same_answers_of(wrapped, partial, example)
        target = partial.rename(folder / "model.onnx")
    channel.progress("done", 2, 2)
    return {"path": str(target), "model": read_model(target).facts()}


def dynamic_axes(value: torch.Tensor) -> dict[int, str]:
    """Token matrices vary in length as well; images keep their size."""
    return {0: "batch", 1: "length"} if value.dtype == torch.int64 and value.dim() == 2 else {0: "batch"}


def hugging_face(source: Path, task: str) -> tuple[nn.Module, Feed]:
    import transformers

    if task not in TASKS:
        raise BadRequest(problem("model.task", f"is not one of {', '.join(TASKS)}", task))
    try:
        model = getattr(transformers, TASKS[task]).from_pretrained(
            source, local_files_only=True, attn_implementation="eager"
        )
    except Exception as error:  # the library raises types of its own
        message = f"is not a Hugging Face directory of a {task} model ({error}); it needs config.json and model.safetensors"
        raise BadRequest(problem("model.path", message, source.name)) from error
    accepted = inspect.signature(model.forward).parameters
    if "pixel_values" in accepted:
        size, channels = getattr(model.config, "image_size", 224), getattr(model.config, "num_channels", 3)
        return model, {"pixel_values": torch.rand(2, channels, size, size)}
    names = [name for name in ("input_ids", "attention_mask", "token_type_ids") if name in accepted]
    if "token_type_ids" in names and getattr(model.config, "type_vocab_size", 0) < 2:
        names.remove("token_type_ids")
    fill = {"token_type_ids": 0}  # of everything else, 1 is a token and an attended place
    return model, {
        name: torch.full((2, EXAMPLE_LENGTH), fill.get(name, 1), dtype=torch.int64) for name in names
    }


def entry_point(source: Path, name: str) -> tuple[nn.Module, Feed]:
    """`module:function` in the folder; the function gives {"model": ..., "inputs": {name: example tensor}}."""
    field = "model.entryPoint"
    module, _, function = name.partition(":")
    sys.path.insert(0, str(source))
    try:
        made = getattr(importlib.import_module(module), function)()
    except Exception as error:
        message = f"cannot be called ({type(error).__name__}: {error}); write module:function, found in {source.name}"
        raise BadRequest(problem(field, message, name)) from error
    finally:
        sys.path.remove(str(source))
    model, inputs = (made.get("model"), made.get("inputs")) if isinstance(made, dict) else (None, None)
    if not isinstance(model, nn.Module) or not isinstance(inputs, dict) or not inputs:
        message = 'must return {"model": a torch.nn.Module, "inputs": {name: an example tensor of two rows}}'
        raise BadRequest(problem(field, message, name))
    return model, inputs
