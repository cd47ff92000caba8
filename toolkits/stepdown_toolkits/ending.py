"""Leaves at once when told to or when the worker is gone, and leaves nothing half-made behind."""

import ctypes
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

PR_SET_PDEATHSIG = 1
_scratch: set[Path] = set()


def die_with_parent() -> None:
    """A worker that is killed must not leave a toolkit computing for nobody (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def end_on_sigterm() -> None:
    def leave(*_: object) -> NoReturn:
        for folder in _scratch:
            shutil.rmtree(folder, ignore_errors=True)
        sys.stderr.flush()
        os._exit(128 + signal.SIGTERM)  # an exception would end in some library's bare `except`

    signal.signal(signal.SIGTERM, leave)


@contextmanager
def scratch_folder(parent: Path) -> Iterator[Path]:
    """A folder for all that is half-made; current and temporary folder as well, since libraries use both."""
    folder = Path(tempfile.mkdtemp(prefix=".scratch-", dir=parent))
    _scratch.add(folder)
    before = os.getcwd(), tempfile.tempdir
    os.chdir(folder)
    tempfile.tempdir = str(folder)
    try:
        yield folder
    finally:
        os.chdir(before[0])
        tempfile.tempdir = before[1]
        shutil.rmtree(folder, ignore_errors=True)
        _scratch.discard(folder)
