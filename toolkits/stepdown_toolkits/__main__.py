"""Entry: job as one JSON document on stdin; progress, then a result or an error, as JSON lines on stdout."""

import importlib
import json
import sys
import traceback
from typing import Any

from .ending import die_with_parent, end_on_sigterm
from .protocol import BAD_REQUEST, DONE, FAULT, UNAVAILABLE, BadRequest, Channel, Unavailable, problem

TOOLKITS = {
    "onnxruntime": ("probe", "prepare", "quantize", "sensitivity", "evaluate"),
    "pytorch": ("probe", "export", "train"),
    "optimum": ("probe", "quantize"),
    "tensorrt": ("probe", "quantize"),
}

OWN_ENVIRONMENTS = ("optimum", "tensorrt")  # the others share `core`


def main(arguments: list[str]) -> int:
    die_with_parent()
    end_on_sigterm()
    channel = Channel()
    try:
        channel.send("result", **perform(arguments, channel))
        return DONE
    except BadRequest as error:
        body = {"field": error.problems[0]["field"], "problems": error.problems}
        channel.send("error", kind="bad-request", message=str(error), **body)
        return BAD_REQUEST
    except (Unavailable, ImportError) as error:
        channel.send("error", kind="unavailable", message=missing(error, arguments[0]))
        return UNAVAILABLE
    except MemoryError:
        channel.send("error", kind="fault", message="out of memory; give the toolkit a larger machine")
        return FAULT
    except Exception as error:
        traceback.print_exc()
        channel.send("error", kind="fault", message=f"{type(error).__name__}: {error}")
        return FAULT


def perform(arguments: list[str], channel: Channel) -> dict[str, Any]:
    if len(arguments) != 2 or arguments[1] not in TOOLKITS.get(arguments[0], ()):
        known = ", ".join(f"{toolkit} {verb}" for toolkit, verbs in TOOLKITS.items() for verb in verbs)
        message = f"there is no such toolkit and verb; there are: {known}"
        raise BadRequest(problem("arguments", message, arguments))
    toolkit, verb = arguments
    try:
        job = json.load(sys.stdin)
    except ValueError as error:
        raise BadRequest(problem("job", f"stdin is not one JSON document: {error}")) from error
    if not isinstance(job, dict):
        raise BadRequest(problem("job", "stdin is not a JSON object", job))
    return importlib.import_module(f"stepdown_toolkits.{toolkit}_toolkit.{verb}").run(job, channel)


def missing(error: Exception, toolkit: str) -> str:
    if not isinstance(error, ImportError):
        return str(error)
    traceback.print_exc()
    what = f"the Python package '{error.name}'" if error.name else "a Python package"
    environment = toolkit if toolkit in OWN_ENVIRONMENTS else "core"
    command = "npm run setup" + (f" -- --environment {environment}" if toolkit in OWN_ENVIRONMENTS else "")
    return f"{what} cannot be loaded ({error}); install toolkits/environments/{environment}.txt, `{command}` does"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
