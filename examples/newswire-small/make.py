"""Makes the engagement's model.onnx and tokenizer.json: trains the network on the stories of ../newswire, about a minute."""

import sys
from pathlib import Path

HERE = Path(__file__).parent


def main() -> None:
    sys.path.append(str(HERE.parent / "newswire"))  # data, learning and export are those of the larger model
    from scratch import Course, learn, make

    course = Course(
        epochs=24, peak_rate=2e-3, words_left_out=0.3, largest_gradient=float("inf"), seed=20261126
    )
    make(HERE, ["averaging.py", "make.py"], lambda stories: learn(network, stories, course))


def network(words: int, classes: int):
    from averaging import Averaging  # PyTorch, seconds to import

    return Averaging(words, classes)


if __name__ == "__main__":
    main()
