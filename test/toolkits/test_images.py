"""Images: what becomes of them, from every kind of source, and every way in which they are refused."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest
from conftest import Recorder
from images import SETTINGS, SIZE, digits, job_of, network, png, rows, tensors
from onnx import TensorProto
from PIL import Image

from stepdown_toolkits.onnxruntime_toolkit import prepare, quantize
from stepdown_toolkits.onnxruntime_toolkit.tasks.image import Settings
from stepdown_toolkits.protocol import BadRequest


@pytest.fixture
def job(tmp_path: Path) -> dict[str, Any]:
    return job_of(tmp_path / "job", {"calibration": 200, "selection": 60})


def prepared(job: dict[str, Any], role: str = "selection") -> tuple[dict[str, Any], pa.Table]:
    made = prepare.run(job, Recorder())["roles"][role]
    return made, pa.ipc.open_file(made["path"]).read_all()


def refusal(job: dict[str, Any]) -> str:
    with pytest.raises(BadRequest) as refused:
        prepare.run(job, Recorder())
    assert list(Path(job["outputFolder"]).iterdir()) == []
    return str(refused.value)


def rewrite(job: dict[str, Any], change) -> None:
    found = rows(1000, 60)
    for row in found:
        change(row)
    pyarrow.parquet.write_table(pa.Table.from_pylist(found), job["roles"]["selection"])


def test_pixels_are_grown_and_normalised_as_the_settings_say(job: dict[str, Any]):
    made, table = prepared(job)
    pixels, labels = digits()
    assert table.column_names == ["pixels", "label", "id", "ink"]
    found = np.array(table["pixels"].to_pylist(), np.float32).reshape(-1, 1, SIZE, SIZE)
    np.testing.assert_allclose(found, tensors(pixels[1000:1060]), rtol=1e-6)
    assert table["label"].to_pylist() == labels[1000:1060].tolist()
    assert sum(made["classes"].values()) == made["rows"] == 60
    assert made["slices"]["ink=dark"] + made["slices"]["ink=light"] == 60
    assert "lengths" not in made and "distance" not in made


def test_every_source_of_the_same_images_gives_the_same_tensors(job: dict[str, Any], tmp_path: Path):
    _, first = prepared(job)
    rewrite(job, lambda row: row.update(image={"bytes": row["image"], "path": None}))
    assert prepared(job)[1] == first
    arrow = tmp_path / "selection.arrow"
    pyarrow.feather.write_feather(pa.Table.from_pylist(rows(1000, 60)), arrow)
    job["roles"]["selection"] = str(arrow)
    assert prepared(job)[1] == first

    folder = tmp_path / "images"
    for row in rows(1000, 60):
        path = folder / row["label"] / f"{row['id']}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(row["image"])
    job |= {"slices": [], "roles": {**job["roles"], "selection": str(folder)}}
    _, of_folder = prepared(job)
    by_id = dict(zip(first["id"].to_pylist(), first["pixels"].to_pylist(), strict=True))
    for place, label, tensor in zip(
        *(of_folder[name].to_pylist() for name in ("id", "label", "pixels")), strict=True
    ):
        assert place == f"{label}/{Path(place).name}" and tensor == by_id[Path(place).stem]


def test_tensors_that_are_ready_are_taken_as_they_are(job: dict[str, Any]):
    _, first = prepared(job)
    pixels, _ = digits()
    job["image"] = None
    for role, start in (("calibration", 800), ("selection", 1000)):
        made = rows(start, 60)
        for row, tensor in zip(made, tensors(pixels[start : start + 60]), strict=True):
            row["image"] = tensor[0].tolist()
        pyarrow.parquet.write_table(pa.Table.from_pylist(made), job["roles"][role])
    np.testing.assert_allclose(prepared(job)[1]["pixels"].to_pylist(), first["pixels"].to_pylist(), rtol=1e-6)


def test_the_shorter_side_is_resized_and_the_centre_taken():
    """Against torchvision's definition, by hand: 40 x 20 to 20 x 10 by the shorter side 10, then the middle 8 x 8."""
    image = np.zeros((20, 40, 3), np.uint8)
    image[:, :20] = (255, 0, 0)
    settings = Settings(**{**SETTINGS, "width": 8, "height": 8, "channels": "rgb", "fit": "crop", "resize": 10,
                           "mean": [0, 0, 0], "std": [1, 1, 1]})  # fmt: skip
    tensor = settings.tensor(png(image))
    assert tensor.shape == (8, 8, 3)
    np.testing.assert_array_equal(tensor[:, :4, 0], 1)
    np.testing.assert_array_equal(tensor[:, 4:], 0)


