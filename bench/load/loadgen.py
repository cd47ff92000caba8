"""Plays MLPerf LoadGen against an ONNX model: `loadgen.py MODEL DATA QUERIES`; a scenario a line in, a JSON line out."""

import json
import re
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import mlperf_loadgen as lg
import numpy as np
import onnxruntime
import pyarrow as pa

WARMUP = 30
SUMMARY = {
    "p50Ms": (r"50\.00 percentile latency \(ns\)\s*:\s*(\d+)", 1e-6),
    "p99Ms": (r"99\.00 percentile latency \(ns\)\s*:\s*(\d+)", 1e-6),
    "perSecond": (r"Samples per second\s*:\s*([\d.]+)", 1),
}


BARE = "Bare"  # no LoadGen at all: what the runtime takes


def main(model: str, data: str, queries: int) -> None:
    for line in sys.stdin:
        session = open_session(model)
        feeds = read_feeds(data, [spec.name for spec in session.get_inputs()])
        for turn in range(WARMUP):
            session.run(None, feeds[turn % len(feeds)])
        scenario = line.strip()
        played = bare_loop if scenario == BARE else partial(play, scenario)
        print(json.dumps(played(session, feeds, queries)), flush=True)


def play(scenario: str, session: onnxruntime.InferenceSession, feeds: list, queries: int) -> dict[str, float]:
    def issue(samples: list) -> None:
        for sample in samples:
            session.run(None, feeds[sample.index])
            lg.QuerySamplesComplete([lg.QuerySampleResponse(sample.id, 0, 0)])

    settings = lg.TestSettings()
    settings.scenario = getattr(lg.TestScenario, scenario)
    settings.mode = lg.TestMode.PerformanceOnly
    settings.min_duration_ms = 0
    settings.min_query_count = settings.max_query_count = queries
    settings.offline_expected_qps = 1
    with tempfile.TemporaryDirectory() as folder:
        logs = lg.LogSettings()
        logs.log_output.outdir = folder
        sut = lg.ConstructSUT(issue, lambda: None)
        library = lg.ConstructQSL(len(feeds), len(feeds), lambda _: None, lambda _: None)
        lg.StartTestWithLogSettings(sut, library, settings, logs)
        lg.DestroyQSL(library)
        lg.DestroySUT(sut)
        text = (Path(folder) / "mlperf_log_summary.txt").read_text()
    figures = {name: re.search(pattern, text) for name, (pattern, _) in SUMMARY.items()}
    return {name: float(found[1]) * SUMMARY[name][1] for name, found in figures.items() if found}


def bare_loop(session: onnxruntime.InferenceSession, feeds: list, queries: int) -> dict[str, float]:
    latencies = []
    for turn in range(queries):
        started = time.perf_counter()
        session.run(None, feeds[turn % len(feeds)])
        latencies.append(1_000 * (time.perf_counter() - started))
    p50, p99 = np.percentile(latencies, [50, 99], method="inverted_cdf")
    return {"p50Ms": p50, "p99Ms": p99, "perSecond": 1_000 * queries / sum(latencies)}


def open_session(model: str) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    for threads in ("intra_op", "inter_op"):
        options.add_session_config_entry(f"session.{threads}.allow_spinning", "0")
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def read_feeds(data: str, names: list[str]) -> list[dict[str, np.ndarray]]:
    table = pa.ipc.open_file(data).read_all().to_pydict()
    return [
        {name: np.array([table[name][row]], dtype=np.int64) for name in names}
        for row in range(len(table[names[0]]))
    ]


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
