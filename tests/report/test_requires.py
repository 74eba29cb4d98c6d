"""The sizes a model takes: exactly those with which PyTorch runs it."""

from __future__ import annotations

import pytest

import nnspec
from nnspec.report.model import NotAdmitted

from .test_facts import model

STACK = """\
model Net:
    input x: [N, 1, H, W]
    a = x -> conv2d(1, 3, stride=2) -> conv2d(1, 4) -> conv2d(1, 3, stride=2, dilation=2)
    return a
"""


def test_what_is_admitted_runs_in_pytorch_and_nothing_else() -> None:
    torch = pytest.importorskip("torch")
    nn = torch.nn
    module = nn.Sequential(
        nn.Conv2d(1, 1, 3, 2), nn.Conv2d(1, 1, 4), nn.Conv2d(1, 1, 3, 2, dilation=2)
    )
    net = model(STACK)
    runs = {}
    for height in range(1, 40):
        try:
            module(torch.zeros(1, 1, height, 30))
            runs[height] = True
        except RuntimeError:
            runs[height] = False
    assert {h: net.admits({"N": 1, "H": h, "W": 30}) for h in runs} == runs
    assert {h: net.admits({"H": h}) for h in runs} == runs
    assert len(set(runs.values())) == 2
    smallest = min(h for h in runs if runs[h])
    assert net.requires == [f"H >= {smallest}", f"W >= {smallest}"]


def test_sizes_that_are_refused_say_where() -> None:
    net = model(STACK)
    with pytest.raises(NotAdmitted) as refused:
        net.at({"H": 10})
    problem = refused.value.problem
    assert problem.code == "NN309"
    assert problem.span is not None
    assert problem.span.source.text.count("\n", 0, problem.span.start) + 1 == 3
    assert isinstance(refused.value, ValueError)


def test_sizes_that_refuse_each_other_only_together() -> None:
    net = model(
        "model Net:\n    input x: [N, 1, H, W]\n    a = x -> conv2d(1, 3)\n"
        "    b: [N, 1, H - 2, H - 2] = a\n    return b\n"
    )
    assert net.admits({"H": 8, "W": 8})
    assert not net.admits({"H": 8, "W": 9})
    assert net.admits({"H": 8})
    assert not net.admits({"H": 2})


def test_no_size_at_all_is_a_problem_that_shows_both_places() -> None:
    text = (
        "model Net:\n    input x: [N, 1, H, W]\n    a: [N, 1, 5, W] = x -> conv2d(1, 1)\n"
        "    b: [N, 1, 6, W] = x -> conv2d(1, 1)\n    return a\n"
    )
    report = nnspec.check_source(text, "spec.nn")
    assert [problem.code for problem in report.diagnostics] == ["NN306"]
    (problem,) = report.diagnostics
    assert problem.span is not None
    assert [problem.span.line, *(label.span.line for label in problem.labels)] == [3, 4]
