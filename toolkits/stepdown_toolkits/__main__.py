"""Entry: job as one JSON document on stdin; progress, then a result or an error, as JSON lines on stdout."""

import importlib
import json
import sys
import traceback

from .protocol import (
    BAD_REQUEST,
    DONE,
    FAULT,
    UNAVAILABLE,
    BadRequest,
    Channel,
    Unavailable,
    die_with_parent,
    end_on_sigterm,
    problem,
)

TOOLKITS = {"onnxruntime": ("probe", "prepare", "quantize")}


def main(arguments: list[str]) -> int:
    die_with_parent()
    end_on_sigterm()
    channel = Channel()
    try:
        if len(arguments) != 2 or arguments[1] not in TOOLKITS.get(arguments[0], ()):
            known = ", ".join(f"{toolkit} {verb}" for toolkit, verbs in TOOLKITS.items() for verb in verbs)
            raise BadRequest(
                problem("arguments", f"there is no such toolkit and verb; there are: {known}", arguments)
            )
        toolkit, verb = arguments
        job = json.load(sys.stdin)
        result = importlib.import_module(f"stepdown_toolkits.{toolkit}_toolkit.{verb}").run(job, channel)
        channel.send("result", **result)
        return DONE
    except BadRequest as error:
        channel.send("error", kind="bad-request", message=str(error), problems=error.problems)
        return BAD_REQUEST
    except Unavailable as error:
        channel.send("error", kind="unavailable", message=str(error))
        return UNAVAILABLE
    except MemoryError:
        channel.send("error", kind="fault", message="out of memory; give the toolkit a larger machine")
        return FAULT
    except Exception as error:
        traceback.print_exc()
        channel.send("error", kind="fault", message=f"{type(error).__name__}: {error}")
        return FAULT


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
