"""What this toolkit is made of and what it can make here."""

import hashlib
import platform
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import onnxruntime

from ..protocol import Channel
from .machine import gpu, instruction_sets

PACKAGES = ("onnxruntime", "onnx", "onnx_ir", "numpy", "tokenizers", "pyarrow", "torch", "transformers")
SCHEMES = ("fp16", "int8-dynamic", "int8-static", "int8-weight", "int4-weight", "int2-weight")


def versions(packages: Iterable[str] = PACKAGES) -> dict[str, str]:
    found = {name: version(name) for name in packages}
    return {**found, "python": platform.python_version(), "stepdown_toolkits": own_version()}


def own_version() -> str:
    """A hash of the code: a changed toolkit never passes for the one that made an earlier trial."""
    folder = Path(__file__).parent.parent
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        digest.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def run(_job: dict[str, Any], _channel: Channel) -> dict[str, Any]:
    return probed(PACKAGES, SCHEMES)


def probed(packages: Iterable[str], schemes: Iterable[str]) -> dict[str, Any]:
    """What every toolkit says of itself and of the machine."""
    return {
        "versions": versions(packages),
        "instructionSets": instruction_sets(),
        "gpu": gpu(),
        "providers": onnxruntime.get_available_providers(),
        "schemes": list(schemes),
    }
