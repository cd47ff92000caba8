"""Text: a tokenizer makes the tensors."""

import hashlib
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pyarrow as pa
from onnx import TensorProto
from tokenizers import Encoding, Tokenizer

from ...protocol import BadRequest, problem, take
from ..checks import normalized
from ..model import FIELD, Model, inputs_of
from ..tables import Row
from .task import Classification, Feed, Task

BATCH = 256
ATTRIBUTES = {"input_ids": "ids", "attention_mask": "attention_mask", "token_type_ids": "type_ids"}


class Text(Task):
    reserved = ("id", "label", *ATTRIBUTES)
    has_tokens = True
    advice = "check that tokenizer and maxLength are this model's"

    def __init__(self, job: dict[str, Any]) -> None:
        super().__init__(job)
        self.path = Path(take(job, "tokenizer", str))
        self.job = job
        self.tokenizer: Tokenizer

    def check_slice(self, index: int, rule: dict[str, Any]) -> None:
        edges = rule.get("tokens", [0])
        if edges != sorted(set(edges)):
            message = "list token counts in ascending order, each once, such as [32, 63]"
            raise BadRequest(problem(f"slices.{index}.tokens", message, edges))

    def model_problems(self, graph: onnx.ModelProto) -> list[dict[str, Any]]:
        """Inputs must be what a tokenizer makes, of any batch and length."""
        problems = []
        for value in inputs_of(graph):
            tensor = value.type.tensor_type
            if value.name not in ATTRIBUTES:
                message = (
                    f"the tokenizer makes {', '.join(ATTRIBUTES)} only; export the model with those inputs"
                )
            elif tensor.elem_type != TensorProto.INT64 or len(tensor.shape.dim) != 2:
                message = "must be an int64 tensor of batch x length; export the model so"
            elif any(dimension.dim_value > 0 for dimension in tensor.shape.dim):
                message = "has a fixed shape; export the model with dynamic axes for batch and length"
            else:
                continue
            problems.append(problem(FIELD, f"input '{value.name}': {message}", value.name))
        return problems

    def open(self) -> str:
        length, pads = take(self.job, "maxLength", int), self.job.get("padding") == "maximum"
        self.tokenizer = open_tokenizer(self.path, length, pads)
        return hashlib.sha256(self.path.read_bytes()).hexdigest()

    def content(self, row: Row) -> str:
        return normalized(row[self.columns["text"]])

    def encode(self, role: str, rows: list[Row], progress: Any) -> list[Any]:
        return self.tokenized(role, [row[self.columns["text"]] for row in rows], progress)

    def tokenized(self, role: str, texts: list[Any], progress: Any) -> list[Encoding]:
        encoded: list[Encoding] = []
        for start in range(0, len(texts), BATCH):
            encoded += self.tokenizer.encode_batch(texts[start : start + BATCH])
            progress(role, len(encoded), len(texts))
        for number, row in enumerate(encoded, start=1):
            if not row.ids:
                message = f"row {number}: the tokenizer finds no token in the text; leave the row out"
                raise BadRequest(problem(f"data.{role}", message, str(texts[number - 1])[:80]))
        return encoded

    def probes(self, model: Model, encoded: dict[str, list[Encoding]]) -> list[tuple[str, Feed]]:
        """The longest row and the one with the highest token id: wrong maxLength or tokenizer fail here."""
        rows = [row for of_role in encoded.values() for row in of_role]
        hardest = (max(rows, key=lambda row: len(row.ids)), max(rows, key=lambda row: max(row.ids)))
        return [
            (
                f"a row of {len(row.ids)} tokens with the highest id {max(row.ids)}",
                {name: np.asarray([getattr(row, ATTRIBUTES[name])], np.int64) for name in model.inputs},
            )
            for row in hardest
        ]

    def inputs(self, model: Model, encoded: list[Encoding]) -> dict[str, pa.Array]:
        return self.token_columns(model.inputs, encoded)

    def token_columns(self, names: list[str], encoded: list[Encoding]) -> dict[str, pa.Array]:
        return {
            name: pa.array([getattr(row, ATTRIBUTES[name]) for row in encoded], pa.list_(pa.int64()))
            for name in names
        }

    def slice_values(self, rule: dict[str, Any], rows: list[Row], encoded: list[Encoding]) -> list[str]:
        if "column" in rule:
            return super().slice_values(rule, rows, encoded)
        return [length_class(sum(row.attention_mask), rule["tokens"]) for row in encoded]

    def facts(self, rows: list[Row], encoded: list[Encoding]) -> dict[str, Any]:
        return {**super().facts(rows, encoded), "lengths": length_quantiles(encoded)}


class TextClassification(Text, Classification):
    kinds = ("id", "text", "label")

    def model_problems(self, graph: onnx.ModelProto) -> list[dict[str, Any]]:
        return [*super().model_problems(graph), *self.logit_problems(graph)]


def open_tokenizer(path: Path, length: int, pads: bool) -> Tokenizer:
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises plain Exception
        message = f"is not a tokenizer.json of the tokenizers library: {error}"
        raise BadRequest(problem("model.tokenizer", message, path.name)) from error
    added = tokenizer.num_special_tokens_to_add(is_pair=False)
    if length <= added:
        raise BadRequest(problem("model.maxLength", f"the tokenizer adds {added} tokens; allow more", length))
    own = tokenizer.padding or {}
    tokenizer.no_padding()
    tokenizer.enable_truncation(length)
    if pads:
        token = own.get("pad_token", "[PAD]")
        pad_id = own.get("pad_id", tokenizer.token_to_id(token) or 0)
        tokenizer.enable_padding(length=length, pad_id=pad_id, pad_token=token)
    return tokenizer


def length_class(length: int, edges: list[int]) -> str:
    """`<=32`, `33-63`, `>=64` for the edges 32 and 63."""
    low = 0
    for edge in edges:
        if length <= edge:
            return f"<={edge}" if low == 0 else f"{low}-{edge}"
        low = edge + 1
    return f">={low}"


def length_quantiles(rows: list[Encoding]) -> dict[str, int]:
    """Tokens of the middle row, of the 99th of 100 and of the longest."""
    lengths = sorted(sum(row.attention_mask) for row in rows)
    at = {"p50": 0.5, "p99": 0.99, "max": 1.0}
    return {name: lengths[max(0, ceil(share * len(lengths)) - 1)] for name, share in at.items()}
