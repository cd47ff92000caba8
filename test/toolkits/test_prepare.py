"""Preparation: what is written, and every way in which it is refused."""

import csv
import json
from pathlib import Path

import onnx
import pyarrow as pa
import pyarrow.parquet
import pytest
from conftest import LABELS, Recorder, call, classifier, make_rows, write_rows
from onnx import TensorProto, helper

from stepdown_toolkits.onnxruntime_toolkit import prepare
from stepdown_toolkits.onnxruntime_toolkit.tasks import text
from stepdown_toolkits.protocol import BadRequest


def problems_of(job: dict) -> list[dict]:
    with pytest.raises(BadRequest) as refused:
        prepare.run(job, Recorder())
    assert list(Path(job["outputFolder"]).iterdir()) == []
    return refused.value.problems


def the_problem(job: dict) -> tuple[str, str]:
    (only,) = problems_of(job)
    return only["field"], only["message"]


def edit(job: dict, role: str, change) -> None:
    path = Path(job["roles"][role])
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    change(rows)
    write_rows(path, rows)


def test_writes_a_list_column_per_input_with_label_id_and_slices(job: dict):
    result = prepare.run(job, recorder := Recorder())
    facts = result["model"]
    assert (facts["inputs"], facts["outputs"], facts["opset"]) == (
        ["input_ids", "attention_mask"],
        ["logits"],
        17,
    )
    assert facts["parameters"] == 64 * 32 + 32 * 64 + 64 * 3 + 1
    selection = result["roles"]["selection"]
    table = pa.ipc.open_file(selection["path"]).read_all()
    assert table.column_names == ["input_ids", "attention_mask", "label", "id", "desk", "length"]
    assert table.schema.field("input_ids").type == pa.list_(pa.int64())
    assert table.schema.field("label").type == pa.int32()
    lengths = [len(row) for row in table["input_ids"].to_pylist()]
    assert max(lengths) == job["maxLength"] and len(set(lengths)) > 10
    assert table["label"].to_pylist()[:4] == [0, 1, 2, 0]
    assert selection["rows"] == 40 and selection["classes"] == {"acq": 13, "earn": 14, "trade": 13}
    assert selection["slices"]["desk=markets"] == 20
    counts = {"length=<=8", "length=9-16", "length=>=17"}
    assert {name for name in selection["slices"] if name.startswith("length")} == counts
    assert ("selection", 40, 40) in recorder.stages


def test_equal_jobs_give_equal_bytes_and_a_changed_label_another_row_hash(job: dict, tmp_path: Path):
    first = prepare.run(job, Recorder())["roles"]["selection"]
    before = Path(first["path"]).read_bytes()
    _, lines, _ = call("prepare", json.dumps(job), seed="99")
    assert lines[-1]["roles"]["selection"] == first
    assert Path(first["path"]).read_bytes() == before
    edit(job, "selection", lambda rows: rows[0].update(label="acq"))
    assert prepare.run(job, Recorder())["roles"]["selection"]["rowsSha256"] != first["rowsSha256"]


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet"])
def test_reads_every_format_to_the_same_bytes(job: dict, tmp_path: Path, suffix: str):
    rows = make_rows("selection", 40)
    before = Path(prepare.run(job, Recorder())["roles"]["selection"]["path"]).read_bytes()
    path = tmp_path / f"selection{suffix}"
    if suffix == ".parquet":
        pyarrow.parquet.write_table(pa.Table.from_pylist(rows), path)
    else:
        with path.open("w", encoding="utf-8-sig", newline="") as file:  # as spreadsheets write it
            writer = csv.DictWriter(file, list(rows[0]), delimiter="," if suffix == ".csv" else "\t")
            writer.writeheader()
            writer.writerows(rows)
    job["roles"]["selection"] = str(path)
    assert Path(prepare.run(job, Recorder())["roles"]["selection"]["path"]).read_bytes() == before


