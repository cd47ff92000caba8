"""Images: PNG and JPEG files or bytes, resized and normalised; or tensors that are ready."""

import hashlib
import io
import json
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pyarrow as pa
from onnx import TensorProto
from PIL import Image, ImageOps

from ...protocol import problem, take
from ..checks import first_few
from ..model import FIELD, Model, inputs_of
from ..tables import Row
from ..tables import load as load_rows
from .task import Classification, Feed

MODES = {"rgb": "RGB", "gray": "L"}
SUFFIXES = (".png", ".jpg", ".jpeg")
LARGEST_ROLE = 2**31 - 2**20  # bytes; what a reader of the prepared file takes into memory at once


@dataclass
class Picture:
    """A row's pixels as they came, and a hash of the tensor that they become."""

    source: bytes | np.ndarray
    digest: str

    def __str__(self) -> str:
        return self.digest


@dataclass
class Settings:
    """How an image becomes a tensor; mean and deviation are of values from 0 to 1."""

    width: int
    height: int
    channels: str
    fit: str
    resize: int | None
    resample: str
    mean: list[float]
    std: list[float]

    def tensor(self, source: bytes) -> np.ndarray:
        """Height x width x channels, float32."""
        with Image.open(io.BytesIO(source), formats=("PNG", "JPEG")) as opened:
            image = ImageOps.exif_transpose(opened).convert(MODES[self.channels])
        filter_ = Image.Resampling[self.resample.upper()]
        size = (self.width, self.height)
        if self.fit == "stretch":
            image = image if image.size == size else image.resize(size, filter_)
        else:
            image = centre(shorter_side(image, self.resize or min(size), filter_), size)
        pixels = np.asarray(image, np.float32).reshape(self.height, self.width, -1) / np.float32(255)
        return (pixels - np.asarray(self.mean, np.float32)) / np.asarray(self.std, np.float32)


