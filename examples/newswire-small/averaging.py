"""A deep averaging network (Iyyer et al., ACL 2015): the mean of a story's word vectors, then layers of a perceptron."""

import torch
from torch import nn

VECTOR, WIDTH, LAYERS = 64, 512, 4


class Averaging(nn.Module):
    """(batch, length) token ids and attention mask to (batch, classes) logits."""

    def __init__(self, words: int, classes: int) -> None:
        super().__init__()
        self.vectors = nn.Embedding(words, VECTOR)
        self.scaled = nn.LayerNorm(VECTOR)
        sizes = [VECTOR, *[WIDTH] * LAYERS]
        # without a bias the exporter writes MatMul, of which weights alone can be quantized, and not Gemm
        self.layers = nn.ModuleList(
            nn.Linear(before, after, bias=False) for before, after in zip(sizes, sizes[1:], strict=False)
        )
        self.head = nn.Linear(WIDTH, classes, bias=False)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        mask = attention_mask[:, :, None].to(self.vectors.weight.dtype)
        hidden = self.scaled((self.vectors(input_ids) * mask).sum(1) / mask.sum(1).clamp(min=1.0))
        for layer in self.layers:
            hidden = torch.relu(layer(hidden))
        return self.head(hidden)
