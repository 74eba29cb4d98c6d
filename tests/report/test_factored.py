"""Figures as products, against the sizes that they were."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

import nnspec
from nnspec.dims import product, symbol
from nnspec.report.factored import factored
from nnspec.report.formula import formula

if TYPE_CHECKING:
    from nnspec.dims import Size

H, W, T = symbol("H"), symbol("W"), symbol("T")


def _sums(name: str) -> st.SearchStrategy[Any]:
    size = symbol(name)
    return st.builds(
        lambda a, b, k, m: k * size + a + m * ((size + b) // 3),
        st.integers(-5, 5), st.integers(-5, 5), st.integers(1, 4), st.integers(0, 2),
    )  # fmt: skip


@settings(max_examples=150, derandomize=True, deadline=None)
@given(_sums("H"), _sums("W"), _sums("T"), st.integers(1, 50), st.integers(-3, 3))
def test_the_product_is_the_size(a: Size, b: Size, c: Size, number: int, more: int) -> None:
    size = number * a * b * c + more * H
    if isinstance(size, int):
        return
    content, parts = factored(size)
    assert product([content, *parts]) == size
    if more == 0:
        named = [name for part in parts for name in part.symbols]
        assert sorted(named) == ["H", "T", "W"]
        assert len(parts) == 3


def test_a_convolution_is_kept_as_a_product() -> None:
    """Positions times 3 x 5 x 5 products for each of 3 channels."""
    model = nnspec.check_source(
        "model M:\n    input x: [N, 3, H, W]\n    return x -> conv2d(3, 5)\n"
    ).models["M"]
    (layer,) = model.graph.nodes
    assert formula(model.per_sample(model.mac_sums[id(model.graph)])) == "225·(H - 4)·(W - 4)"
    assert model.at({"N": 1, "H": 10, "W": 12}).macs == 225 * 6 * 8
    assert layer.path == ("conv2d_1",)
