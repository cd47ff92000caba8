"""Makes the engagement's model.onnx and tokenizer.json: trains the network on the stories of ../newswire, about a minute."""

import json
import sys
import time
from collections import Counter
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent
BUILD = HERE / "build"
NEWSWIRE = HERE.parent / "newswire"
OURS = ("averaging.py", "make.py")
THEIRS = ("build/data.stamp", "export.py", "train.py")

WORDS = 4000
MAX_LENGTH = 64
BATCH = 64
EPOCHS = 24
PEAK_RATE = 2e-3
WORDS_LEFT_OUT = 0.3  # of a story, anew at every step
SEED = 20261126


def main() -> None:
    sys.path.append(str(NEWSWIRE))  # data, evaluation and export are those of the larger model
    from stamp import fingerprint, replace, up_to_date

    sources = [*(HERE / name for name in OURS), *(NEWSWIRE / name for name in THEIRS)]
    versions = [f"{package} {version(package)}" for package in ("torch", "tokenizers", "onnx")]
    inputs = fingerprint([*sources, *versions])
    outputs = [BUILD / "model.onnx", BUILD / "tokenizer.json"]
    if up_to_date(BUILD / "make.stamp", inputs, outputs):
        print("up to date")
        return

    from train import rows_of

    BUILD.mkdir(exist_ok=True)
    rows = [row for role in ("train", "calibration") for row in rows_of(role)]
    replace(outputs[1], tokenizer_of([row["text"] for row in rows]))
    learn_and_export(rows, rows_of("selection"))
    replace(BUILD / "make.stamp", inputs)


def tokenizer_of(texts: list[str]) -> str:
    """One token for each of the most frequent words; equally frequent ones in the order of the alphabet."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import WhitespaceSplit

    counts = Counter(word for text in texts for word in text.split())
    special = ["[PAD]", "[UNK]"]
    frequent = sorted(counts, key=lambda word: (-counts[word], word))[: WORDS - len(special)]
    vocabulary = {word: place for place, word in enumerate([*special, *frequent])}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = WhitespaceSplit()
    return tokenizer.to_str(pretty=True)


def learn_and_export(rows: list[dict], selection: list[dict]) -> None:
    import torch
    from tokenizers import Tokenizer

    from averaging import Averaging
    from export import check, write_onnx
    from train import evaluate, tensors

    torch.set_num_threads(1)  # the layers are small: threads would wait for each other
    torch.manual_seed(SEED)
    classes = json.loads((NEWSWIRE / "build/labels.json").read_text())
    tokenizer = Tokenizer.from_file(str(BUILD / "tokenizer.json"))
    tokenizer.enable_truncation(MAX_LENGTH)

    def encode(stories: list[dict]) -> tuple[list[list[int]], list[int]]:
        encoded = tokenizer.encode_batch([story["text"] for story in stories])
        return [story.ids for story in encoded], [classes.index(story["label"]) for story in stories]

    ids, labels = encode(rows)
    model = Averaging(WORDS, len(classes))
    optimizer = torch.optim.AdamW(model.parameters(), PEAK_RATE, weight_decay=0.01)
    steps = EPOCHS * (len(ids) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, PEAK_RATE, total_steps=steps)
    started = time.monotonic()
    for epoch in range(1, EPOCHS + 1):
        model.train()
        order = torch.randperm(len(ids)).tolist()
        for start in range(0, len(ids) - BATCH + 1, BATCH):
            batch = order[start : start + BATCH]
            tokens, mask = tensors(ids, batch)
            kept = mask * (torch.rand(mask.shape) > WORDS_LEFT_OUT)
            loss = torch.nn.functional.cross_entropy(
                model(tokens, kept), torch.tensor([labels[row] for row in batch])
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        if epoch % 6 == 0:
            accuracy, macro_f1 = evaluate(model, *encode(selection))
            told = f"epoch {epoch} of {EPOCHS}: accuracy on selection {accuracy:.4f}, macro F1 {macro_f1:.4f}"
            print(f"{told}, {time.monotonic() - started:.0f} s", flush=True)
    model.eval()
    partial = BUILD / ".model.onnx.partial"
    write_onnx(model, partial)
    check(model, partial, tokenizer, [story["text"] for story in selection[:8]])
    partial.replace(BUILD / "model.onnx")
    print(f"model.onnx: {(BUILD / 'model.onnx').stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
