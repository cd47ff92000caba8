"""A small reader of dates: where the answer to a question begins and ends in a story."""

from collections import Counter
from pathlib import Path

import torch
from tokenizers import Encoding, Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit
from tokenizers.processors import TemplateProcessing
from torch import nn

from export import write_onnx

WORDS = 2000
WIDTH = 64
BEFORE, AFTER = 4, 1  # words that are seen beside one
HIDDEN = 256
STEPS, BATCH = 70, 32
SEED = 20261127


class Reader(nn.Module):
    """Each word with its neighbours and the question's mean vector, through two layers, to two logits."""

    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(WORDS, WIDTH)
        self.layers = nn.Sequential(
            nn.Linear((BEFORE + 1 + AFTER + 1) * WIDTH, HIDDEN),
            nn.ReLU(),
            nn.Linear(HIDDEN, HIDDEN),
            nn.ReLU(),
            nn.Linear(HIDDEN, 2),
        )

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor, token_type_ids: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        words = self.words(input_ids) * attention_mask[:, :, None].to(torch.float32)
        asking = ((1 - token_type_ids) * attention_mask)[:, :, None].to(torch.float32)
        question = (words * asking).sum(1, keepdim=True) / asking.sum(1, keepdim=True).clamp(min=1.0)
        ahead = torch.zeros_like(words[:, :1])
        padded = torch.cat([ahead] * BEFORE + [words] + [ahead] * AFTER, 1)
        seen = [padded[:, shift : shift + words.shape[1]] for shift in range(BEFORE + 1 + AFTER)]
        logits = self.layers(torch.cat([*seen, question.expand(-1, words.shape[1], -1)], 2))
        return logits[:, :, 0], logits[:, :, 1]


def tokenizer_of(texts: list[str]) -> Tokenizer:
    counts = Counter(word for text in texts for word in text.split())
    special = ["[PAD]", "[UNK]", "[SEP]"]
    frequent = sorted(counts, key=lambda word: (-counts[word], word))[: WORDS - len(special)]
    tokenizer = Tokenizer(
        WordLevel({word: number for number, word in enumerate([*special, *frequent])}, unk_token="[UNK]")
    )
    tokenizer.pre_tokenizer = WhitespaceSplit()
    tokenizer.post_processor = TemplateProcessing(
        single="$A", pair="$A [SEP] $B:1", special_tokens=[("[SEP]", special.index("[SEP]"))]
    )
    return tokenizer


def learn(folder: Path, rows: list[dict]) -> None:
    """Writes model.onnx and tokenizer.json."""
    torch.set_num_threads(1)  # the layers are small: threads would wait for each other
    torch.manual_seed(SEED)
    tokenizer = tokenizer_of([f"{row['question']} {row['context']}" for row in rows])
    tokenizer.save(str(folder / "tokenizer.json"))
    tokenizer.enable_padding()
    encoded = tokenizer.encode_batch([(row["question"], row["context"]) for row in rows])
    columns = ("ids", "attention_mask", "type_ids")
    inputs = [torch.tensor([getattr(row, column) for row in encoded]) for column in columns]
    spans = torch.tensor([span_of(row, cells) for row, cells in zip(encoded, rows, strict=True)])
    model = Reader()
    optimizer = torch.optim.AdamW(model.parameters(), 2e-3)
    outside = (1 - inputs[2] * inputs[1]) * -1e4
    for step in range(STEPS):
        batch = torch.randint(len(rows), (BATCH,))
        logits = model(*(tensor[batch] for tensor in inputs))
        loss = sum(
            nn.functional.cross_entropy(logits[end] + outside[batch], spans[batch, end]) for end in (0, 1)
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 10 == 9:
            print(f"step {step + 1} of {STEPS}: loss {loss.item():.3f}", flush=True)
    write_onnx(
        model.eval(),
        folder / "model.onnx",
        inputs=["input_ids", "attention_mask", "token_type_ids"],
        outputs=["start_logits", "end_logits"],
    )


def span_of(encoded: Encoding, row: dict) -> tuple[int, int]:
    """First and last token of the answer, where it stands behind the word that the question is about."""
    start, end = row["at"]
    inside = [
        number
        for number, (sequence, (first, last)) in enumerate(
            zip(encoded.sequence_ids, encoded.offsets, strict=True)
        )
        if sequence == 1 and first >= start and last <= end
    ]
    return inside[0], inside[-1]
