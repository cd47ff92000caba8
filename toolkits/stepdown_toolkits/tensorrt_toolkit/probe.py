"""What this toolkit is made of, and whether an engine can be built here."""

from typing import Any

from ..onnxruntime_toolkit.probe import probed
from ..protocol import Channel
from .engine import engine_here

PACKAGES = (
    *("nvidia-modelopt", "onnx", "onnxruntime", "onnx-graphsurgeon", "polygraphy", "torch", "numpy"),
    *("lief", "onnxscript", "onnxslim", "pyarrow"),
)
SCHEMES = ("fp16", "int8-static", "int4-weight")


def run(_job: dict[str, Any], _channel: Channel) -> dict[str, Any]:
    return {**probed(PACKAGES, SCHEMES), "engine": engine_here()}
