"""Says what of an environment is not as it was installed; needs no package. `check.py <requirements>`, a line a fault."""

import re
import sys
from importlib.metadata import Distribution, distributions
from pathlib import Path

PINNED = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)", re.MULTILINE)


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def faults(requirements: str) -> list[str]:
    installed = {normal(found.metadata["Name"] or ""): found for found in distributions()}
    found = []
    for name, version in PINNED.findall(requirements):
        package = installed.get(normal(name))
        if package is None:
            found.append(f"{name} is not installed")
        elif package.version.partition("+")[0] != version.partition("+")[0]:  # a build may add its own suffix
            found.append(f"{name} is {package.version}, not {version}")
        else:
            found += [f"{name}: {path} is damaged or missing" for path in damaged(package)][:1]
    return found


def damaged(package: Distribution) -> list[str]:
    """Files that have not the size they were installed with; what Python compiles of them is its own to write."""
    wrong = []
    for file in package.files or []:
        path = Path(str(file.locate()))
        if (
            file.suffix != ".pyc"
            and file.size is not None
            and (not path.is_file() or path.stat().st_size != file.size)
        ):
            wrong.append(str(file))
    return wrong


if __name__ == "__main__":
    print("\n".join(faults(Path(sys.argv[1]).read_text(encoding="utf-8"))))
