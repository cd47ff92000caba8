"""What the machine can do, as far as quantization cares."""

import subprocess
from pathlib import Path

INSTRUCTION_SETS = ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "amx_int8", "asimddp", "i8mm")
SMI_TIMEOUT_S = 10


def instruction_sets() -> list[str]:
    cpuinfo = Path("/proc/cpuinfo")
    text = cpuinfo.read_text() if cpuinfo.exists() else ""
    lines = (line.partition(":")[2] for line in text.splitlines() if line.startswith(("flags", "Features")))
    flags = set(next(lines, "").split())
    return [name for name in INSTRUCTION_SETS if name in flags]


def has_vnni() -> bool:
    """Without VNNI, U8 x S8 products saturate 16 bits; weights must keep to 7 bits then."""
    return any("vnni" in name or name in ("asimddp", "i8mm") for name in instruction_sets())


def gpu() -> str | None:
    query = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
    try:
        done = subprocess.run(query, capture_output=True, text=True, timeout=SMI_TIMEOUT_S, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip().splitlines()[0] if done.stdout.strip() else None
