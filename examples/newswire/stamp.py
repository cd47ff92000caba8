"""Skips a step whose inputs have not changed since it last finished."""

import hashlib
from collections.abc import Iterable
from pathlib import Path


def fingerprint(inputs: Iterable[Path | str]) -> str:
    """Files count with their content; a wheel's name is enough, wheels.txt pins its content."""
    digest = hashlib.sha256()
    for item in inputs:
        content = item.read_bytes() if isinstance(item, Path) else item.encode()
        digest.update(len(content).to_bytes(8, "big") + content)
    return digest.hexdigest()


def up_to_date(stamp: Path, value: str, outputs: Iterable[Path]) -> bool:
    return all(path.is_file() for path in (stamp, *outputs)) and stamp.read_text() == value


def replace(path: Path, content: str) -> None:
    """Writes the file whole or not at all."""
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(content, encoding="utf-8")
    partial.replace(path)
