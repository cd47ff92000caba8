"""Where training stands; the newest one is kept, and is whole or not there."""

from pathlib import Path
from typing import Any

import torch


def save(state: dict[str, Any], step: int, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"checkpoint-{step:06d}.pt"
    partial = target.with_suffix(".partial")
    torch.save(state, partial)
    partial.rename(target)
    for older in folder.glob("checkpoint-*.pt"):
        if older != target:
            older.unlink()
    return target


def newest(told: str | None, folder: Path) -> dict[str, Any] | None:
    """The one that the last heartbeat told of, or a later one that it had no time to tell of."""
    there = sorted(folder.glob("checkpoint-*.pt")) if folder.is_dir() else []
    path = there[-1] if there else Path(told) if told and Path(told).is_file() else None
    state = torch.load(path, weights_only=True) if path else None
    return state if state and "learned" in state else None  # older ones have no ranges: training begins anew
