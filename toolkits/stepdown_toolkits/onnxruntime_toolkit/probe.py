"""What this toolkit is made of and what it can make here."""

from importlib.metadata import version
from typing import Any

from ..protocol import Channel
from .machine import gpu, instruction_sets

PACKAGES = ("onnxruntime", "onnx", "onnx_ir", "numpy", "tokenizers", "pyarrow")
SCHEMES = ("fp16", "int8-dynamic", "int8-static", "int4-weight")


def versions() -> dict[str, str]:
    return {name: version(name) for name in PACKAGES}


def run(_job: dict[str, Any], _channel: Channel) -> dict[str, Any]:
    return {
        "versions": versions(),
        "instructionSets": instruction_sets(),
        "gpu": gpu(),
        "schemes": list(SCHEMES),
    }
