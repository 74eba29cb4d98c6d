"""A data set whose samples have sizes that the model does not take: an error, with the transform to write."""

from __future__ import annotations

import re

import pytest
import torch

import nnspec

SPEC = """
model Net(classes: int = 10):
    input image: [N, 3, H, W]
    x = image -> conv2d(8, 3, stride=2, padding=1) -> relu
    y = x -> max_pool2d(2) -> conv_transpose2d(8, 2, stride=2)
    return (x + y) -> adaptive_avg_pool2d(1) -> flatten -> linear(classes)

data Pictures:
    source = fake([3, 30, 33], classes=10)
    image  = normalize(mean=0.5, std=0.25)

train Net on Pictures:
    loss = cross_entropy(output, label)
"""


def refused(spec: str) -> tuple[str, str]:
    """The message and the help of the one error."""
    (problem,) = nnspec.check_source(spec).diagnostics
    assert problem.code == "NN501"
    return problem.message, problem.help


def test_the_transform_to_write() -> None:
    message, help = refused(SPEC)
    assert message.startswith(
        "the samples of `Pictures` do not fit `Net`, which needs H % 4 in [0, 3] and"
    )
    assert message.endswith("they have H = 30, W = 33")
    assert help == (
        "in `Pictures`: `image = resize([31, 32]) -> …`, the nearest sizes that it takes"
    )
    mended = SPEC.replace("= normalize", "= resize([31, 32]) -> normalize")
    assert nnspec.check_source(mended).ok


def test_what_is_said_is_what_pytorch_does() -> None:
    """The refused sizes do not go through the same layers, those of the help do."""
    _, help = refused(SPEC)
    height, width = map(int, re.findall(r"\d+", help)[:2])
    assert not runs(torch.zeros(1, 3, 30, 33))
    assert runs(torch.zeros(1, 3, height, width))


def runs(image: torch.Tensor) -> bool:
    x = torch.nn.functional.conv2d(image, torch.zeros(8, 3, 3, 3), stride=2, padding=1)
    y = torch.nn.functional.max_pool2d(x, 2)
    y = torch.nn.functional.conv_transpose2d(y, torch.zeros(8, 8, 2, 2), stride=2)
    return x.shape == y.shape


@pytest.mark.parametrize(
    ("transforms", "help"),
    [
        ("resize(34) -> normalize", "`image = … -> resize(35)`"),
        ("random_crop([30, 32]) -> normalize", "`image = … -> resize([31, 32])`"),
        ("random_horizontal_flip() -> normalize", "`image = resize([31, 32]) -> …`"),
    ],
)
def test_after_a_transform_that_makes_another_size(transforms: str, help: str) -> None:
    _, found = refused(SPEC.replace("normalize", transforms))
    assert help in found


def test_no_image() -> None:
    """There is no transform for a sequence: the nearest lengths are told."""
    message, help = refused("""
model Net(classes: int = 10):
    input x: [N, T, 8]
    y = x -> rearrange("n (t k) d -> n t (k d)", k=4)
    return y -> mean(dim=1) -> linear(classes)

data Rows:
    source = fake([30, 8], classes=10)

train Net on Rows:
    loss = cross_entropy(output, label)
""")
    assert "which needs T % 4 == 0 and T >= 4; they have T = 30" in message
    assert help == "the nearest that it takes: T=28 or T=32"


def test_in_a_side_that_the_sizes_do_not_come_to() -> None:
    """What is demanded in a side of an `if` on sizes is demanded at those sizes only."""
    fitting = SPEC.replace("[3, 30, 33]", "[3, 32, 32]")
    side = "    if H >= {}:\n        assert W % 100 == 0\n    return (x"
    assert nnspec.check_source(fitting.replace("    return (x", side.format(200))).ok
    assert not nnspec.check_source(fitting.replace("    return (x", side.format(20))).ok
