"""How far calibration data is from production: ranges of activations are only as good as the rows they come from."""

from collections import Counter

import numpy as np
from tokenizers import Encoding

SEED = 1


def token_distance(calibration: list[Encoding], production: list[Encoding]) -> dict[str, float]:
    """
    Jensen-Shannon divergence in bits between the token frequencies of equally many rows of both, and between two
    halves of production itself: what sampling alone makes of it.
    """
    size = min(len(calibration), len(production) // 2)
    if size == 0:
        return {"tokens": 0.0, "within": 0.0}
    random = np.random.default_rng(SEED)
    ours = frequencies([calibration[row] for row in random.permutation(len(calibration))[:size]])
    order = random.permutation(len(production))
    first = frequencies([production[row] for row in order[:size]])
    second = frequencies([production[row] for row in order[size : 2 * size]])
    return {"tokens": divergence(ours, first), "within": divergence(first, second)}


def frequencies(rows: list[Encoding]) -> dict[int, float]:
    """Padding does not count."""
    counts: Counter[int] = Counter()
    for row in rows:
        counts.update(token for token, kept in zip(row.ids, row.attention_mask, strict=True) if kept)
    total = sum(counts.values())
    return {token: count / total for token, count in counts.items()}


def divergence(first: dict[int, float], second: dict[int, float]) -> float:
    """Of two distributions over tokens, 0 to 1. Source: J. Lin, IEEE Trans. Inf. Theory 37 (1991), 145-151."""
    total = 0.0
    for token in first.keys() | second.keys():
        p, q = first.get(token, 0.0), second.get(token, 0.0)
        middle = (p + q) / 2
        total += sum(share * np.log2(share / middle) / 2 for share in (p, q) if share > 0)
    return float(total)
