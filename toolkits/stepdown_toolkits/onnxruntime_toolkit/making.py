"""What every scheme works with."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .calibration import Feed


@dataclass
class Making:
    """`rows` and `progress` are for calibration, unless there are `ranges` already."""

    source: Path
    target: Path
    recipe: dict[str, Any]
    scratch: Path
    rows: list[Feed]
    progress: Callable[[int, int], None]
    ranges: Path | None = None

    @property
    def options(self) -> dict[str, Any]:
        return self.recipe.get("options") or {}

    @property
    def exclude(self) -> list[str]:
        return self.recipe.get("exclude") or []
