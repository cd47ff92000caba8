"""Merges the adapter into the base weights and exports the classifier to ONNX, the same bytes every time."""

import json
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import nn

from model import Classifier, base_encoder, merge, with_adapter

OPSET = 17
TOLERANCE = (
    1e-4  # largest difference between PyTorch and ONNX Runtime, of the largest logit where that is above 1
)
CHECKED_ROWS = 8


def merged_classifier(wheel: Path, adapter: Path, classes: int) -> Classifier:
    model = with_adapter(Classifier(base_encoder(wheel), classes))
    unexpected = model.load_state_dict(load_file(adapter), strict=False).unexpected_keys
    if unexpected:
        raise SystemExit(f"{adapter.name} does not fit the model: {', '.join(unexpected)}")
    return merge(model).eval()


def write_onnx(
    model: nn.Module,
    target: Path,
    inputs: Sequence[str] = ("input_ids", "attention_mask"),
    outputs: Sequence[str] = ("logits",),
) -> None:
    """Inputs, and outputs but for logits, are of any batch and length."""
    axes = {0: "batch", 1: "length"}
    given = torch.ones(2, 16, dtype=torch.long)
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model,
            (given,) * len(inputs),
            str(target),
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_axes={**dict.fromkeys([*inputs, *outputs], axes), "logits": {0: "batch"}},
            opset_version=OPSET,
            dynamo=False,  # plain MatMuls with constant weights, which every quantizer knows
        )
    graph = onnx.load(target)
    for node in graph.graph.node:
        node.ClearField("doc_string")  # stack traces: paths of this machine in the file
    onnx.checker.check_model(graph)
    onnx.save(graph, target)


def check(model: Classifier, path: Path, tokenizer: Tokenizer, texts: list[str]) -> None:
    """Compares PyTorch and ONNX Runtime on real rows, padded together and each alone."""
    tokenizer.enable_truncation(64)
    tokenizer.enable_padding()
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    for batch in (texts, texts[:1]):
        encoded = tokenizer.encode_batch(batch)
        ids = torch.tensor([row.ids for row in encoded])
        mask = torch.tensor([row.attention_mask for row in encoded])
        with torch.inference_mode():
            expected = model(ids, mask).numpy()
        (actual,) = session.run(["logits"], {"input_ids": ids.numpy(), "attention_mask": mask.numpy()})
        worst = float(np.abs(expected - actual).max() / max(1, np.abs(expected).max()))
        if not worst <= TOLERANCE:
            raise SystemExit(f"the exported model differs from PyTorch by {worst:.2g} on {len(batch)} rows")


def export(wheel: Path, adapter: Path, build: Path) -> None:
    classes = json.loads((build / "labels.json").read_text())
    model = merged_classifier(wheel, adapter, len(classes))
    partial = build / ".model.onnx.partial"
    write_onnx(model, partial)
    with (build / "data" / "selection.jsonl").open() as rows:
        texts = [json.loads(line)["text"] for line, _ in zip(rows, range(CHECKED_ROWS), strict=False)]
    check(model, partial, Tokenizer.from_file(str(build / "tokenizer.json")), texts)
    partial.replace(build / "model.onnx")
