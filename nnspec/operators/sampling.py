"""Values read between the places of an image: grid_sample."""

from __future__ import annotations

from nnspec.dims import render
from nnspec.operators.definition import CallCode, Operator, Ref, Setting, Tensor
from nnspec.tensors import TensorType, is_float

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nnspec.operators.definition import Use


class GridSample(Operator):
    """An image read at places between -1 and 1: [N, C, H, W] at [N, H', W', 2] -> [N, C, H', W'];
    the two numbers are the column and the row (Jaderberg et al. 2015, arXiv:1506.02025)."""

    name = "grid_sample"
    saves = ("inputs",)
    family = "resizing"
    tensors = (
        Tensor("input"),
        Tensor("grid", doc="the places; the last dimension has x, y (and z)"),
    )
    settings = (
        Setting(
            "mode", "str", "bilinear", choices=("bilinear", "nearest", "bicubic"),
            doc="how values in between are found",
        ),
        Setting(
            "padding_mode", "str", "zeros", choices=("zeros", "border", "reflection"),
            doc="what is outside",
        ),
        Setting(
            "align_corners", "bool|none", None,
            doc="whether -1 and 1 are the centres of the corners, or their outer edges",
        ),
    )  # fmt: skip
    accepts = (
        "([2, 3, 5, 6], [2, 4, 7, 2]) -> grid_sample(align_corners=true)",
        '([2, 3, 4, 5, 6], [2, 2, 3, 4, 3]) -> grid_sample("nearest", "border")',
    )
    rejects = (
        "([2, 3, 5, 6], [3, 4, 7, 2]) -> grid_sample",
        "([2, 3, 5, 6], [2, 4, 7, 3]) -> grid_sample",
        '([2, 3, 4, 5, 6], [2, 2, 3, 4, 3]) -> grid_sample("bicubic")',
    )

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        image, grid = use.inputs
        assert image is not None and grid is not None
        use.rank(4, 5, meaning="[batch, channels, …]")
        if not is_float(image.dtype) or image.dtype != grid.dtype:
            use.fail(
                f"`grid_sample` reads floating-point numbers at places of their dtype, not {image} "
                f"at {grid}",
                code="NN304",
            )
        axes = image.rank - 2
        if grid.rank != image.rank:
            use.fail(
                f"the places in {image} are [batch, {'depth, ' * (axes == 3)}height, width, {axes}], "
                f"not {grid}",
                code="NN303",
            )
        if use["mode"] == "bicubic" and axes == 3:
            use.fail(
                f'mode "bicubic" is for images [N, C, H, W], not {image}',
                code="NN303",
                argument="mode",
            )
        batch, coordinates = grid.shape[0], grid.shape[-1]
        use.equal(
            batch,
            image.shape[0],
            f"the {render(image.shape[0])} images of {image} are read at as many grids, not the "
            f"{render(batch)} of {grid}",
            code="NN301",
        )
        use.equal(
            coordinates,
            axes,
            f"a place in {image} is {axes} numbers, not {render(coordinates)}",
            code="NN301",
        )
        return (image.with_shape((*image.shape[:2], *grid.shape[1:-1])),)

    def function(self, use: Use) -> CallCode:
        return CallCode("F.grid_sample", (Ref(0), Ref(1)), use.changed())
