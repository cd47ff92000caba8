"""Handwritten digits and a small convolution network for them, from scikit-learn's data set: no download."""

import io
import json
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pyarrow as pa
import pyarrow.parquet
from onnx import TensorProto, helper, numpy_helper
from PIL import Image
from sklearn.datasets import load_digits

SIZE, FILTERS = 16, 16
LABELS = [str(digit) for digit in range(10)]
SETTINGS: dict[str, Any] = {
    "width": SIZE,
    "height": SIZE,
    "channels": "gray",
    "fit": "stretch",
    "resize": None,
    "resample": "nearest",
    "mean": [0.5],
    "std": [0.25],
}


@cache
def digits() -> tuple[np.ndarray, np.ndarray]:
    """8 x 8 pixels of 0 to 255, and the digit; each image once, in an order that is not the data set's."""
    images, labels = load_digits(return_X_y=True)
    pixels = np.rint(images * 255 / 16).astype(np.uint8).reshape(-1, 8, 8)
    _, first = np.unique(pixels.reshape(len(pixels), -1), axis=0, return_index=True)
    order = np.random.default_rng(3).permutation(np.sort(first))
    return pixels[order], labels[order]


def png(pixels: np.ndarray, kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind)
    return buffer.getvalue()


def tensors(pixels: np.ndarray) -> np.ndarray:
    """What SETTINGS make of 8 x 8 pixels, by NumPy alone: each pixel four times."""
    grown = pixels.repeat(2, axis=1).repeat(2, axis=2).astype(np.float32)
    return ((grown / np.float32(255) - np.float32(0.5)) / np.float32(0.25)).reshape(-1, 1, SIZE, SIZE)


@cache
def weights() -> dict[str, np.ndarray]:
    """Random filters; the head by least squares on 1,000 digits, with a ridge."""
    filters = np.random.default_rng(5).normal(size=(FILTERS, 1, 3, 3)).astype(np.float32) / 3
    pixels, labels = digits()
    features = convolved(tensors(pixels[:1000]), filters)
    features = np.hstack([features, np.ones((len(features), 1), np.float32)])
    gram = features.T @ features + 10 * np.eye(features.shape[1], dtype=np.float32)
    head = np.linalg.solve(gram, features.T @ np.eye(10, dtype=np.float32)[labels[:1000]])
    return {"filters": filters, "head": head[:-1].astype(np.float32), "bias": head[-1].astype(np.float32)}


def network(
    shape: tuple[Any, ...] = ("batch", 1, SIZE, SIZE), kind: int = TensorProto.FLOAT
) -> onnx.ModelProto:
    """A convolution with a stride, ReLU, and a linear head."""
    nodes = [
        helper.make_node(
            "Conv",
            ["pixels", "filters"],
            ["mixed"],
            "/conv",
            kernel_shape=[3, 3],
            strides=[2, 2],
            pads=[0, 0, 1, 1],
        ),
        helper.make_node("Relu", ["mixed"], ["active"], "/relu"),
        helper.make_node("Flatten", ["active"], ["flat"], "/flatten"),
        helper.make_node("Gemm", ["flat", "head", "bias"], ["logits"], "/head"),
    ]
    graph = helper.make_graph(
        nodes,
        "digits",
        [helper.make_tensor_value_info("pixels", kind, list(shape))],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", len(LABELS)])],
        [numpy_helper.from_array(value, name) for name, value in weights().items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def convolved(images: np.ndarray, filters: np.ndarray) -> np.ndarray:
    padded = np.pad(images[:, 0], ((0, 0), (0, 1), (0, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))[:, ::2, ::2]
    return np.maximum(np.einsum("nhwij,fij->nfhw", windows, filters[:, 0]), 0).reshape(len(images), -1)


def rows(start: int, count: int) -> list[dict[str, Any]]:
    pixels, labels = digits()
    return [
        {
            "id": f"digit-{number}",
            "image": png(pixels[number]),
            "label": str(labels[number]),
            "ink": "dark" if pixels[number].mean() > 78 else "light",
        }
        for number in range(start, start + count)
    ]


def job_of(folder: Path, counts: dict[str, int]) -> dict[str, Any]:
    """A job for `prepare` that succeeds, with a Parquet file for each role."""
    folder.mkdir(parents=True, exist_ok=True)
    onnx.save(network(), folder / "digits.onnx")
    (folder / "out").mkdir()
    roles, start = {}, 1000 - counts.get("calibration", 0)
    for role, count in counts.items():
        roles[role] = str(folder / f"{role}.parquet")
        pyarrow.parquet.write_table(pa.Table.from_pylist(rows(start, count)), roles[role])
        start += count
    return {
        "task": "image-classification",
        "model": {"path": str(folder / "digits.onnx")},
        "image": dict(SETTINGS),
        "labels": LABELS,
        "columns": {"id": "id", "image": "image", "label": "label"},
        "roles": roles,
        "slices": [{"name": "ink", "column": "ink"}],
        "outputFolder": str(folder / "out"),
    }


def main(folder: Path) -> None:
    """For tests in other languages: model and roles in a folder, the selection as a folder of each class."""
    job = job_of(folder, {"calibration": 120, "production": 60, "holdout": 60})
    pixels, labels = digits()
    chosen = slice(1200, 1400)
    for number in range(1200, 1400):
        path = folder / "selection" / str(labels[number]) / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(pixels[number]))
    found = convolved(tensors(pixels[chosen]), weights()["filters"]) @ weights()["head"] + weights()["bias"]
    right = int((found.argmax(axis=1) == labels[chosen]).sum())
    print(json.dumps({"model": job["model"]["path"], "roles": job["roles"], "right": right}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