def test_numeric_labels_are_compared_as_text(job: dict):
    job["labels"] = ["0", "1", "2"]
    for role in job["roles"]:
        edit(job, role, lambda rows: [row.update(label=LABELS.index(row["label"])) for row in rows])
    assert prepare.run(job, Recorder())["roles"]["selection"]["classes"]["0"] == 14


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"not a model", "is not an ONNX model"), (b"", "is not an ONNX model"), (None, "is not a file")],
)
def test_refuses_what_is_not_an_onnx_model(job: dict, content: bytes | None, says: str):
    path = Path(job["model"]["path"])
    path.unlink() if content is None else path.write_bytes(content)
    field, message = the_problem(job)
    assert field == "model.path" and says in message


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"inputs": ("pixels", "attention_mask")}, "input 'pixels': the tokenizer makes input_ids"),
        ({"kind": TensorProto.INT32}, "must be an int64 tensor"),
        ({"positions": 5}, "fails on a row of 24 tokens"),
        ({"scale": float("inf")}, "NaN or infinity"),
    ],
)
def test_refuses_a_model_that_could_not_be_served(job: dict, changes: dict, says: str):
    onnx.save(classifier(**changes), job["model"]["path"])
    found = problems_of(job)
    assert found[0]["field"] == "model.path" and says in found[0]["message"]


@pytest.mark.parametrize(
    ("domain", "says"),
    [("", "ONNX does not know: Levitate (node '/odd')"), ("com.acme", "does not load in ONNX Runtime")],
)
def test_names_an_operator_that_nothing_here_can_run(job: dict, domain: str, says: str):
    model = classifier()
    model.graph.node[-1].output[0] = "unlifted"
    model.graph.node.append(helper.make_node("Levitate", ["unlifted"], ["logits"], "/odd", domain=domain))
    if domain:
        model.opset_import.append(helper.make_opsetid(domain, 1))
    onnx.save(model, job["model"]["path"])
    field, message = the_problem(job)
    assert field == "model.path" and says in message and "Levitate" in message and "export" in message


def test_refuses_dynamic_axes_that_no_tokenizer_fills(job: dict):
    model = classifier()
    model.graph.input[0].type.tensor_type.shape.dim.add().dim_param = "depth"
    onnx.save(model, job["model"]["path"])
    field, message = the_problem(job)
    assert field == "model.path" and "input 'input_ids': must be an int64 tensor of batch x length" in message


def test_refuses_weights_in_other_files(job: dict):
    model = onnx.load(job["model"]["path"])
    onnx.save(model, job["model"]["path"], save_as_external_data=True, location="weights", size_threshold=16)
    assert "save it as one file" in the_problem(job)[1]


def test_refuses_a_label_list_that_does_not_fit_the_logits(job: dict):
    job["labels"] = [*LABELS, "ship"]
    found = problems_of(job)
    assert found[0]["field"] == "model.labels" and "has 3 logits" in found[0]["message"]


def test_refuses_a_wrong_tokenizer_and_a_length_without_room_for_text(job: dict):
    job["maxLength"] = 2
    assert the_problem(job) == ("model.maxLength", "the tokenizer adds 2 tokens; allow more")
    Path(job["tokenizer"]).write_text("{}")
    assert "is not a tokenizer.json" in the_problem(job)[1]


def test_names_the_missing_column_the_file_and_the_columns_found(job: dict):
    job["columns"]["text"] = "body"
    found = problems_of(job)
    assert [problem["field"] for problem in found] == ["data.calibration", "data.selection"]
    assert found[0]["message"] == "column 'body' is missing; the file has desk, id, label, text"


def test_names_rows_that_are_empty_unknown_or_there_twice(job: dict):
    def spoil(rows: list[dict]) -> None:
        rows[1]["text"] = "  "
        rows[3]["label"] = None
        rows[4]["label"] = "shipping"
        rows[6]["id"] = rows[5]["id"]

    edit(job, "selection", spoil)
    messages = [f"{problem['field']} {problem['message']}" for problem in problems_of(job)]
    assert [message.split(";")[0] for message in messages] == [
        "data.selection row 2: 'text' is empty",
        "data.selection row 4: 'label' is empty",
        "data.selection row 5: label 'shipping' is not in model.labels",
        "data.selection row 7: id 'selection-5' stands there twice",
    ]


def test_shows_a_few_rows_of_a_kind_and_counts_the_rest(job: dict):
    edit(job, "selection", lambda rows: [row.update(label="nonsense") for row in rows])
    found = problems_of(job)
    assert len(found) == 6 and found[-1]["message"] == "and 35 more rows like these"


def test_names_classes_without_a_row_in_any_role(job: dict):
    for role in job["roles"]:
        edit(job, role, lambda rows: [row.update(label="earn") for row in rows if row["label"] == "trade"])
    assert the_problem(job)[1].startswith("class 'trade' has no row in any role")


