"""What passes between a toolkit and the activity that runs it: JSON lines on stdout, then an exit code."""

import ctypes
import json
import os
import signal
import sys
from typing import Any, NoReturn, TextIO

DONE, FAULT, BAD_REQUEST, UNAVAILABLE = 0, 1, 2, 3
PR_SET_PDEATHSIG = 1


class BadRequest(Exception):
    """What was asked for can never work; every problem names the field, the value and the fix."""

    def __init__(self, *problems: dict[str, Any]) -> None:
        super().__init__("; ".join(f"{p['field']}: {p['message']}" for p in problems))
        self.problems = list(problems)


class Unavailable(Exception):
    """Something that this machine lacks; the message names it."""


def problem(field: str, message: str, value: Any = None) -> dict[str, Any]:
    return {"field": field, "value": value, "message": message}


class Channel:
    """The real stdout, for protocol lines only; whatever libraries print goes to stderr."""

    def __init__(self) -> None:
        self._out: TextIO = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)

    def send(self, kind: str, **body: Any) -> None:
        self._out.write(json.dumps({"type": kind, **body}) + "\n")
        self._out.flush()

    def progress(self, stage: str, done: int, total: int) -> None:
        self.send("progress", stage=stage, done=done, total=total)


def die_with_parent() -> None:
    """A worker that is killed must not leave a toolkit computing for nobody (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def end_on_sigterm() -> None:
    def leave(*_: object) -> NoReturn:
        sys.stderr.flush()
        os._exit(128 + signal.SIGTERM)

    signal.signal(signal.SIGTERM, leave)
