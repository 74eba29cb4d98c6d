"""What `check` says of sizes, as a person would write it: of elif chains, asserts of several forms, and what
is too large to be decided."""

from __future__ import annotations

import time
from itertools import product

import pytest
import torch
import torch.nn.functional as F

import nnspec
from nnspec.report.model import ModelReport

CHAIN = """
model C:
    input x: [N, 3, H, W]
    if H >= 64 and W >= 64:
        x = x -> conv2d(3, 7, stride=2, padding=3) -> max_pool2d(2)
    elif H >= 32:
        x = x -> conv2d(3, 5, stride=2)
    else:
        x = x -> conv2d(3, 3)
    return x -> conv2d(4, 5)
"""


def by_hand(high: int, wide: int) -> None:
    """The chain with PyTorch's functions."""
    x = torch.zeros(1, 3, high, wide, device="meta")

    def kernel(size: int) -> torch.Tensor:
        return torch.zeros(3, 3, size, size, device="meta")

    if high >= 64 and wide >= 64:
        x = F.max_pool2d(F.conv2d(x, kernel(7), stride=2, padding=3), 2)
    elif high >= 32:
        x = F.conv2d(x, kernel(5), stride=2)
    else:
        x = F.conv2d(x, kernel(3))
    F.conv2d(x, kernel(5))


def model(spec: str) -> ModelReport:
    (found,) = nnspec.check_source(spec).models.values()
    assert found.admitted.unproved == ()
    return found


def test_an_elif_chain() -> None:
    found = model(CHAIN)
    text = " and ".join(f"({part})" for part in found.requires)
    assert len(text) < 60, text
    for high, wide in [*product(range(1, 40), repeat=2), *product((31, 32, 63, 64, 65), repeat=2)]:
        try:
            by_hand(high, wide)
            runs = True
        except RuntimeError:
            runs = False
        assert eval(text, {}, {"H": high, "W": wide}) == runs, (high, wide)
        assert found.admits({"H": high, "W": wide}) == runs, (high, wide)


@pytest.mark.parametrize(
    ("lines", "requires"),
    [
        ("assert H == W", ["H == W"]),
        ("assert W == H and H % 8 == 0", ["H % 8 == 0", "H >= 8", "H == W"]),
        ("assert not H % 2 == 0", ["H % 2 == 1"]),
        ("assert 32 <= H < 1025", ["32 <= H <= 1024"]),
        ("assert H in [32, 64]", ["H == 32 or H == 64"]),
        ("assert H == W or H == 2 * W", ["H == W or H == 2*W"]),
        ("assert H * W == 196", ["H*W == 196"]),
        ("if H >= 8:\n        assert W >= 9", ["H <= 7 or W >= 9"]),
        (
            "if H >= 8:\n        assert W >= 9\n    else:\n        assert W >= 4",
            ["W >= 4", "H <= 7 or W >= 9"],
        ),
        ("if H == W:\n        assert H >= 9", ["H != W or H >= 9"]),
        ("if H > W:\n        assert W >= 3\n    elif H < W:\n        assert H >= 3", None),
    ],
)  # fmt: skip
def test_what_is_asserted(lines: str, requires: list[str] | None) -> None:
    found = model(f"model M:\n    input x: [N, H, W]\n    {lines}\n    return x\n")
    if requires is not None:
        assert found.requires == requires
    scope = {"nothing": None}
    code = lines.replace("\n    ", "\n")
    for high, wide in product(range(1, 70), range(1, 40)):
        point = {"H": high, "W": wide}
        try:
            exec(code, scope, dict(point))
            holds = True
        except AssertionError:
            holds = False
        said = all(eval(text, {}, dict(point)) for text in found.requires)
        assert (said, found.admits(point)) == (holds, holds), point


@pytest.mark.parametrize(
    "lines",
    [
        "    assert "
        + " and ".join(
            f"(H * {a} + W * {b}) % {a * b + 1} != {a}" for a in range(2, 9) for b in range(2, 9)
        ),
        "    assert H ** 5 * W ** 3 - H * W ** 7 == 12345 * H + 7",
        "    assert " + " or ".join(f"H % {n} == W % {n + 1}" for n in range(2, 60)),
        "    assert H * H * H + W * W * W == 1000003",
        "    assert " + " and ".join(f"H // {n} * (W // {n}) != {n * n}" for n in range(2, 40)),
        "    assert H % 9973 == 1 and H % 9967 == 2 and H % 9949 == 3",
    ],
)  # fmt: skip
def test_what_is_too_large_is_unproved_and_soon_said(lines: str) -> None:
    start = time.process_time()
    report = nnspec.check_source(f"model M:\n    input x: [N, 3, H, W]\n{lines}\n    return x\n")
    for found in report.models.values():
        assert found.requires or found.admitted.unproved or found.admitted.empty
        points = [{"H": h, "W": w} for h, w in product((1, 7, 50, 97), repeat=2)]
        for point in points:  # the set itself is exact whatever was proved
            told = all(eval(text, {"min": min, "max": max}, dict(point)) for text in found.requires)
            assert told == found.admits({"N": 1, **point})
    assert time.process_time() - start < 20  # some seconds at most, on a busy machine