def test_refuses_rows_that_two_roles_share_whatever_their_case_and_spaces(job: dict):
    first = make_rows("calibration", 2)
    edit(job, "selection", lambda rows: rows[3].update(text=f"  {first[1]['text'].upper()} "))
    field, message = the_problem(job)
    assert field == "data.selection"
    assert message.startswith("shares 1 rows with data.calibration, such as selection-3")


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("rows.csv", "id,text,label,desk\n1,a,earn,x,more\n", "row 1 has not as many cells"),
        ("rows.csv", "id,text,label,desk\n", "has no rows"),
        ("rows.jsonl", '{"id": 1}\n{broken\n', "line 2 is not JSON"),
        ("rows.jsonl", "[1, 2]\n", "line 1 is not a JSON object"),
        ("rows.parquet", "no parquet", "cannot be read"),
        ("rows.xlsx", "sheet", "format '.xlsx' is not known; convert it to .jsonl"),
        ("rows.csv", b"id,text,label,desk\n1,\xff,earn,x\n", "byte 21 is not UTF-8"),
        ("missing.csv", None, "cannot be read"),
    ],
)
def test_says_why_a_file_cannot_be_read(job: dict, tmp_path: Path, name: str, content, says: str):
    if content is not None:
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    job["roles"]["selection"] = str(tmp_path / name)
    field, message = the_problem(job)
    assert field == "data.selection" and says in message


def test_refuses_slices_that_hide_a_column_or_do_not_ascend(job: dict):
    job["slices"] = [{"name": "label", "column": "desk"}]
    assert "rename the slice" in the_problem(job)[1]
    job["slices"] = [{"name": "length", "tokens": [16, 8]}]
    assert the_problem(job)[0] == "slices.0.tokens"


def test_reports_the_problems_of_model_and_all_roles_together(job: dict):
    Path(job["model"]["path"]).write_bytes(b"x")
    edit(job, "calibration", lambda rows: rows[0].update(text=""))
    edit(job, "selection", lambda rows: rows[0].update(label="other"))
    fields = [problem["field"] for problem in problems_of(job)]
    assert fields == ["model.path", "data.calibration", "data.selection"]


@pytest.mark.parametrize("name", ["labels", "model", "tokenizer", "maxLength", "columns", "roles"])
def test_names_a_field_that_the_job_lacks(job: dict, name: str):
    del job[name]
    assert any(problem["field"] == name for problem in problems_of(job))


@pytest.mark.parametrize(
    ("length", "name"), [(1, "<=32"), (32, "<=32"), (33, "33-63"), (63, "33-63"), (64, ">=64")]
)
def test_token_edges_are_upper_bounds(length: int, name: str):
    assert text.length_class(length, [32, 63]) == name


def test_fills_rows_up_where_servers_have_fixed_shapes(job: dict):
    result = prepare.run({**job, "padding": "maximum"}, Recorder())
    table = pa.ipc.open_file(result["roles"]["selection"]["path"]).read_all()
    assert {len(row) for row in table["input_ids"].to_pylist()} == {job["maxLength"]}
    assert min(sum(row) for row in table["attention_mask"].to_pylist()) < job["maxLength"]
    assert result["roles"]["selection"]["slices"]["length=<=8"] > 0  # padding is not length


def test_tells_lengths_and_how_far_calibration_is_from_production(job: dict, tmp_path: Path):
    job["roles"]["production"] = str(write_rows(tmp_path / "production.jsonl", make_rows("production", 120)))
    roles = prepare.run(job, Recorder())["roles"]
    assert roles["selection"]["lengths"]["p50"] < roles["selection"]["lengths"]["p99"]
    assert roles["selection"]["lengths"]["max"] == job["maxLength"]
    near = roles["calibration"]["distance"]
    assert 0 < near["within"] < 0.5 and near["tokens"] < 1.4 * near["within"]
    assert "distance" not in roles["selection"]


def test_rows_of_one_kind_are_far_from_production(job: dict, tmp_path: Path):
    job["roles"]["production"] = str(write_rows(tmp_path / "production.jsonl", make_rows("production", 120)))

    def repeat(rows: list[dict]) -> None:
        for number, row in enumerate(rows):
            row["text"] = f"calibration w1 w2 w{number % 4} " + "w5 " * (1 + number)

    edit(job, "calibration", repeat)
    far = prepare.run(job, Recorder())["roles"]["calibration"]["distance"]
    assert far["tokens"] > 1.4 * far["within"]
