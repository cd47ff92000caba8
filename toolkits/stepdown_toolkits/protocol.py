"""What passes between a toolkit and the activity that runs it: JSON lines on stdout, then an exit code."""

import json
import os
from typing import Any, TextIO, TypeVar

DONE, FAULT, BAD_REQUEST, UNAVAILABLE = 0, 1, 2, 3

T = TypeVar("T")
NAMES = {str: "a text", int: "a whole number", bool: "true or false", list: "a list", dict: "an object"}


class BadRequest(Exception):
    """What was asked for can never work; every problem names the field, the value and the fix."""

    def __init__(self, *problems: dict[str, Any]) -> None:
        super().__init__("; ".join(f"{p['field']}: {p['message']}" for p in problems))
        self.problems = list(problems)


class Unavailable(Exception):
    """Something that this machine lacks; the message names it."""


def problem(field: str, message: str, value: Any = None) -> dict[str, Any]:
    return {"field": field, "value": value, "message": message}


def take(job: dict[str, Any], name: str, kind: type[T], field: str | None = None) -> T:
    """A field of the job that must be there and of this kind; `field` is its path where it lies deeper."""
    value = job.get(name)
    if value is None:
        raise BadRequest(problem(field or name, f"is missing; give {NAMES[kind]}"))
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise BadRequest(problem(field or name, f"is {value!r}; give {NAMES[kind]}", value))
    return value


class Channel:
    """The real stdout, for protocol lines only; whatever libraries print goes to stderr."""

    def __init__(self) -> None:
        self._out: TextIO = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)

    def send(self, line: str, **body: Any) -> None:
        self._out.write(json.dumps({"type": line, **body}, default=str) + "\n")
        self._out.flush()

    def progress(self, stage: str, done: int, total: int, **more: Any) -> None:
        self.send("progress", stage=stage, done=done, total=total, **more)
