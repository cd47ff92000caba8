"""ONNX Runtime's static quantization as its documentation calls it, every setting left alone."""

from onnxruntime.quantization import CalibrationDataReader, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process
from shared import Job, play


class Rows(CalibrationDataReader):
    def __init__(self, job: Job) -> None:
        self.rows = iter(job.calibration)

    def get_next(self):
        return next(self.rows, None)


def quantize(job: Job) -> str | None:
    prepared = f"{job.output}.prepared.onnx"
    quant_pre_process(job.model, prepared)
    quantize_static(prepared, job.output, Rows(job))
    return None


play(quantize)
