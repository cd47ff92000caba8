"""Intel Neural Compressor's accuracy-driven tuning, the last version that knows ONNX."""

from neural_compressor import PostTrainingQuantConfig, quantization
from neural_compressor.config import AccuracyCriterion, TuningCriterion
from shared import Job, play

MOST_TRIALS = 100  # its default
WHOLE = 1  # its default begins with a strategy that ends in a TypeError on such models


class Rows:
    """What its calibration reads: pairs of inputs and label, with a batch size."""

    batch_size = 1

    def __init__(self, job: Job) -> None:
        self.rows = job.calibration

    def __iter__(self):
        for feed in self.rows:
            yield feed, 0


def quantize(job: Job) -> str | None:
    config = PostTrainingQuantConfig(
        approach="auto",
        quant_level=WHOLE,
        calibration_sampling_size=[len(job.calibration)],
        accuracy_criterion=AccuracyCriterion(criterion="absolute", tolerable_loss=job.margin),
        op_type_dict={"MatMul": {"weight": {"granularity": ["per_tensor"]}}} if job.per_tensor else None,
        tuning_criterion=TuningCriterion(max_trials=MOST_TRIALS, timeout=0),
    )
    tuned = quantization.fit(
        job.model, config, calib_dataloader=Rows(job), eval_func=lambda model: job.accuracy(model)
    )
    if tuned is None:
        return f"found nothing that holds the margin in {MOST_TRIALS} trials"
    tuned.save(job.output)
    return None


play(quantize)