def test_a_jpeg_is_turned_as_its_camera_says():
    turned = Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8))
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter when taken
    buffer = io.BytesIO()
    turned.save(buffer, "JPEG", exif=exif, quality=100)
    tensor = Settings(**{**SETTINGS, "width": 8, "height": 8}).tensor(buffer.getvalue())
    assert tensor[0, 0, 0] > tensor[0, -1, 0]  # the first column became the first row, from the bottom up


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda job: job["image"].update(width=8), "model.image: gives [1, 16, 8] or [16, 8, 1], input 'pixels' takes [1, 16, 16]"),
        (lambda job: job.update(image=None), "row 1: holds an image file; model.image must say how"),
        (lambda job: job.update(slices=[{"name": "length", "tokens": [3]}]), "slices.0.tokens: only text has tokens"),
        (lambda job: job.update(labels=["0", "1"]), "model.labels: lists 2 classes, output 'logits' has 10"),
        (lambda job: rewrite(job, lambda row: row.update(image=b"no image")), "row 1: is not a whole PNG or JPEG file"),
        (lambda job: rewrite(job, lambda row: row.update(image=row["image"][:60])), "row 1: is not a whole PNG or JPEG file"),
        (lambda job: rewrite(job, lambda row: row.update(image=None)), "row 1: holds nothing, not the bytes"),
        (lambda job: rewrite(job, lambda row: row.update(image=[0.5] * 256)), "row 1: holds numbers; leave model.image out"),
        (lambda job: rewrite(job, lambda row: row.update(label="ten")), "label 'ten' is not in model.labels"),
        (lambda job: job["roles"].update(calibration=job["roles"]["selection"]), "shares 60 rows with data.calibration"),
        (lambda job: onnx.save(network(("batch", 1, "height", "width")), job["model"]["path"]), "leaves more than the batch open"),
        (lambda job: onnx.save(network(kind=TensorProto.DOUBLE), job["model"]["path"]), "must be a float32 tensor"),
    ],
)  # fmt: skip
def test_says_what_is_wrong(job: dict[str, Any], change, says: str):
    change(job)
    assert says in refusal(job)


def test_a_folder_without_images_or_with_a_slice_by_column_is_refused(job: dict[str, Any], tmp_path: Path):
    (tmp_path / "empty").mkdir()
    job["roles"]["selection"] = str(tmp_path / "empty")
    assert "a folder has no column 'ink'; put the images into a .parquet" in refusal(job)
    job["slices"] = []
    assert "has no .png, .jpg, .jpeg files; put them into a folder of each class" in refusal(job)


@pytest.mark.parametrize(
    ("scheme", "more"),
    [
        ("int8-dynamic", {}),
        ("int8-static", {"calibration": {"role": "calibration", "rows": 64, "method": "minmax"}}),
        ("fp16", {}),
    ],
)
def test_a_convolution_network_is_quantized_with_integer_kernels(
    job: dict[str, Any], scheme: str, more: dict
):
    calibration = prepare.run(job, Recorder())["roles"]["calibration"]["path"]
    recipe = {"toolkit": "onnxruntime", "scheme": scheme, **more}
    made = quantize.run(
        {
            "recipe": recipe,
            "model": job["model"]["path"],
            "calibrationData": calibration,
            "outputFolder": job["outputFolder"],
        },
        Recorder(),
    )
    assert made["coverage"]["integer"] == (2 if scheme.startswith("int") else 0)
    assert made["sizeBytes"] < Path(job["model"]["path"]).stat().st_size
