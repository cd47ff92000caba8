"""Runs the model on the rows most likely to break it, long before a measurement would find out."""

from pathlib import Path

import numpy as np
import onnxruntime

from ..protocol import BadRequest, problem
from .model import FIELD
from .tables import Row
from .tasks.task import Feed, Task


def rehearse(path: Path, task: Task, probes: list[tuple[str, Feed]], judged: list[tuple[Row, Feed]]) -> None:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        message = f"does not load in ONNX Runtime {onnxruntime.__version__}: {error}; export it with operators that are there"
        raise BadRequest(problem(FIELD, message, path.name)) from error
    names = [output.name for output in session.get_outputs()]

    def answer(feed: Feed) -> dict[str, np.ndarray]:
        return dict(zip(names, map(np.asarray, session.run(None, feed)), strict=True))

    for what, feed in probes:
        try:
            outputs = answer(feed)
        except Exception as error:
            raise BadRequest(problem(FIELD, f"fails on {what}: {error}; {task.advice}", path.name)) from error
        found = task.answer_problem(outputs)
        if not found and not all(np.isfinite(value).all() for value in outputs.values()):
            found = "with NaN or infinity; repair the model"
        if found:
            raise BadRequest(problem(FIELD, f"answers {what} {found}", path.name))
    for row, feed in judged:
        unfit = task.score_problem(answer(feed), row)
        if unfit:
            raise BadRequest(unfit)
