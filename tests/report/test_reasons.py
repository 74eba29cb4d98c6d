"""Where the required sizes come from: the places that together demand exactly them."""

from __future__ import annotations

import json

import pytest

import nnspec
from nnspec.report.json import as_dict

from .test_facts import model

SKIP = """\
model Net:
    input x: [N, 3, H, W]
{stated}    y = x -> conv2d(8, 3, stride=4, padding=1) -> relu
    return x + (y -> conv_transpose2d(3, 4, stride=4))
"""


def holds(conditions: tuple[str, ...], point: dict[str, int]) -> bool:
    return all(eval(condition, {}, dict(point)) for condition in conditions)


def test_the_place_and_the_way() -> None:
    net = model(SKIP.format(stated=""))
    (reason,) = net.reasons
    assert (reason.span.line, reason.span.text) == (4, "+")
    assert reason.requires == tuple(net.requires)
    (way,) = reason.way  # of x there is none: it is an input
    assert [step.split(" at ")[0] for step in way.split(" ← ")[1::2]] == [
        "`conv_transpose2d`", "`conv2d`", "`x`"
    ]  # fmt: skip
    assert not reason.stated


@pytest.mark.parametrize("target", ["unet", "stable_diffusion:sd1_autoencoder", "alexnet", "ssd"])
def test_together_they_demand_exactly_the_set(target: str) -> None:
    net = next(iter(nnspec.check(f"zoo:{target}").models.values()))
    every = [reason.needs for reason in net.reasons]
    points = [{"H": h, "W": w} for h in range(1, 330, 3) for w in (3, 8, 67, 160, 272)]
    verdicts = [net.admits(point) for point in points]
    assert [all(holds(needs, point) for needs in every) for point in points] == verdicts
    for one in every:  # and none of them is there for nothing
        others = [needs for needs in every if needs is not one]
        less = [all(holds(needs, point) for needs in others) for point in points]
        assert less != verdicts


def test_an_assert_that_implies_the_requirement_silences_it() -> None:
    for stated in ("H % 4 == 0 and W % 4 == 0", "H % 8 == 0 and W % 12 == 0"):
        net = model(SKIP.format(stated=f"    assert {stated}\n"))
        assert all(reason.stated for reason in net.reasons)
        for high in range(1, 50):
            point = {"H": high, "W": 24}
            assert holds(tuple(net.requires), point) == eval(stated, {}, dict(point))
    net = model(SKIP.format(stated="    assert H % 2 == 0 and W % 4 == 0\n"))
    (reason,) = [reason for reason in net.reasons if not reason.stated]
    assert reason.requires == ("H % 4 == 0", "H >= 4")  # W has its assert


def test_an_assert_that_contradicts_it_shows_the_smallest_counterexample() -> None:
    text = SKIP.format(stated="    assert H % 4 == 2\n")
    (problem,) = nnspec.check_source(text, "spec.nn").diagnostics
    assert problem.code == "NN306"
    smallest = next(h for h in range(1, 50) if h % 4 == 2)
    assert any(f"H={smallest} is the smallest" in note for note in problem.notes), problem.notes


def test_no_requirement_has_no_reason() -> None:
    net = model("model Net:\n    input x: [N, 3, H, W]\n    return x -> conv2d(4, 3, padding=1)\n")
    assert net.requires == []
    assert net.reasons == ()


def test_json_tells_them() -> None:
    report = nnspec.check_source(SKIP.format(stated=""), "spec.nn")
    told = as_dict([("spec.nn", report)])["models"]["Net"]["reasons"]
    assert json.loads(json.dumps(told)) == told
    assert told[0]["span"]["line"] == 4
    assert told[0]["requires"] == report.models["Net"].requires
