"""Optimum's quantization presets, and which of them is meant for this CPU."""

from ..onnxruntime_toolkit.machine import instruction_sets

PRESETS = ("avx2", "avx512", "avx512_vnni", "arm64")
NEEDS = {"avx512_vnni": ("avx512f", "avx512_vnni"), "avx512": ("avx512f",), "arm64": ("asimddp",)}


def preset_of_host() -> str:
    """The one that asks for most of what the CPU has; AVX2's on every other x86, AVX-VNNI without AVX-512 too."""
    found = instruction_sets()
    return next((name for name, needed in NEEDS.items() if all(each in found for each in needed)), "avx2")
