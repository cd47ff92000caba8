"""The ranges of activations that a model was trained with, which travel to the exporter in its file."""

import json
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import CalibrationMethod
from onnxruntime.quantization.calibrate import (
    TensorData,
    TensorsData,
    load_tensors_data,
    save_tensors_data,
)

from ..protocol import BadRequest, problem

KEY = "stepdown.ranges"


def described(ranges: Path) -> str:
    """Without the histograms, which are long and only led to them."""
    found = load_tensors_data(ranges)
    limits = {name: [np.asarray(limit).item() for limit in found[name].range_value] for name in found}
    return json.dumps({"method": found.calibration_method.name, "ranges": limits}, sort_keys=True)


def with_ends(text: str, ends: dict[str, list[float]]) -> str:
    """With the ranges that training came to in the place of those of the calibration."""
    kept = json.loads(text)
    return json.dumps({**kept, "ranges": kept["ranges"] | ends}, sort_keys=True)


def write(text: str, scratch: Path) -> Path:
    """The file that `quantize_static` takes its ranges from."""
    kept = json.loads(text)
    tensors = {
        name: TensorData(lowest=np.float32(low), highest=np.float32(high))
        for name, (low, high) in kept["ranges"].items()
    }
    target = scratch / "ranges.json"
    save_tensors_data(TensorsData(CalibrationMethod[kept["method"]], tensors), target)
    return target


def keep(model: onnx.ModelProto, text: str) -> None:
    forget(model)
    model.metadata_props.add(key=KEY, value=text)


def forget(model: onnx.ModelProto) -> None:
    for entry in [entry for entry in model.metadata_props if entry.key == KEY]:
        model.metadata_props.remove(entry)


def kept_in(path: Path) -> str:
    model = onnx.load(path, load_external_data=False)
    text = next((entry.value for entry in model.metadata_props if entry.key == KEY), None)
    if text is None:
        message = "has no ranges that it was trained with; train it, or quantize it by int8-static"
        raise BadRequest(problem("model.path", message, path.name))
    return text
