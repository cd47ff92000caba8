"""NNCF's quantization with accuracy control."""

import sys

import nncf
import numpy as np
import onnx
from nncf.quantization.advanced_parameters import QuantizationParameters
from shared import Feed, Job, play, session_of

SUBSET = 300  # its default


def quantize(job: Job) -> str | None:
    everything = len(job.selection)

    def validate(model: onnx.ModelProto, rows: list[tuple[Feed, int]]) -> tuple[float, list[float]]:
        items = list(rows)
        if len(items) == everything:
            job.full_evaluations += 1
            print(f"evaluation {job.full_evaluations}", file=sys.stderr, flush=True)
        session = session_of(model)
        right = [float(int(session.run(None, feed)[0].argmax()) == label) for feed, label in items]
        return float(np.mean(right)), right

    weights = QuantizationParameters(per_channel=False if job.per_tensor else None)
    quantized = nncf.quantize_with_accuracy_control(
        onnx.load(job.model),
        nncf.Dataset(job.calibration),
        nncf.Dataset(list(zip(job.selection, job.labels.tolist(), strict=True))),
        validate,
        max_drop=job.margin,
        drop_type=nncf.DropType.ABSOLUTE,
        subset_size=min(SUBSET, len(job.calibration)),
        model_type=nncf.ModelType.TRANSFORMER,
        advanced_quantization_parameters=nncf.AdvancedQuantizationParameters(
            weights_quantization_params=weights
        ),
    )
    onnx.save(quantized, job.output)
    return None


play(quantize)
