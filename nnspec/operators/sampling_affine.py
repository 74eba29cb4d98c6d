"""The places that a moved, turned or stretched image is read at: affine_grid."""

from __future__ import annotations

from nnspec.dims import Dim, render
from nnspec.operators.definition import CallCode, Operator, Ref, Setting, Tensor
from nnspec.tensors import TensorType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nnspec.operators.definition import Use


class AffineGrid(Operator):
    """The places between -1 and 1 that `grid_sample` reads for an affine map: theta [N, 2, 3] and the size
    [N, C, H, W] -> [N, H, W, 2]; [N, 3, 4] and [N, C, D, H, W] -> [N, D, H, W, 3] (Jaderberg et al. 2015,
    arXiv:1506.02025)."""

    name = "affine_grid"
    family = "resizing"
    tensors = (Tensor("theta", doc="[N, 2, 3] or [N, 3, 4]"),)
    settings = (
        Setting("size", "list", doc="the shape of the image that is read: [N, C, H, W]"),
        Setting(
            "align_corners", "bool|none", None,
            doc="whether -1 and 1 are the centres of the corners, or their outer edges",
        ),
    )  # fmt: skip
    accepts = (
        "[2, 2, 3] -> affine_grid([2, 3, 4, 5])",
        "[2, 3, 4] -> affine_grid([2, 3, 4, 5, 6], align_corners=true)",
    )
    rejects = (
        "[2, 3, 3] -> affine_grid([2, 3, 4, 5])",
        "[2, 2, 3] -> affine_grid([3, 3, 4, 5])",
        "[2, 2, 3] -> affine_grid([2, 4, 5])",
        "i64[2, 2, 3] -> affine_grid([2, 3, 4, 5])",
    )

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        theta, size = use.x, use["size"]
        if theta.dtype not in ("f32", "f64"):
            use.fail(f"`affine_grid` computes on f32 or f64, not {theta}", code="NN304")
        if len(size) not in (4, 5):
            use.fail(
                f"size is the shape [N, C, H, W] or [N, C, D, H, W] of an image, not {list(size)}",
                code="NN206",
                argument="size",
            )
        for each in size:
            if isinstance(each, bool) or not isinstance(each, (int, Dim)):
                use.fail(f"a size is an integer, not {each}", code="NN206", argument="size")
            message = f"a size is at least 1, not {render(each)}"
            use.at_least(each, 1, message, code="NN206", argument="size")
        axes = len(size) - 2
        if theta.rank != 3:
            use.fail(
                f"theta is [{render(size[0])}, {axes}, {axes + 1}] here, not {theta}", code="NN303"
            )
        for given, wanted in zip(theta.shape, (size[0], axes, axes + 1), strict=True):
            use.equal(
                given,
                wanted,
                f"theta is [{render(size[0])}, {axes}, {axes + 1}] here, not {theta}",
                code="NN301",
            )
        return (theta.with_shape((size[0], *size[2:], axes)),)

    def function(self, use: Use) -> CallCode:
        corners = {} if use["align_corners"] is None else {"align_corners": use["align_corners"]}
        return CallCode("F.affine_grid", (Ref(0), tuple(use["size"])), corners)
