"""What each kind of model decides for itself in preparation; everything else is the same for all."""

from typing import Any

from ...protocol import BadRequest, problem, take
from .image import ImageClassification
from .task import Task
from .text import TextClassification

TASKS: dict[str, type[Task]] = {
    "text-classification": TextClassification,
    "image-classification": ImageClassification,
}


def task_of(job: dict[str, Any]) -> Task:
    name = take(job, "task", str) if "task" in job else "text-classification"
    if name not in TASKS:
        raise BadRequest(problem("model.task", f"is not known; there are {', '.join(TASKS)}", name))
    return TASKS[name](job)
