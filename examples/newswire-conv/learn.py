"""Trains the network on the stories of ../newswire and writes weights.safetensors, in FP16: about 2 minutes on a core."""

import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

from convolutional import Convolutional

HERE = Path(__file__).parent


def main() -> None:
    sys.path.append(str(HERE.parent / "newswire"))
    from scratch import Course, Stories, learn

    course = Course(epochs=12, peak_rate=3e-3, words_left_out=0.1, largest_gradient=1.0, seed=20261127)
    model = learn(Convolutional, Stories(), course)
    weights = {name: value.to(torch.float16) for name, value in model.state_dict().items()}
    partial = HERE / ".weights.partial"
    save_file(weights, partial)
    partial.chmod(0o644)
    partial.replace(HERE / "weights.safetensors")


if __name__ == "__main__":
    main()
