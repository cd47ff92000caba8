"""The digits as tensors that are ready, for tests in other languages: files of docs/examples/custom.yaml."""

import json
import sys
from pathlib import Path

import numpy as np
import onnx
import pyarrow as pa
import pyarrow.parquet
from images import convolved, digits, network, tensors, weights

ROLES = {
    "calibration": (880, 120),
    "selection": (1000, 400),
    "holdout": (1400, 200),
    "production": (1600, 90),
}


def main(folder: Path) -> None:
    pixels, labels = digits()
    onnx.save(network(), folder / "digits.onnx")
    for role, (start, count) in ROLES.items():
        ready = tensors(pixels[start : start + count])
        rows = [
            {
                "id": f"{role}-{i}",
                "pixels": ready[i].tolist(),
                "digit": int(labels[start + i]),
                "ink": "dark" if pixels[start + i].mean() > 78 else "light",
            }
            for i in range(count)
        ]
        pyarrow.parquet.write_table(pa.Table.from_pylist(rows), folder / f"{role}.parquet")
    start, count = ROLES["selection"]
    chosen = slice(start, start + count)
    logits = convolved(tensors(pixels[chosen]), weights()["filters"]) @ weights()["head"] + weights()["bias"]
    ahead = logits > logits[np.arange(count), labels[chosen]][:, None]
    print(json.dumps({"score": float((1 / (1 + ahead.sum(axis=1))).mean())}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
