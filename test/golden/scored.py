"""Golden values for the metrics of questions and of embeddings, computed with SciPy and by SQuAD's published rules.

Run with the Python of the toolkits: python test/golden/scored.py > test/golden/scored.json
"""

import json
import re
import string
from collections import Counter

import numpy as np
from scipy import stats

RIGHT = [
    ("The 12.5 mln dlrs", ["12.5 mln dlrs"]),
    ("12.5 mln", ["12.5 mln dlrs", "about 12.5 mln dlrs"]),
    ("an increase of a third", ["Increase of the third!"]),
    ("April", ["April 7, 1987"]),
    ("the the bank", ["bank bank"]),
    ("bank of the bank of", ["bank of"]),
    ("A", ["the"]),
    ("", ["the"]),
    ("", ["dlrs"]),
    ("U.S. Steel's", ["us steels"]),
    ("theatre", ["atre"]),
    ("Côte d'Ivoire", ["cote divoire", "côte divoire"]),
    ("l'an 2", ["lan 2"]),
    ("élan a élan", ["élan élan"]),
    ("éa", ["é"]),
    ("1,200 tonnes -- a record", ["1200 tonnes  record"]),
    ("“quoted”", ["quoted"]),
    ("a_b the_c", ["ab thec"]),
]


def normalized(text: str) -> str:
    """Of SQuAD: lower case, then without punctuation, then without articles, then single spaces."""
    without = "".join(c for c in text.lower() if c not in set(string.punctuation))
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", without).split())


def f1(given: str, right: str) -> float:
    a, b = normalized(given).split(), normalized(right).split()
    same = sum((Counter(a) & Counter(b)).values())
    if not a or not b:
        return float(a == b)
    if same == 0:
        return 0.0
    precision, recall = same / len(a), same / len(b)
    return 2 * precision * recall / (precision + recall)


def spans(random: np.random.Generator) -> list[dict]:
    """Every allowed span of every case, its sum of logits, and the first that is largest."""
    words = [
        "the",
        "board",
        "of",
        "conrac",
        "set",
        "a",
        "café",
        "payout",
        "of",
        "two",
        "dlrs",
        "𝄞",
        "a",
        "share",
    ]
    context = " ".join(words)
    offsets, at = [], 0
    for word in words:
        offsets.append([at, at + len(word)])
        at += len(word) + 1
    cases = []
    for number in range(12):
        before = 3 + number % 3
        tokens = [None] * before + offsets + [None] * (number % 2)
        start, end = (np.round(random.normal(0, 3, len(tokens)), 2) for _ in range(2))
        longest = 1 + number % 5
        allowed = [
            (start[i] + end[j], -i, -j, tokens[i][0], tokens[j][1])
            for i in range(len(tokens))
            for j in range(i, min(i + longest, len(tokens)))
            if tokens[i] and tokens[j]
        ]
        _, _, _, first, last = max(allowed)
        logits = {"start": start.tolist(), "end": end.tolist()}
        answer = context[first:last]
        cases.append(
            {
                "spans": tokens,
                "logits": logits,
                "maximumTokens": longest,
                "context": context,
                "answer": answer,
            }
        )
    return cases


def correlations(random: np.random.Generator) -> dict:
    rows = []
    for number in range(8):
        n = (3, 5, 12, 40)[number % 4]
        a, b = random.normal(size=n), random.normal(size=n)
        if number >= 4:
            a, b = np.round(a), np.round(b + a)  # ties
        rows.append({"a": a.tolist(), "b": b.tolist(), "correlation": float(stats.spearmanr(a, b).statistic)})
    n = 80
    gold = np.round(random.uniform(0, 5, n), 0)
    baseline = np.round(gold + random.normal(0, 1, n), 2)
    candidate = np.round(baseline + random.normal(0, 0.5, n), 2)

    def difference(g: np.ndarray, b: np.ndarray, c: np.ndarray) -> float:
        return stats.spearmanr(g, c).statistic - stats.spearmanr(g, b).statistic

    found = stats.bootstrap(
        (gold, baseline, candidate),
        difference,
        paired=True,
        vectorized=False,
        n_resamples=20_000,
        confidence_level=0.9,
        method="BCa",
        rng=np.random.default_rng(1),
    ).confidence_interval
    return {
        "what": "scipy.stats.spearmanr; BCa interval of the difference by scipy.stats.bootstrap, paired, 90 %",
        "rows": rows,
        "interval": {
            **{"gold": gold.tolist(), "baseline": baseline.tolist(), "candidate": candidate.tolist()},
            **{"estimate": difference(gold, baseline, candidate)},
            **{"lower": float(found.low), "upper": float(found.high)},
        },
    }


def main() -> None:
    random = np.random.default_rng(7)
    answers = [
        {
            **{"given": given, "right": right, "normalized": normalized(given)},
            "exactMatch": max(float(normalized(given) == normalized(each)) for each in right),
            "f1": max(f1(given, each) for each in right),
        }
        for given, right in RIGHT
    ]
    made = {"answers": answers, "spans": spans(random), "spearman": correlations(random)}
    print(json.dumps(made))


if __name__ == "__main__":
    main()
