"""What each kind of model decides for itself in preparation; everything else is the same for all."""

from importlib import import_module
from typing import Any

from ...protocol import BadRequest, problem, take
from .task import Task

TASKS = {
    "text-classification": ("text", "TextClassification"),
    "image-classification": ("image", "ImageClassification"),
    "question-answering": ("question", "QuestionAnswering"),
    "embeddings": ("embedding", "embeddings_of"),
    "custom": ("custom", "task_of"),
}
"""Module and class; loaded when asked for, so that text needs no image library."""


def task_of(job: dict[str, Any]) -> Task:
    name = take(job, "task", str) if "task" in job else "text-classification"
    if name not in TASKS:
        raise BadRequest(problem("model.task", f"is not known; there are {', '.join(TASKS)}", name))
    module, kind = TASKS[name]
    return getattr(import_module(f".{module}", __name__), kind)(job)
