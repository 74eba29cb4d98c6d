"""`torch.export` accepts the sizes that nnspec proves, and the exported program runs at each of them."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")

import nnspec  # noqa: E402
from nnspec.compiler.spec import load  # noqa: E402

HALVES = """
model Net(width: int = 4, times: int = 2):
    input image: [N, 3, H, W]
    a = image -> conv2d(width, 3, padding=1) -> relu -> max_pool2d(times)
    up = a -> interpolate(scale_factor=times)
    return concat(image, up, dim=1) -> conv2d(2, 1)
"""
TEXT = """
model Net:
    input tokens: i64[N, T]
    assert T <= 32
    return tokens -> embedding(10, 8) -> linear(5)
"""
POOLS = """
model Net:
    input image: [N, 3, H, W]
    return image -> conv2d(4, 3, padding=1) -> max_pool2d(2) -> max_pool2d(2)
"""
SQUARE = """
model Net:
    input image: [N, H, W]
    assert H == W
    return image + transpose(image, 1, 2)
"""
TWICE = """
model Net:
    input a: [N, T]
    input b: [N, 2 * T + 1]
    assert T >= 3
    return concat(a, b, dim=1)
"""


def net(text: str, tmp_path: Any, **settings: Any) -> Any:
    (tmp_path / "net.nn").write_text(text)
    return load(str(tmp_path / "net.nn")).Net(**settings).eval()


def follow(model: Any, *inputs: Any) -> Any:
    return torch.export.export(model, inputs, dynamic_shapes=nnspec.dynamic_shapes(model)).module()


def test_multiples(tmp_path: Any) -> None:
    model = net(HALVES, tmp_path)
    program = follow(model, torch.randn(2, 3, 8, 10))
    for shape in ((1, 3, 4, 4), (3, 3, 40, 6), (2, 3, 8, 10)):
        x = torch.randn(shape)
        torch.testing.assert_close(program(x), model(x))
    with pytest.raises((RuntimeError, AssertionError)):
        program(torch.randn(2, 3, 9, 10))


def test_the_values_that_a_module_was_made_with(tmp_path: Any) -> None:
    model = net(HALVES, tmp_path, times=3)
    program = follow(model, torch.randn(2, 3, 9, 12))
    x = torch.randn(2, 3, 15, 6)
    torch.testing.assert_close(program(x), model(x))
    assert repr(nnspec.dynamic_shapes(model)["image"][2]) == "3*_H"
    assert repr(nnspec.dynamic_shapes(type(model))["image"][2]) in ("2*_H", "3*_H")


def test_bounds(tmp_path: Any) -> None:
    model = net(TEXT, tmp_path)
    program = follow(model, torch.zeros(2, 9, dtype=torch.int64))
    tokens = torch.randint(10, (3, 32))
    torch.testing.assert_close(program(tokens), model(tokens))
    with pytest.raises((RuntimeError, AssertionError)):
        program(torch.randint(10, (3, 33)))


def test_small_sizes_are_left_out_unless_all_are_wanted(tmp_path: Any) -> None:
    """A height of 4 would leave 1, which torch.export holds to be special."""
    from torch.fx.experimental import _config

    model = net(POOLS, tmp_path)
    program = follow(model, torch.randn(2, 3, 16, 18))
    torch.testing.assert_close(program(x := torch.randn(2, 3, 8, 9)), model(x))
    with _config.patch(backed_size_oblivious=True):  # type: ignore[attr-defined]
        dims = nnspec.dynamic_shapes(model, exact=True)
        every = torch.export.export(model, (torch.randn(2, 3, 16, 18),), dynamic_shapes=dims)
    torch.testing.assert_close(every.module()(x := torch.randn(1, 3, 4, 7)), model(x))


def test_sizes_that_belong_together(tmp_path: Any) -> None:
    model = net(SQUARE, tmp_path)
    program = follow(model, torch.randn(2, 7, 7))
    torch.testing.assert_close(program(x := torch.randn(3, 11, 11)), model(x))


def test_a_size_that_is_computed(tmp_path: Any) -> None:
    model = net(TWICE, tmp_path)
    assert repr(nnspec.dynamic_shapes(model)["b"][1]) == "2*T + 1"
    program = follow(model, torch.randn(2, 4), torch.randn(2, 9))
    inputs = torch.randn(3, 6), torch.randn(3, 13)
    torch.testing.assert_close(program(*inputs), model(*inputs))
    with pytest.raises((RuntimeError, AssertionError)):
        program(torch.randn(3, 6), torch.randn(3, 12))


def test_what_is_no_model_of_a_spec() -> None:
    with pytest.raises(TypeError, match="a model that nnspec compiled"):
        nnspec.dynamic_shapes(torch.nn.Linear(1, 1))


@pytest.mark.parametrize(
    ("target", "shapes"),
    [
        ("zoo:unet:UNet", [(2, 3, 32, 48), (3, 3, 48, 64)]),
        ("zoo:resnet18", [(2, 3, 40, 56), (3, 3, 33, 35)]),
        ("zoo:vgg11", [(2, 3, 65, 70), (3, 3, 64, 99)]),
        ("zoo:mobilenet_v3_small", [(2, 3, 40, 56), (3, 3, 33, 64)]),
    ],
)
def test_the_zoo(target: str, shapes: list[tuple[int, ...]]) -> None:
    with torch.device("meta"):
        model = load(target)().eval()
    first, second = (torch.empty(shape, device="meta") for shape in shapes)
    program = follow(model, first)
    assert program(second).shape == model(second).shape
