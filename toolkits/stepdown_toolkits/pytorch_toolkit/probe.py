"""What exports and trains."""

from typing import Any

from ..onnxruntime_toolkit.probe import probed
from ..protocol import Channel

PACKAGES = ("torch", "onnx", "onnxscript", "transformers")
SCHEMES = ("int8-qat", "int4-qat", "int2-qat")


def run(_job: dict[str, Any], _channel: Channel) -> dict[str, Any]:
    return probed(PACKAGES, SCHEMES)
