"""Quantization-aware training: FP32 master weights under the exporter's own rounding, then a plain FP32 graph again."""

import shutil
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from torch import Tensor

from ..ending import scratch_folder
from ..onnxruntime_toolkit.model import facts_of, load
from ..onnxruntime_toolkit.quantize import ONNXRUNTIME, calibration_rows, pre_process
from ..onnxruntime_toolkit.recipe import check
from ..onnxruntime_toolkit.schemes import SCHEMES, Making, calibrated, reduces_range, takes_trained_ranges
from ..onnxruntime_toolkit.trained_ranges import described, keep, with_ends, write
from ..protocol import Channel, take
from .checkpoint import newest, save
from .graph import Feed, Graph, require_same_answers, save_weights
from .rounding import Rounding
from .rows import Rows
from .settings import Settings, settings_of
from .threads import Threads, choose

SEED = 20261125
EVALUATION_BATCH = 64
TIMED_STEPS = 5


def run(job: dict[str, Any], channel: Channel) -> dict[str, Any]:
    """With `estimate`, only a few steps, and what all of them will take."""
    started = time.monotonic()
    recipe, source = take(job, "recipe", dict), Path(take(job, "model", str)).absolute()
    folder = Path(take(job, "outputFolder", str)).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    settings = settings_of(recipe)
    loaded = load(source)
    check(recipe, loaded, ONNXRUNTIME.rules)
    facts = facts_of(loaded, source)
    torch.manual_seed(SEED)
    with scratch_folder(folder) as scratch:
        channel.progress("place rounding", 0, settings.steps)
        prepared = pre_process(source, scratch / "prepared.onnx", recipe.get("exclude") or [])
        model = onnx.load(prepared)
        training = Training(job, model, prepared, settings)
        feeds = calibration_rows(job, facts, ONNXRUNTIME.rules)
        making = Making(prepared, scratch / "placed.onnx", recipe, scratch, feeds, lambda *_: None)
        checkpoints = None if job.get("estimate") else Path(take(job, "checkpointFolder", str))
        checkpoint = checkpoints and newest(job.get("checkpoint"), checkpoints)
        training.place(making, checkpoint)
        training.ready(checkpoint)
        channel.progress(training.threads.described(), 0, settings.steps)
        if not checkpoints:
            return {**training.estimate(started), "threads": asdict(training.threads)}
        training.resume(checkpoint)
        outcome = training.complete(channel, checkpoints)
        if training.begun:
            keep(model, with_ends(training.begun, training.rounding.ends()))
        save_weights(model, training.graph, scratch / "trained.onnx")
        target = shutil.move(scratch / "trained.onnx", folder / "trained.onnx")
    return {
        "path": str(target),
        **outcome,
        "threads": asdict(training.threads),
        "durationMs": (time.monotonic() - started) * 1000,
    }


