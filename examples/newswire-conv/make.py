"""Makes the engagement's model.onnx and tokenizer.json, of the weights that train.py came to."""

import sys
from pathlib import Path

HERE = Path(__file__).parent


def main() -> None:
    sys.path.append(str(HERE.parent / "newswire"))  # data and export are those of the larger model
    from scratch import WORDS, Stories, make

    def model_of(stories: Stories):
        from safetensors.torch import load_file

        from convolutional import Convolutional  # PyTorch, seconds to import

        model = Convolutional(WORDS, len(stories.classes))
        model.load_state_dict(load_file(HERE / "weights.safetensors"))
        return model

    make(HERE, ["convolutional.py", "make.py", "weights.safetensors"], model_of)


if __name__ == "__main__":
    main()
