"""Sizes that a pattern leaves without a name are no sizes that another pattern names."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from nnspec.compiler.source import program_of  # noqa: E402
from nnspec.compiler.spec import Spec  # noqa: E402
from nnspec.source import Source  # noqa: E402

RESIZED = """
block To:
    input small: [N, ...]
    input large: [N, _, H, W]
    return small -> interpolate(size=[H, W])

model Net:
    input small: [N, 3, A, B]
    input large: [N, 1, H, W]
    return (small, large) -> To
"""

LAST = """
block Tail:
    input x: [N, _, _, C]
    return x -> reshape([N, -1, C])

model Net:
    input x: [N, 5, 6, 7]
    return x -> Tail
"""


def test_of_another_input() -> None:
    made = Spec(program_of(Source(RESIZED, "test.nn"))).Net()
    found = made(torch.zeros(1, 3, 4, 5), torch.zeros(1, 1, 8, 9))
    assert found.shape == (1, 3, 8, 9)


def test_of_the_same_input() -> None:
    made = Spec(program_of(Source(LAST, "test.nn"))).Net()
    assert made(torch.zeros(2, 5, 6, 7)).shape == (2, 30, 7)
