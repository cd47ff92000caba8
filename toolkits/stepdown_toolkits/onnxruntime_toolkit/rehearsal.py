"""Runs the model on the rows most likely to break it, long before a measurement would find out."""

from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Encoding

from ..protocol import BadRequest, problem
from .model import FIELD, Model

ATTRIBUTES = {"input_ids": "ids", "attention_mask": "attention_mask", "token_type_ids": "type_ids"}


def rehearse(path: Path, model: Model, encoded: dict[str, list[Encoding]], classes: int) -> None:
    """The longest row and the one with the highest token id: wrong maxLength or tokenizer fail here."""
    rows = [row for of_role in encoded.values() for row in of_role]
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        message = f"does not load in ONNX Runtime {onnxruntime.__version__}: {error}; export it with operators that are there"
        raise BadRequest(problem(FIELD, message, path.name)) from error
    for row in (max(rows, key=lambda row: len(row.ids)), max(rows, key=lambda row: max(row.ids))):
        what = f"a row of {len(row.ids)} tokens with the highest id {max(row.ids)}"
        feed = {name: np.asarray([getattr(row, ATTRIBUTES[name])], np.int64) for name in model.inputs}
        try:
            logits = np.asarray(session.run(None, feed)[0])
        except Exception as error:
            message = f"fails on {what}: {error}; check that tokenizer and maxLength are this model's"
            raise BadRequest(problem(FIELD, message, path.name)) from error
        if logits.shape != (1, classes):
            message = (
                f"answers {what} with the shape {list(logits.shape)}, not [1, {classes}]: a logit per class"
            )
            raise BadRequest(problem(FIELD, message, path.name))
        if not np.isfinite(logits).all():
            raise BadRequest(
                problem(FIELD, f"answers {what} with NaN or infinity; repair the model", path.name)
            )
