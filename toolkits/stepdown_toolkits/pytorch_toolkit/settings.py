"""What a recipe may say about training; everything wrong with one is reported at once."""

from dataclasses import dataclass, fields
from typing import Any

from ..protocol import BadRequest, problem


@dataclass
class Settings:
    steps: int = 400
    batch: int = 32
    learningRate: float = 1e-4
    rangeLearningRate: float = 3e-2
    """Of the ranges of activations, which are learned as powers; 0 leaves them as calibrated."""
    distillation: float = 0.5
    """Share of the loss that is distance from the FP32 model's answers; the rest is distance from the labels."""
    temperature: float = 2.0
    evaluations: int = 10
    """Looks at the selection rows, evenly spread over the steps."""
    patience: int = 4
    """Ends after so many looks without a better one."""


MOST = {
    "steps": 100_000,
    "batch": 1024,
    "learningRate": 1.0,
    "rangeLearningRate": 1.0,
    "distillation": 1.0,
    "temperature": 100.0,
}
MAY_BE_ZERO = ("rangeLearningRate", "distillation")


def settings_of(recipe: dict[str, Any]) -> Settings:
    options = recipe.get("training") or {}
    known = {field.name: field.type for field in fields(Settings)}
    problems = []
    for name, value in options.items():
        path = f"recipe.training.{name}"
        if name not in known:
            problems.append(problem(path, f"is not one of {', '.join(known)}", value))
        elif isinstance(value, bool) or not isinstance(value, int if known[name] is int else (int, float)):
            problems.append(problem(path, f"is {value!r}; give a number", value))
        elif value < 0 or (value == 0 and name not in MAY_BE_ZERO) or value > MOST.get(name, 1000):
            problems.append(
                problem(path, f"is {value!r}; give more than 0 and at most {MOST.get(name, 1000)}", value)
            )
    if problems:
        raise BadRequest(*problems)
    return Settings(**options)
