"""A deep residual classifier in which a few chosen layers cannot stand one scale for all of their weights."""

import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pyarrow as pa
from onnx import TensorProto, helper, numpy_helper

WIDTH = 48
TOKENS = 200
CLASSES = 12
DRAWN = 3  # rows for each that is kept, the surest: rounding the other layers must not turn many
BRANCH = 0.9  # of a layer's input, so that every layer matters to the answer


def planted(layers: int, sensitive: list[int], seed: int = 1, width: int = WIDTH) -> onnx.ModelProto:
    """The last feature is always 0, so a huge weight on it changes no answer and ruins the layer's scale."""
    random = np.random.default_rng(seed)
    table = random.normal(size=(TOKENS, width))
    table[:, -1] = 0
    weights = {"table": table, "head": random.normal(size=(width, CLASSES)) / np.sqrt(width)}
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["embedded"], "/embed"),
        helper.make_node("ReduceMean", ["embedded"], ["pooled"], "/pool", axes=[1], keepdims=0),
    ]
    stream = "pooled"
    for layer in range(layers):
        matrix = random.normal(size=(width, width)) * BRANCH * np.sqrt(2 / width)
        matrix[:, -1] = 0
        if layer in sensitive:
            matrix[-1, 0] = 3_000 * np.abs(matrix).max()
        weights[f"w{layer}"] = matrix
        nodes += [
            helper.make_node("Tanh", [stream], [f"active{layer}"], f"/tanh{layer}"),
            helper.make_node("MatMul", [f"active{layer}", f"w{layer}"], [f"branch{layer}"], f"/layer{layer}"),
            helper.make_node("Add", [stream, f"branch{layer}"], [f"sum{layer}"], f"/add{layer}"),
            helper.make_node("Mul", [f"sum{layer}", "shrink"], [f"stream{layer}"], f"/shrink{layer}"),
        ]
        stream = f"stream{layer}"
    nodes.append(helper.make_node("MatMul", [stream, "head"], ["logits"], "/head"))
    initializers = [
        numpy_helper.from_array(value.astype(np.float32), name) for name, value in weights.items()
    ]
    shrink = np.array(1 / np.sqrt(1 + BRANCH**2), np.float32)  # keeps the stream's length over the layers
    initializers.append(numpy_helper.from_array(shrink, "shrink"))
    graph = helper.make_graph(
        nodes,
        "planted",
        [helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["batch", "length"])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", CLASSES])],
        initializers,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def main(folder: Path, layers: int, sensitive: list[int], seed: int, rows: int, width: int = WIDTH) -> None:
    """Writes model and rows that it is sure of; every label is the class that the model itself answers."""
    onnx.save(planted(layers, sensitive, seed, width), folder / "model.onnx")
    random = np.random.default_rng(seed)
    tokens = [random.integers(0, TOKENS, size=random.integers(4, 9)) for _ in range(DRAWN * rows)]
    session = onnxruntime.InferenceSession(folder / "model.onnx", providers=["CPUExecutionProvider"])
    logits = np.concatenate([session.run(None, {"input_ids": row[np.newaxis]})[0] for row in tokens])
    ordered = np.sort(logits)
    surest = np.sort(np.argsort(ordered[:, -2] - ordered[:, -1])[:rows])
    tokens, classes = [tokens[row] for row in surest], logits[surest].argmax(1)
    table = pa.table(
        {
            "id": pa.array([str(row) for row in range(rows)]),
            "label": pa.array(classes.astype(np.int32)),
            "input_ids": pa.array([row.tolist() for row in tokens], pa.list_(pa.int64())),
        }
    )
    with pa.OSFile(str(folder / "rows.arrow"), "wb") as sink, pa.ipc.new_file(sink, table.schema) as out:
        out.write_table(table)


if __name__ == "__main__":
    folder, layers, sensitive, *numbers = sys.argv[1:]
    main(Path(folder), int(layers), [int(layer) for layer in sensitive.split(",")], *map(int, numbers))
