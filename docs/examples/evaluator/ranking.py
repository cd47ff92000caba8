"""How high the model ranks the right digit: 1 where it is first, 1/2 where it is second, and so on."""

import numpy as np

DIGITS = 10


def reciprocal_rank(outputs: dict[str, np.ndarray], row: dict) -> float:
    (logits,) = outputs["logits"]
    order = np.argsort(-logits[:DIGITS], kind="stable").tolist()
    return 1 / (1 + order.index(int(row["digit"])))
