"""Candidates of Optimum's ORTQuantizer and its presets; rows, checks and audit are those of every toolkit."""

from dataclasses import replace
from typing import Any

from optimum.onnxruntime import ORTQuantizer
from optimum.onnxruntime.configuration import AutoQuantizationConfig, CalibrationConfig, QuantizationConfig

from ..onnxruntime_toolkit.calibration import batches
from ..onnxruntime_toolkit.quantize import Maker, make
from ..onnxruntime_toolkit.recipe import FLAG, OPERATORS, Rules
from ..onnxruntime_toolkit.schemes import METHODS, Making, all_static_operators
from ..protocol import Channel
from .presets import PRESETS, preset_of_host
from .probe import PACKAGES

OPTIONS = {"preset": PRESETS, "perChannel": FLAG, "reduceRange": FLAG}
BINS: dict[str, dict[str, Any]] = {  # what AutoCalibrationConfig takes
    "minmax": {},
    "entropy": {"num_bins": 128, "num_quantized_bins": 128},
    "percentile": {"num_bins": 2048, "percentile": 99.999},
}
RULES = Rules(
    {
        "int8-dynamic": {**OPTIONS, "operators": "a list of operator types"},
        "int8-static": {**OPTIONS, "operators": OPERATORS},
    },
    {"int8-static": tuple(METHODS)},
)


def run(job: dict[str, Any], channel: Channel) -> dict[str, Any]:
    return make(job, channel, OPTIMUM)


def configuration(making: Making, is_static: bool) -> QuantizationConfig:
    """The preset of the host or of the recipe; what the recipe says otherwise takes its place."""
    options = making.options
    preset = getattr(AutoQuantizationConfig, options.get("preset", preset_of_host()))
    operators = options.get("operators")
    chosen = preset(
        is_static=is_static,
        per_channel=options.get("perChannel", is_static),
        nodes_to_exclude=making.exclude,
        operators_to_quantize=all_static_operators() if operators == "all" else operators,
    )
    return replace(chosen, reduce_range=options["reduceRange"]) if "reduceRange" in options else chosen


def int8_dynamic(making: Making) -> None:
    write(making, quantizer_of(making), configuration(making, False), None)


def int8_static(making: Making) -> None:
    chosen = configuration(making, True)
    quantizer = quantizer_of(making)
    write(making, quantizer, chosen, ranges(making, quantizer, chosen))


def quantizer_of(making: Making) -> ORTQuantizer:
    return ORTQuantizer.from_pretrained(making.source.parent, file_name=making.source.name)


def ranges(making: Making, quantizer: ORTQuantizer, chosen: QuantizationConfig) -> Any:
    """A batch a call, which bounds the memory; rows are of their own length, as padding would be calibrated too."""
    method = METHODS[making.recipe["calibration"]["method"]]
    bins = BINS[making.recipe["calibration"]["method"]]
    calibration = CalibrationConfig("rows", "", "calibration", len(making.rows), method, **bins)
    operators = [str(getattr(operator, "value", operator)) for operator in chosen.operators_to_quantize]
    augmented = making.scratch / "augmented.onnx"
    done = 0
    for batch in batches(making.rows):
        count = len(next(iter(batch.values())))
        rows = [{name: values[row] for name, values in batch.items()} for row in range(count)]
        quantizer.partial_fit(rows, calibration, str(augmented), operators, batch_size=count)
        calibration = replace(
            calibration, method=None
        )  # goes on with the calibrator that the first batch made
        done += count
        making.progress(done, len(making.rows))
    found = quantizer.compute_ranges()
    augmented.unlink(missing_ok=True)
    return found


def write(making: Making, quantizer: ORTQuantizer, chosen: QuantizationConfig, found: Any) -> None:
    folder = making.scratch / "optimum"
    quantizer.quantize(chosen, folder, file_suffix="", calibration_tensors_range=found)
    (folder / making.source.name).replace(making.target)


OPTIMUM = Maker(RULES, {"int8-dynamic": int8_dynamic, "int8-static": int8_static}, PACKAGES)
