"""The way of a size, from where it does not fit back to the input; lines are counted by hand."""

from __future__ import annotations

import pytest

import nnspec

HEAD = """\
block Down(c: int):
    input x: [N, C, H, W]
    return x -> conv2d(c, 3, stride=2, padding=1) -> relu

block Takes:
    input x: [N, 64, P]
    return x

model Net:
    input image: [N, 3, 64, 64]
    input wide: [N, 3, 65, 65]
"""


def ways(body: str) -> list[str]:
    """The notes of the one problem that these lines have, from line 12 on."""
    text = HEAD + "".join(f"    {line}\n" for line in body.split("\n"))
    (problem,) = nnspec.check_source(text, "net.nn").diagnostics
    return [note for note in problem.notes if "←" in note]


def test_both_sides_step_by_step() -> None:
    assert ways(
        "a = image -> conv2d(8, 3, padding=1) -> relu -> max_pool2d(2)\n"
        "b = wide -> Down(8) -> batch_norm2d -> relu\n"
        "return a + b"
    ) == [
        "`a`: [32, 32] ← `max_pool2d` at line 12 ← [64, 64] ← `image` at line 10",
        "`b`: [33, 33] ← `Down` at line 13 ← [65, 65] ← `wide` at line 11",
    ]


def test_a_size_that_a_layer_was_told_goes_no_further() -> None:
    assert ways(
        "a = image -> conv2d(8, 3) -> relu -> batch_norm2d\n"
        "b = image -> conv2d(4, 3) -> conv2d(16, 1)\n"
        "return a + b"
    ) == ["`a`: 8 ← `conv2d` at line 12"]


def test_an_assertion_and_a_change_of_rank() -> None:
    assert ways("x = image -> max_pool2d(4) -> flatten(2)\nh: [N, 3, 255] = x\nreturn h") == [
        "`x`: [N, 3, 256] ← `flatten` at line 12 ← [N, 3, 16, 16] ← `max_pool2d` at line 12 "
        "← [N, 3, 64, 64] ← `image` at line 10"
    ]


def test_the_input_of_a_block() -> None:
    (way,) = ways("return image -> max_pool2d(2) -> flatten(2) -> Takes")
    assert way.endswith(
        "← [N, 3, 32, 32] ← `max_pool2d` at line 12 ← [N, 3, 64, 64] ← `image` at line 10"
    )


def test_a_long_way_is_shortened() -> None:
    (way,) = ways("return image" + " -> conv2d(3, 3)" * 32)
    assert way.startswith("[2, 2] ← `conv2d` at line 12 ← [4, 4] ←")
    # 31 convolutions of 2 each and the input are 32 steps, of which 5 are told
    assert "← … 27 more … ←" in way
    assert way.endswith("[64, 64] ← `image` at line 10")


@pytest.mark.parametrize("height", [7, 9])
def test_sizes_that_are_put_in(height: int) -> None:
    text = (
        "model Net:\n    input x: [N, 3, H, 8]\n    y = x -> max_pool2d(2)\n"
        "    z = y -> conv_transpose2d(3, 2, stride=2)\n    return x + z\n"
    )
    net = nnspec.check_source(text, "net.nn").models["Net"]
    with pytest.raises(ValueError, match="does not take") as refused:
        net.at({"H": height})
    notes = refused.value.problem.notes  # type: ignore[attr-defined]
    assert (
        "`z`: 2 * (H // 2) ← `conv_transpose2d` at line 4 ← H // 2 ← `max_pool2d` at line 3 "
        "← H ← `x` at line 2"
    ) in notes
