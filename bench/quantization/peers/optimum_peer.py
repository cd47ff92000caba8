"""Optimum's dynamic quantization with its preset for this CPU."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from optimum.onnxruntime import ORTQuantizer
from optimum.onnxruntime.configuration import AutoQuantizationConfig
from shared import Job, play


def quantize(job: Job) -> str | None:
    with TemporaryDirectory() as folder:
        shutil.copy(job.model, folder)
        quantizer = ORTQuantizer.from_pretrained(folder, file_name=Path(job.model).name)
        preset = AutoQuantizationConfig.avx512_vnni(is_static=False, per_channel=False)
        made = quantizer.quantize(preset, save_dir=folder, file_suffix="quantized")
        file = next(Path(made).glob("*quantized*.onnx"))
        shutil.move(file, job.output)
    return None


play(quantize)
