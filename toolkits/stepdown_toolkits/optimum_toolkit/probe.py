"""What this toolkit is made of and which of its presets fits this CPU."""

from typing import Any

from ..onnxruntime_toolkit.probe import probed
from ..protocol import Channel
from .presets import preset_of_host

PACKAGES = ("optimum", "optimum-onnx", "transformers", "onnxruntime", "onnx", "torch", "numpy", "pyarrow")
SCHEMES = ("int8-dynamic", "int8-static")


def run(_job: dict[str, Any], _channel: Channel) -> dict[str, Any]:
    return {**probed(PACKAGES, SCHEMES), "preset": preset_of_host()}
