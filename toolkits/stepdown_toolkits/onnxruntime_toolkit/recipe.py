"""What a recipe may say; everything wrong with one is reported at once."""

from dataclasses import dataclass
from typing import Any

import onnx

from ..protocol import BadRequest, problem, take
from .schemes import FORMATS, WEIGHT_TYPES, all_static_operators
from .weights import WEIGHT_BITS

FLAG, OPERATORS = "true or false", "a list of operator types, or 'all'"
BLOCK_SIZES = (16, 32, 64, 128, 256)
ACCURACY_LEVELS = (0, 1, 2, 3, 4)
WEIGHT_ONLY: dict[str, Any] = {
    "embeddings": FLAG,
    "symmetric": FLAG,
    "blockSize": BLOCK_SIZES,
    "embeddingsBlockSize": BLOCK_SIZES,
    "accuracyLevel": ACCURACY_LEVELS,
}
INT8: dict[str, Any] = {"perChannel": FLAG, "reduceRange": FLAG}
TYPES = tuple(WEIGHT_TYPES)
OPTIONS: dict[str, dict[str, Any]] = {
    "fp16": {},
    "int8-dynamic": {**INT8, "types": TYPES, "operators": "a list of operator types"},
    "int8-static": {**INT8, "types": TYPES, "format": tuple(FORMATS), "operators": OPERATORS},
    "int8-qat": {**INT8, "operators": OPERATORS},
    **dict.fromkeys(WEIGHT_BITS, WEIGHT_ONLY),
    # lookup tables in bytes have one scale
    "int8-weight": {name: value for name, value in WEIGHT_ONLY.items() if name != "embeddingsBlockSize"},
    # what is trained is rounded to the nearest
    "int4-weight": {**WEIGHT_ONLY, "algorithm": ("rtn", "hqq", "k-quant")},
    "int2-weight": {**WEIGHT_ONLY, "algorithm": ("rtn", "hqq")},
}


@dataclass(frozen=True)
class Rules:
    """What recipes of one toolkit may say."""

    options: dict[str, dict[str, Any]]
    """By scheme, what every option may be."""
    methods: dict[str, tuple[str, ...]]
    """By scheme that is calibrated, how."""


def check(recipe: dict[str, Any], model: onnx.ModelProto, rules: Rules) -> None:
    scheme = recipe.get("scheme")
    if scheme not in rules.options:
        raise BadRequest(problem("recipe.scheme", f"is not one of {', '.join(rules.options)}", scheme))
    known = {node.name for node in model.graph.node}
    problems = [
        problem("recipe.exclude", f"the graph has no node '{name}'; take its name from the model", name)
        for name in recipe.get("exclude") or []
        if name not in known
    ]
    for name, value in (recipe.get("options") or {}).items():
        problems += option_problems(scheme, rules.options[scheme], name, value)
    if scheme in rules.methods:
        problems += calibration_problems(recipe.get("calibration"), rules.methods[scheme])
    if problems:
        raise BadRequest(*problems)


def option_problems(scheme: str, options: dict[str, Any], name: str, value: Any) -> list[dict[str, Any]]:
    allowed = options.get(name)
    field = f"recipe.options.{name}"
    if allowed is None:
        known = ", ".join(options) or "no options"
        return [problem(field, f"{scheme} knows {known}", value)]
    if allowed == FLAG:
        fits = isinstance(value, bool)
    elif isinstance(allowed, tuple):
        fits = type(value) is type(allowed[0]) and value in allowed
    else:
        operators = all_static_operators()
        fits = (allowed == OPERATORS and value == "all") or (
            isinstance(value, list) and bool(value) and all(item in operators for item in value)
        )
    wanted = f"one of {', '.join(map(str, allowed))}" if isinstance(allowed, tuple) else allowed
    return [] if fits else [problem(field, f"is {value!r}; give {wanted}", value)]


def calibration_problems(calibration: Any, methods: tuple[str, ...]) -> list[dict[str, Any]]:
    field = "recipe.calibration"
    try:
        rows_and_method = calibration if isinstance(calibration, dict) else {}
        take(rows_and_method, "rows", int, f"{field}.rows")
        method = take(rows_and_method, "method", str, f"{field}.method")
    except BadRequest as refused:
        return refused.problems
    wanted = ", ".join(methods)
    return [] if method in methods else [problem(f"{field}.method", f"is not one of {wanted}", method)]
