"""Where the required sizes come from: the places that together demand exactly them."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F

import nnspec
from nnspec.report.json import as_dict
from nnspec.report.text import totals

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
    (way,) = reason.needs[0].way  # of x there is none: it is an input
    assert [step.split(" at ")[0] for step in way.split(" ← ")[1::2]] == [
        "`conv_transpose2d`", "`conv2d`", "`x`"
    ]  # fmt: skip
    assert not reason.stated


@pytest.mark.parametrize("target", ["unet", "stable_diffusion:sd1_autoencoder", "alexnet", "ssd"])
def test_together_they_demand_exactly_the_set(target: str) -> None:
    net = next(iter(nnspec.check(f"zoo:{target}").models.values()))
    every = [tuple(need.text for need in reason.needs) for reason in net.reasons]
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


POOLS = """\
model Net:
    input x: [N, 3, H, W]
    y = x -> max_pool2d(2) -> max_pool2d(2)
    z = concat(x, y -> interpolate(scale_factor=4), dim=1)
{stated}    return z -> reshape([N, -1, W])
"""

CONTRADICTED = [
    "H % 4 == 2",
    "H == 18",
    "H % 2 == 1 and H >= 50",
    "H == W + 1",
    "W == H + 5 and W >= 20",
    "H + W == 31",
    "H * W == 30",
    "H * W == 210",
    "3 * H == 2 * W + 1",
    "H < 4 and W > 9",
    "H // 4 == 3 and H % 4 > 1",
    "max(H, W) <= 3",
    "H + W >= 40 and H - W == 2",
    "H == W * W + 1",
]


@pytest.mark.parametrize("stated", CONTRADICTED)
@pytest.mark.parametrize("spec", [SKIP, POOLS], ids=["strides", "pools"])
def test_an_assert_that_contradicts_it_shows_the_smallest_counterexample(
    spec: str, stated: str
) -> None:
    """By sum, then in order, of all sizes that the assert allows; PyTorch refuses each."""
    text = spec.format(stated=f"    assert {stated}\n")
    (problem,) = nnspec.check_source(text, "spec.nn").diagnostics
    assert problem.code == "NN306"
    condition = compile(stated, "assert", "eval")
    names = [name for name in "HW" if name in condition.co_names]
    points = [(h, w) for h in range(1, 60) for w in range(1, 60)]
    allowed = [p for p in points if eval(condition, {"max": max, "H": p[0], "W": p[1]})]
    run = strides if spec is SKIP else pools
    assert not any(runs(run, *point) for point in allowed[:200])
    smallest = min(allowed, key=lambda p: (sum(p), p))
    told = ",".join(
        f"{name}={size}" for name, size in zip("HW", smallest, strict=True) if name in names
    )
    assert any(f"{told} is the smallest that the assert" in n for n in problem.notes), problem.notes


def strides(x: torch.Tensor) -> None:
    y = F.conv2d(x, torch.zeros(8, 3, 3, 3), stride=4, padding=1)
    x + F.conv_transpose2d(y, torch.zeros(8, 3, 4, 4), stride=4)


def pools(x: torch.Tensor) -> None:
    y = F.max_pool2d(F.max_pool2d(x, 2), 2)
    torch.cat([x, F.interpolate(y, scale_factor=4)], dim=1)


def runs(model: Callable[[torch.Tensor], None], h: int, w: int) -> bool:
    x = torch.zeros(1, 3, h, w)
    try:
        model(x)
    except RuntimeError:
        return False
    return h % 4 == 0 and w % 4 == 0  # PyTorch stretches a size of 1


def test_asserts_that_contradict_each_other_are_told_together() -> None:
    """With the smallest size that one of them allows."""
    text = "model Net:\n    input x: [N, H]\n    assert H % 8 == 4 and H < 4\n    return x\n"
    (problem,) = nnspec.check_source(text, "spec.nn").diagnostics
    assert problem.code == "NN306"
    assert "this needs H % 8 == 4 and H < 4" in problem.notes
    assert "H=1 is the smallest with H < 4; there H % 8 == 4 fails" in problem.notes


def test_the_smallest_is_found_far_away() -> None:
    text = SKIP.format(stated="    assert H == 100_003 and W - H == 7\n")
    (problem,) = nnspec.check_source(text, "spec.nn").diagnostics
    assert any("H=100003,W=100010 is the smallest" in note for note in problem.notes)


def test_no_requirement_has_no_reason() -> None:
    net = model("model Net:\n    input x: [N, 3, H, W]\n    return x -> conv2d(4, 3, padding=1)\n")
    assert net.requires == []
    assert net.reasons == ()


def test_each_condition_of_a_place_has_its_way() -> None:
    """One line of the U-Net joins four sizes of the image; of W it needs what it needs of H."""
    net = nnspec.check("zoo:unet").models["UNet"]
    (reason,) = net.reasons
    assert len(reason.needs) == 8
    for need in reason.needs:
        (way,) = [way for way in need.way if "conv_transpose2d" in way]
        (name,) = net.names_in(need.text)
        assert net.names_in(way) == {name}
        assert way.startswith(f"`x`: {need.text.split(' == ')[1]} ← ")
    told = [text for _, text in totals(net)]
    conditions = [text for text in told if text.endswith(", W likewise")]
    ways = [text for text in told if text.startswith("`x`: ")]
    assert len(conditions) == len(ways) == 4


def test_json_tells_them() -> None:
    report = nnspec.check_source(SKIP.format(stated=""), "spec.nn")
    told = as_dict([("spec.nn", report)])["models"]["Net"]["reasons"]
    assert json.loads(json.dumps(told)) == told
    assert told[0]["span"]["line"] == 4
    assert told[0]["needs"][0]["way"]
    assert told[0]["requires"] == report.models["Net"].requires
