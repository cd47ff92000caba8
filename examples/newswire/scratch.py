"""Small networks on the stories: their tokenizer, how they learn from scratch, and their files."""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from stamp import fingerprint, replace, up_to_date

if TYPE_CHECKING:
    from torch import nn

HERE = Path(__file__).parent
OURS = ("build/data.stamp", "export.py", "scratch.py", "train.py")

WORDS = 4000
MAX_LENGTH = 64
BATCH = 64
LEARNED = ("train", "calibration")


def make(example: Path, sources: list[str], model_of: Callable[["Stories"], "nn.Module"]) -> None:
    """Writes model.onnx and tokenizer.json; `model_of` gives the trained model, where they are not up to date."""
    build = example / "build"
    versions = [f"{package} {version(package)}" for package in ("torch", "tokenizers", "onnx")]
    files = [*(example / name for name in sources), *(HERE / name for name in OURS)]
    inputs = fingerprint([*files, *versions])
    outputs = [build / "model.onnx", build / "tokenizer.json"]
    if up_to_date(build / "make.stamp", inputs, outputs):
        print("up to date")
        return

    from export import check, write_onnx  # PyTorch, seconds to import

    build.mkdir(exist_ok=True)
    stories = Stories()
    replace(outputs[1], stories.tokenizer.to_str(pretty=True))
    model = model_of(stories).eval()
    partial = build / ".model.onnx.partial"
    write_onnx(model, partial)
    check(model, partial, stories.tokenizer, [story["text"] for story in stories.of("selection")[:8]])
    partial.replace(outputs[0])
    print(f"model.onnx: {outputs[0].stat().st_size / 1e6:.1f} MB")
    replace(build / "make.stamp", inputs)


class Stories:
    """Those of the larger example, one token for each of the most frequent words."""

    def __init__(self) -> None:
        self.classes = json.loads((HERE / "build/labels.json").read_text())
        self.tokenizer = tokenizer_of([story["text"] for story in self.of(*LEARNED)])

    def of(self, *roles: str) -> list[dict]:
        from train import rows_of

        return [row for role in roles for row in rows_of(role)]

    def encoded(self, *roles: str) -> tuple[list[list[int]], list[int]]:
        """Token ids of each story, at most `MAX_LENGTH`, and the numbers of their classes."""
        stories = self.of(*roles)
        encoded = self.tokenizer.encode_batch([story["text"] for story in stories])
        labels = [self.classes.index(story["label"]) for story in stories]
        return [story.ids[:MAX_LENGTH] for story in encoded], labels


def tokenizer_of(texts: list[str]):
    """Equally frequent words in the order of the alphabet."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import WhitespaceSplit

    counts = Counter(word for text in texts for word in text.split())
    special = ["[PAD]", "[UNK]"]
    frequent = sorted(counts, key=lambda word: (-counts[word], word))[: WORDS - len(special)]
    vocabulary = {word: place for place, word in enumerate([*special, *frequent])}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = WhitespaceSplit()
    return tokenizer


@dataclass(frozen=True)
class Course:
    """AdamW with a one-cycle learning rate."""

    epochs: int
    peak_rate: float
    words_left_out: float
    """Of a story, anew at every step."""
    largest_gradient: float
    """Its norm is cut to this."""
    seed: int


def learn(network: Callable[[int, int], "nn.Module"], stories: Stories, course: Course) -> "nn.Module":
    """`network` begins one for so many words and classes."""
    import torch

    from train import evaluate

    torch.set_num_threads(1)  # the layers are small: threads would wait for each other
    torch.manual_seed(course.seed)
    model = network(WORDS, len(stories.classes))
    started = time.monotonic()
    for epoch in epochs_of(model, *stories.encoded(*LEARNED), course):
        if epoch % 6 == 0:
            accuracy, macro_f1 = evaluate(model, *stories.encoded("selection"))
            told = f"epoch {epoch} of {course.epochs}: accuracy on selection {accuracy:.4f}, macro F1 {macro_f1:.4f}"
            print(f"{told}, {time.monotonic() - started:.0f} s", flush=True)
    return model


def epochs_of(model: "nn.Module", ids: list[list[int]], labels: list[int], course: Course) -> Iterator[int]:
    import torch

    from train import tensors

    optimizer = torch.optim.AdamW(model.parameters(), course.peak_rate, weight_decay=0.01)
    steps = course.epochs * (len(ids) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, course.peak_rate, total_steps=steps)
    for epoch in range(1, course.epochs + 1):
        model.train()
        order = torch.randperm(len(ids)).tolist()
        for start in range(0, len(ids) - BATCH + 1, BATCH):
            batch = order[start : start + BATCH]
            tokens, mask = tensors(ids, batch)
            kept = mask * (torch.rand(mask.shape) > course.words_left_out)
            loss = torch.nn.functional.cross_entropy(
                model(tokens, kept), torch.tensor([labels[row] for row in batch])
            )
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), course.largest_gradient)
            optimizer.step()
            schedule.step()
        yield epoch
