"""Optimum's presets on a tiny model, where its environment is installed."""

import sys
from pathlib import Path

import pytest
from conftest import call, needs, quantized

from stepdown_toolkits.optimum_toolkit import presets


@pytest.mark.parametrize(
    ("found", "preset"),
    [
        (["avx2", "avx512f", "avx512_vnni"], "avx512_vnni"),
        (["avx2", "avx512f"], "avx512"),
        (["avx2", "avx_vnni"], "avx2"),
        (["asimddp"], "arm64"),
    ],
)
def test_takes_the_preset_that_the_cpu_is_made_for(monkeypatch, found: list[str], preset: str):
    monkeypatch.setattr(presets, "instruction_sets", lambda: found)
    assert presets.preset_of_host() == preset


@needs("optimum")
@pytest.mark.parametrize("method", [None, "entropy"])
def test_makes_a_candidate_with_integer_kernels(job: dict, tmp_path: Path, method: str | None):
    recipe: dict = {"toolkit": "optimum", "scheme": "int8-dynamic"}
    if method:
        calibration = {"role": "calibration", "rows": 20, "method": method}
        recipe = {"toolkit": "optimum", "scheme": "int8-static", "calibration": calibration}
    made = quantized(job, recipe, tmp_path / "candidate")
    assert made["coverage"]["integer"] >= 2
    assert made["toolkitVersions"]["optimum-onnx"]


def test_without_its_packages_it_says_what_to_install():
    code, lines, _ = call("probe", "{}", toolkit="optimum", python=sys.executable)
    assert code == 3
    assert "npm run setup -- --environment optimum" in lines[-1]["message"]
