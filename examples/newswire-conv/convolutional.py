"""A convolutional classifier with residual layers, squared ReLU (So et al., NeurIPS 2021) and no normalization."""

import torch
from torch import nn

VECTOR, LAYERS, KERNEL = 64, 14, 3


class Convolutional(nn.Module):
    """(batch, length) token ids and attention mask to (batch, classes) logits."""

    def __init__(self, words: int, classes: int) -> None:
        super().__init__()
        self.vectors = nn.Embedding(words, VECTOR)
        self.layers = nn.ModuleList(
            nn.Conv1d(VECTOR, VECTOR, KERNEL, padding=KERNEL // 2) for _ in range(LAYERS)
        )
        self.head = nn.Linear(VECTOR, classes)
        nn.init.normal_(self.vectors.weight, std=0.5)
        for layer in self.layers[1:]:  # small at first, or the squares of so many layers run away
            nn.init.normal_(layer.weight, std=0.3 / (VECTOR * KERNEL) ** 0.5)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        mask = attention_mask[:, None, :].to(self.vectors.weight.dtype)
        hidden = self.vectors(input_ids).transpose(1, 2) * mask
        for layer in self.layers:
            hidden = (hidden + torch.relu(layer(hidden)) ** 2) * mask
        return self.head(hidden.sum(2) / mask.sum(2).clamp(min=1.0))