class Training:
    rounding: Rounding
    teacher: Tensor
    threads: Threads

    def __init__(self, job: dict[str, Any], model: onnx.ModelProto, path: Path, settings: Settings) -> None:
        self.settings = settings
        self.graph = Graph(model)
        self.rows = Rows(Path(take(job, "trainData", str)), model)
        self.selection = Rows(Path(take(job, "selectionData", str)), model).batches(EVALUATION_BATCH)
        require_same_answers(self.graph, path, self.rows.batch([0]))
        self.every = max(1, settings.steps // settings.evaluations)
        self.step = 0
        self.curve: list[dict[str, Any]] = []
        self.best: dict[str, Any] | None = None
        self.begun: str | None = None
        """The ranges of activations that training begins with, where any are rounded."""

    def place(self, making: Making, checkpoint: dict[str, Any] | None) -> None:
        """Has the exporter say what is rounded. Activations are calibrated once, before the first step."""
        if takes_trained_ranges(making):
            self.begun = checkpoint["begun"] if checkpoint else described(calibrated(making))
            making.ranges = write(self.begun, making.scratch)
        SCHEMES[making.recipe["scheme"]](making)
        self.rounding = Rounding(making.target, reduces_range(making))
        self.prepare_to_learn()

    def prepare_to_learn(self) -> None:
        powers = {name: kind.power for name, kind in self.rounding.ranges.items()}
        self.learned = self.graph.weights | powers
        rates = [self.settings.learningRate, self.settings.rangeLearningRate]
        parts = [list(self.graph.weights.values()), list(powers.values())]
        groups = [
            {"params": part, "lr": rate} for part, rate in zip(parts, rates, strict=True) if part and rate
        ]
        self.optimizer = torch.optim.AdamW(groups, weight_decay=0.0)
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimizer, [group["lr"] for group in groups], total_steps=self.settings.steps
        )

    def ready(self, checkpoint: dict[str, Any] | None) -> None:
        """
        Chooses threads, by steps that change nothing, and then has the FP32 model answer every row. What was cut off
        goes on with as many as it began with, as sums in another order differ in their last bits.
        """
        begun = (checkpoint or {}).get("threads")  # older ones do not say
        self.threads = Threads(**begun) if begun else self.timed_threads()
        torch.set_num_threads(self.threads.used)
        with torch.no_grad():
            self.teacher = torch.cat([self.graph(feed) for feed, _ in self.rows.batches(EVALUATION_BATCH)])

    def timed_threads(self) -> Threads:
        rows = self.rows_of_step()
        feed, labels = self.rows.batch(rows), self.rows.labels[rows]
        with torch.no_grad():
            exact = self.graph(feed)
        threads = choose(lambda: self.find_gradients(feed, labels, exact))
        self.optimizer.zero_grad()
        return threads

    def estimate(self, started: float) -> dict[str, Any]:
        ready = time.monotonic()
        self.evaluate()
        evaluated = time.monotonic()
        for _ in range(TIMED_STEPS):
            self.learn()
        done = time.monotonic()
        per_step, per_evaluation = (done - evaluated) / TIMED_STEPS, evaluated - ready
        expected = (
            ready
            - started
            + per_step * self.settings.steps
            + per_evaluation * (self.settings.evaluations + 1)
        )
        return {
            "trainRows": self.rows.count,
            "steps": self.settings.steps,
            "timedSteps": TIMED_STEPS,
            "secondsPerStep": per_step,
            "secondsPerEvaluation": per_evaluation,
            "expectedSeconds": expected,
        }

    def complete(self, channel: Channel, checkpoints: Path) -> dict[str, Any]:
        if not self.curve:
            self.look()
        told = self.settings.steps
        checkpoint = save(self.state(), self.step, checkpoints)
        while self.step < self.settings.steps and not self.is_stale():
            channel.progress("train", self.step, told, checkpoint=str(checkpoint))
            self.learn()
            if self.step % self.every == 0 or self.step == self.settings.steps:
                self.look()
                checkpoint = save(self.state(), self.step, checkpoints)
        assert self.best is not None
        self.load(self.best["learned"])
        channel.progress("train", self.step, told, checkpoint=str(checkpoint))
        return {
            "steps": self.step,
            "bestStep": self.best["step"],
            "stoppedEarly": self.step < self.settings.steps,
            "trainRows": self.rows.count,
            "curve": self.curve,
        }

    def learn(self) -> None:
        """One step; its rows follow from its number alone, so that a resumed run takes the same ones."""
        rows = self.rows_of_step()
        self.find_gradients(self.rows.batch(rows), self.rows.labels[rows], self.teacher[rows])
        torch.nn.utils.clip_grad_norm_(self.graph.parameters(), 1.0)
        self.optimizer.step()
        if self.step < self.settings.steps - 1:
            self.schedule.step()
        self.step += 1

    def find_gradients(self, feed: Feed, labels: Tensor, teacher: Tensor) -> None:
        self.graph.train()
        answers = self.graph(feed, self.rounding.weight, self.rounding.activation)
        self.optimizer.zero_grad()
        self.loss(answers, labels, teacher).backward()

    def rows_of_step(self) -> list[int]:
        size = min(self.settings.batch, self.rows.count)
        per_epoch = self.rows.count // size
        epoch, place = divmod(self.step, per_epoch)
        order = np.random.default_rng([SEED, epoch]).permutation(self.rows.count)
        return order[place * size : (place + 1) * size].tolist()

    def loss(self, answers: Tensor, labels: Tensor, teacher: Tensor) -> Tensor:
        share, heat = self.settings.distillation, self.settings.temperature
        soft = F.kl_div(
            F.log_softmax(answers / heat, -1),
            F.log_softmax(teacher / heat, -1),
            reduction="batchmean",
            log_target=True,
        )
        return (1 - share) * F.cross_entropy(answers, labels) + share * heat**2 * soft

    @torch.no_grad()
    def evaluate(self) -> tuple[float, float]:
        """Accuracy and cross-entropy on the selection rows as the exporter would round now."""
        right, surprise, count = 0, 0.0, 0
        for feed, labels in self.selection:
            answers = self.graph(feed, self.rounding.weight, self.rounding.activation)
            right += int((answers.argmax(-1) == labels).sum())
            surprise += float(F.cross_entropy(answers, labels, reduction="sum"))
            count += len(labels)
        return right / count, surprise / count

    def look(self) -> None:
        accuracy, loss = self.evaluate()
        self.curve.append({"step": self.step, "accuracy": accuracy, "loss": loss})
        if self.best is None or (accuracy, -loss) > (self.best["accuracy"], -self.best["loss"]):
            learned = {name: value.detach().clone() for name, value in self.learned.items()}
            self.best = {**self.curve[-1], "learned": learned}

    def is_stale(self) -> bool:
        since = [point for point in self.curve if point["step"] > self.best["step"]]
        return len(since) >= self.settings.patience

    def state(self) -> dict[str, Any]:
        return {
            "step": self.step,
            "curve": self.curve,
            "best": self.best,
            "learned": {name: value.detach() for name, value in self.learned.items()},
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
            "begun": self.begun,
            "threads": asdict(self.threads),
        }

    def resume(self, state: dict[str, Any] | None) -> None:
        if state is None:
            return
        self.step, self.curve, self.best = state["step"], state["curve"], state["best"]
        self.load(state["learned"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.load_state_dict(state["schedule"])

    @torch.no_grad()
    def load(self, learned: dict[str, Tensor]) -> None:
        for name, value in self.learned.items():
            value.copy_(learned[name])
