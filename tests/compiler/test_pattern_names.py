"""Sizes that a pattern leaves without a name are no sizes that another pattern names."""

from __future__ import annotations

import inspect

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


HANDED = """
block Crop(height: size):
    input x: [N, C, H, W]
    return x -> pad([0, 0, 0, height - H])

model Net:
    input x: [N, 3, H, W]
    return x -> avg_pool2d(2) -> interpolate(scale_factor=2) -> Crop(H // 2)
"""


def test_a_size_that_is_handed_to_a_block_is_an_argument_of_its_forward() -> None:
    made = Spec(program_of(Source(HANDED, "test.nn"))).Net()
    assert made(torch.zeros(2, 3, 20, 8)).shape == (2, 3, 10, 8)
    assert list(inspect.signature(made.Crop_1.forward).parameters) == ["x", "height"]


def test_of_another_input() -> None:
    made = Spec(program_of(Source(RESIZED, "test.nn"))).Net()
    found = made(torch.zeros(1, 3, 4, 5), torch.zeros(1, 1, 8, 9))
    assert found.shape == (1, 3, 8, 9)


def test_of_the_same_input() -> None:
    made = Spec(program_of(Source(LAST, "test.nn"))).Net()
    assert made(torch.zeros(2, 5, 6, 7)).shape == (2, 30, 7)


UNNAMED = """
block Twice:
    input x: [N, _, H, W]
    return x -> conv2d(8, 3, padding=1) -> batch_norm2d

model Net(width: int = 4):
    input image: [N, 3, H, W]
    return image -> conv2d(width, 1) -> Twice -> Twice
"""


@pytest.mark.parametrize("width", [4, 2])
def test_a_size_without_a_name_is_of_each_use(width: int) -> None:
    """One class serves all of them, and other parameters of the model than those that it was read with."""
    made = Spec(program_of(Source(UNNAMED, "a.nn"))).model("Net")(width=width)
    convs = [m for m in made.modules() if isinstance(m, torch.nn.Conv2d)]
    assert [conv.in_channels for conv in convs] == [3, width, 8]
    assert made(torch.rand(2, 3, 5, 6)).shape == (2, 8, 5, 6)
