"""One ONNX file from a Hugging Face directory or a user's entry point."""

import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
import transformers
from conftest import Recorder

from stepdown_toolkits.protocol import BadRequest
from stepdown_toolkits.pytorch_toolkit import export

ENTRY = """
import torch

def build():
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(16, 3))

    class Named(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.net = net

        def forward(self, image):
            return self.net(image)

    return {"model": Named(), "inputs": {"image": torch.rand(2, 1, 4, 4)}}

def nothing():
    return 1
"""


def test_a_hugging_face_directory(tmp_path):
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=40,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        num_labels=3,
    )
    model = transformers.BertForSequenceClassification(config).eval()
    model.save_pretrained(tmp_path / "model")
    job = {"kind": "huggingface", "path": str(tmp_path / "model"), "task": "text-classification"}
    made = export.run({**job, "outputFolder": str(tmp_path / "out")}, Recorder())
    assert made["model"]["inputs"] == ["input_ids", "attention_mask", "token_type_ids"]
    ids = np.arange(5, 26, dtype=np.int64).reshape(3, 7)  # neither the example's rows nor its length
    feed = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
    served = onnxruntime.InferenceSession(made["path"]).run(None, feed)[0]
    with torch.no_grad():
        exact = model(**{name: torch.from_numpy(value) for name, value in feed.items()}).logits.numpy()
    np.testing.assert_allclose(served, exact, atol=1e-4)


def entry_job(folder):
    (folder / "mine.py").write_text(ENTRY)
    return {
        "kind": "pytorch",
        "path": str(folder),
        "entryPoint": "mine:build",
        "outputFolder": str(folder / "out"),
    }


def test_an_entry_point(tmp_path):
    job = entry_job(tmp_path)
    made = export.run(job, Recorder())
    rows = np.random.default_rng(1).random((5, 1, 4, 4), np.float32)
    assert onnxruntime.InferenceSession(made["path"]).run(None, {"image": rows})[0].shape == (5, 3)


def test_the_same_bytes_wherever_the_model_lies(tmp_path):
    made = []
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
        job = entry_job(tmp_path / name)
        sys.modules.pop("mine", None)
        made.append(Path(export.run(job, Recorder())["path"]).read_bytes())
    assert made[0] == made[1]
    assert b"mine.py" not in made[0]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"entryPoint": "mine:missing"}, "model.entryPoint"),
        ({"entryPoint": "mine:nothing"}, "model.entryPoint"),
        ({"kind": "keras"}, "model.kind"),
        ({"kind": "huggingface", "task": "text-classification"}, "model.path"),
        ({"path": "/nowhere"}, "model.path"),
    ],
)
def test_what_cannot_be_exported_is_named(tmp_path, change, field):
    job = entry_job(tmp_path)
    with pytest.raises(BadRequest) as refused:
        export.run({**job, **change}, Recorder())
    assert refused.value.problems[0]["field"] == field
