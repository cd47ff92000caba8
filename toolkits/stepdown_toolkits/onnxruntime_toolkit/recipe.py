"""What a recipe may say; everything wrong with one is reported at once."""

from typing import Any

import onnx

from ..protocol import BadRequest, problem, take
from .schemes import CALIBRATED, METHODS, SCHEMES, all_static_operators

FLAG, OPERATORS = "true or false", "a list of operator types, or 'all'"
BLOCK_SIZES = (16, 32, 64, 128, 256)
ACCURACY_LEVELS = (0, 1, 2, 3, 4)
OPTIONS: dict[str, dict[str, Any]] = {
    "fp16": {},
    "int8-dynamic": {"perChannel": FLAG, "reduceRange": FLAG, "operators": "a list of operator types"},
    "int8-static": {"perChannel": FLAG, "reduceRange": FLAG, "operators": OPERATORS},
    "int8-qat": {"perChannel": FLAG, "reduceRange": FLAG, "operators": OPERATORS},
    "int4-weight": {
        "embeddings": FLAG,
        "symmetric": FLAG,
        "blockSize": BLOCK_SIZES,
        "accuracyLevel": ACCURACY_LEVELS,
    },
}


def check(recipe: dict[str, Any], model: onnx.ModelProto) -> None:
    scheme = recipe.get("scheme")
    if scheme not in SCHEMES:
        raise BadRequest(problem("recipe.scheme", f"is not one of {', '.join(SCHEMES)}", scheme))
    known = {node.name for node in model.graph.node}
    problems = [
        problem("recipe.exclude", f"the graph has no node '{name}'; take its name from the model", name)
        for name in recipe.get("exclude") or []
        if name not in known
    ]
    for name, value in (recipe.get("options") or {}).items():
        problems += option_problems(scheme, name, value)
    if scheme in CALIBRATED:
        problems += calibration_problems(recipe.get("calibration"))
    if problems:
        raise BadRequest(*problems)


def option_problems(scheme: str, name: str, value: Any) -> list[dict[str, Any]]:
    allowed = OPTIONS[scheme].get(name)
    field = f"recipe.options.{name}"
    if allowed is None:
        known = ", ".join(OPTIONS[scheme]) or "no options"
        return [problem(field, f"{scheme} knows {known}", value)]
    if allowed == FLAG:
        fits = isinstance(value, bool)
    elif isinstance(allowed, tuple):
        fits = type(value) is int and value in allowed
    else:
        operators = all_static_operators()
        fits = (allowed == OPERATORS and value == "all") or (
            isinstance(value, list) and bool(value) and all(item in operators for item in value)
        )
    wanted = f"one of {', '.join(map(str, allowed))}" if isinstance(allowed, tuple) else allowed
    return [] if fits else [problem(field, f"is {value!r}; give {wanted}", value)]


def calibration_problems(calibration: Any) -> list[dict[str, Any]]:
    field = "recipe.calibration"
    try:
        rows_and_method = calibration if isinstance(calibration, dict) else {}
        take(rows_and_method, "rows", int, f"{field}.rows")
        method = take(rows_and_method, "method", str, f"{field}.method")
    except BadRequest as refused:
        return refused.problems
    wanted = ", ".join(METHODS)
    return [] if method in METHODS else [problem(f"{field}.method", f"is not one of {wanted}", method)]