class ImageClassification(Classification):
    kinds = ("id", "image", "label")
    advice = "check that model.image is what this model was trained with"

    def __init__(self, job: dict[str, Any]) -> None:
        super().__init__(job)
        given = take(job, "image", dict) if job.get("image") is not None else None
        self.settings = Settings(**given) if given else None
        self.input = ""
        self.layout = "chw"

    def model_problems(self, graph: onnx.ModelProto) -> list[dict[str, Any]]:
        problems = self.logit_problems(graph)
        inputs = inputs_of(graph)
        self.input = inputs[0].name if inputs else ""
        if len(inputs) != 1:
            names = ", ".join(value.name for value in inputs)
            message = f"has the inputs {names}; a model of images has one; export it so"
            return [problem(FIELD, message, names), *problems]
        tensor = inputs[0].type.tensor_type
        shape = [dimension.dim_value for dimension in tensor.shape.dim]
        of_input = f"input '{self.input}'"
        if tensor.elem_type != TensorProto.FLOAT:
            problems.append(
                problem(FIELD, f"{of_input} must be a float32 tensor; export the model so", self.input)
            )
        if any(size <= 0 for size in shape[1:]):
            message = (
                f"{of_input} of shape {shape} leaves more than the batch open; export it with fixed sizes"
            )
            problems.append(problem(FIELD, message, self.input))
        elif self.settings:
            problems += self.shape_problems(shape[1:], of_input)
        return problems

    def shape_problems(self, shape: list[int], of_input: str) -> list[dict[str, Any]]:
        """Channels first or last is told by the shape alone."""
        settings = self.settings
        assert settings
        depth = len(settings.mean)
        first = [depth, settings.height, settings.width]
        last = [settings.height, settings.width, depth]
        self.layout = "chw" if shape == first else "hwc"
        if shape in (first, last):
            return []
        message = (
            f"gives {first} or {last}, {of_input} takes {shape}; "
            "set width, height and channels to what the model takes"
        )
        return [problem("model.image", message, shape)]

    def open(self) -> str:
        given = vars(self.settings) if self.settings else None
        return hashlib.sha256(json.dumps(given, sort_keys=True).encode()).hexdigest()

    def load(self, role: str, file: Path, model: Model | None) -> tuple[list[Row], list[dict[str, Any]]]:
        field, column = f"data.{role}", self.columns["image"]
        rows, problems = (
            self.of_folder(field, file)
            if file.is_dir()
            else load_rows(role, file, self.wanted(role), raw=[column])
        )
        elements = prod(model.shapes[self.input]) if model else None
        unreadable = []
        for number, row in enumerate(rows, start=1):
            try:
                row[column] = self.picture(row[column], elements)
            except (ValueError, OSError, Image.DecompressionBombError) as error:
                unreadable.append(problem(field, f"row {number}: {error}", row[self.columns["id"]]))
        if elements and len(rows) * elements * 4 > LARGEST_ROLE:
            most = LARGEST_ROLE // (elements * 4)
            message = f"has {len(rows)} rows of {elements} numbers; give at most {most} rows"
            problems.append(problem(field, message, len(rows)))
        return ([] if unreadable else rows), [*problems, *first_few(field, unreadable)]

    def of_folder(self, field: str, folder: Path) -> tuple[list[Row], list[dict[str, Any]]]:
        """A folder of each class; the id is the place in the folder."""
        sliced = [rule["column"] for rule in self.slices]
        if sliced:
            message = f"a folder has no column '{sliced[0]}'; put the images into a .parquet or .arrow file"
            return [], [problem(field, message, sliced[0])]
        files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
        if not files:
            message = f"has no {', '.join(SUFFIXES)} files; put them into a folder of each class"
            return [], [problem(field, message, folder.name)]
        columns = self.columns
        return [
            {
                columns["id"]: str(path.relative_to(folder)),
                columns["image"]: path.read_bytes(),
                columns["label"]: path.parent.name,
            }
            for path in files
        ], []

    def picture(self, cell: Any, elements: int | None) -> Picture:
        """Raises ValueError or OSError with what is wrong and what to do."""
        source = (
            cell.get("bytes") if isinstance(cell, dict) else cell
        )  # as data sets of Hugging Face have them
        if isinstance(source, list):
            if self.settings:
                raise ValueError("holds numbers; leave model.image out for tensors that are ready")
            tensor = np.asarray(source, np.float32).ravel()  # a ragged list raises ValueError
            if not np.isfinite(tensor).all():
                raise ValueError("holds NaN or infinity; leave the row out")
            if elements is not None and tensor.size != elements:
                raise ValueError(
                    f"has {tensor.size} numbers, the model takes {elements}; give tensors of its shape"
                )
            return Picture(tensor, hashlib.sha256(tensor.tobytes()).hexdigest())
        if not isinstance(source, bytes) or not source:
            kind = "nothing" if not source else type(source).__name__
            raise ValueError(f"holds {kind}, not the bytes of a PNG or JPEG file; write them into the column")
        if not self.settings:
            raise ValueError("holds an image file; model.image must say how it becomes a tensor")
        try:
            tensor = self.settings.tensor(source)
        except OSError as error:
            raise ValueError(f"is not a whole PNG or JPEG file ({error}); leave the row out") from error
        return Picture(source, hashlib.sha256(tensor.tobytes()).hexdigest())

    def content(self, row: Row) -> str:
        return str(row[self.columns["image"]])

    def encode(self, role: str, rows: list[Row], progress: Any) -> list[Picture]:
        progress(role, len(rows), len(rows))
        return [row[self.columns["image"]] for row in rows]

    def probes(self, model: Model, encoded: dict[str, list[Picture]]) -> list[tuple[str, Feed]]:
        role, pictures = next(iter(encoded.items()))
        tensor = self.flat(pictures[0]).reshape(1, *model.shapes[self.input])
        return [(f"the first row of data.{role}", {self.input: tensor})]

    def inputs(self, model: Model, encoded: list[Picture]) -> dict[str, pa.Array]:
        width = prod(model.shapes[self.input])
        values = np.empty(len(encoded) * width, np.float32)
        for row, picture in enumerate(encoded):
            values[row * width : (row + 1) * width] = self.flat(picture)
        ends = np.arange(len(encoded) + 1, dtype=np.int32) * width
        return {self.input: pa.ListArray.from_arrays(pa.array(ends), pa.array(values))}

    def flat(self, picture: Picture) -> np.ndarray:
        if isinstance(picture.source, np.ndarray):
            return picture.source
        assert self.settings
        tensor = self.settings.tensor(picture.source)
        return (tensor.transpose(2, 0, 1) if self.layout == "chw" else tensor).ravel()


def shorter_side(image: Image.Image, length: int, filter_: Image.Resampling) -> Image.Image:
    scale = length / min(image.size)
    return image.resize((round(image.width * scale), round(image.height * scale)), filter_)


def centre(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Of the image; what lies beyond it is black."""
    left, top = round((image.width - size[0]) / 2), round((image.height - size[1]) / 2)
    return image.crop((left, top, left + size[0], top + size[1]))
