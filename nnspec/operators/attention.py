"""Attention: each place of a sequence takes from the places it looks at."""

from __future__ import annotations

from nnspec.dims import compare, render
from nnspec.operators.definition import CallCode, InTraining, Operator, Ref, Setting, Tensor
from nnspec.operators.fitting import divisors
from nnspec.tensors import TensorType, broadcast, is_float

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nnspec.dims import Size
    from nnspec.operators.definition import Use


class ScaledDotProductAttention(Operator):
    """softmax(q @ k.T * scale) @ v: [N, heads, L, E], [N, heads, S, E], [N, heads, S, V] ->
    [N, heads, L, V] (Vaswani et al. 2017, arXiv:1706.03762)."""

    name = "scaled_dot_product_attention"
    autocast = "low"
    family = "attention"
    tensors = (
        Tensor("query"),
        Tensor("key"),
        Tensor("value"),
        Tensor(
            "attn_mask", optional=True, doc="bool: true where it may look; or numbers to be added"
        ),
    )
    settings = (
        Setting("dropout_p", "float", 0.0, doc="share of the weights set to 0 in training"),
        Setting("is_causal", "bool", False, doc="no place looks at later ones"),
        Setting("scale", "float|none", None, doc="factor of the scores; 1 / sqrt(E) by default"),
        Setting("enable_gqa", "bool", False, doc="groups of query heads share a key and a value"),
    )
    accepts = (
        "([2, 4, 5, 8], [2, 4, 6, 8], [2, 4, 6, 7]) -> scaled_dot_product_attention",
        "([2, 4, 5, 8], [2, 4, 5, 8], [2, 4, 5, 8]) -> scaled_dot_product_attention(is_causal=true)",
        "([2, 4, 5, 8], [2, 2, 5, 8], [2, 2, 5, 8]) -> scaled_dot_product_attention(enable_gqa=true)",
        "([2, 4, 5, 8], [2, 4, 6, 8], [2, 4, 6, 8], bool[5, 6]) -> scaled_dot_product_attention",
        "([4, 5, 8], [4, 6, 8], [4, 6, 8]) -> scaled_dot_product_attention(0.1, scale=0.5)",
    )
    rejects = (
        "([2, 4, 5, 8], [2, 4, 6, 7], [2, 4, 6, 7]) -> scaled_dot_product_attention",
        "([2, 4, 5, 8], [2, 4, 6, 8], [2, 4, 5, 8]) -> scaled_dot_product_attention",
        "([2, 4, 5, 8], [2, 2, 6, 8], [2, 2, 6, 8]) -> scaled_dot_product_attention",
        "([2, 4, 5, 8], [2, 3, 6, 8], [2, 3, 6, 8]) -> scaled_dot_product_attention(enable_gqa=true)",
        "([2, 4, 5, 8], [2, 4, 6, 8], [2, 4, 6, 8], bool[6, 5]) -> scaled_dot_product_attention",
    )

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        q, k, v = self.three(use)
        for name, tensor in (("query", q), ("key", k), ("value", v)):
            if tensor.rank < 2:
                use.fail(
                    f"{name} has at least 2 dimensions, the places and their features, not {tensor}",
                    code="NN303",
                )
            if tensor.dtype != q.dtype or not is_float(q.dtype):
                use.fail(
                    "query, key and value are floating-point tensors of one dtype, "
                    f"not {q.dtype}, {k.dtype} and {v.dtype}",
                    code="NN304",
                )
        if not 0 <= use["dropout_p"] <= 1:
            use.fail(
                f"dropout_p is between 0 and 1, not {use['dropout_p']}",
                code="NN206",
                argument="dropout_p",
            )
        use.equal(
            q.shape[-1],
            k.shape[-1],
            f"query {q} and key {k} must agree in their last dimension, the features",
            code="NN301",
        )
        use.equal(
            k.shape[-2],
            v.shape[-2],
            f"key {k} and value {v} must agree in their second to last dimension, the places",
            code="NN301",
        )
        batch = self.batch(use)
        self.masked(use, (*batch, q.shape[-2], k.shape[-2]))
        return (TensorType(q.dtype, (*batch, q.shape[-2], v.shape[-1])),)

    def three(self, use: Use) -> tuple[TensorType, TensorType, TensorType]:
        q, k, v = use.inputs[:3]
        assert q is not None and k is not None and v is not None
        return q, k, v

    def batch(self, use: Use) -> tuple[Size, ...]:
        """The dimensions before the places: batch and heads."""
        q, k, v = self.three(use)
        scored = self.together(use, q.shape[:-2], self.heads(use, k, "key"))
        return self.together(use, scored, self.heads(use, v, "value"))

    def heads(self, use: Use, tensor: TensorType, name: str) -> tuple[Size, ...]:
        """Batch and heads of key or value, each head as often as query heads share it."""
        if not use["enable_gqa"]:
            return tensor.shape[:-2]
        q = use.x
        if q.rank < 3 or tensor.rank < 3:
            use.fail(
                f"enable_gqa needs heads in the third to last dimension: query {q}, {name} {tensor}",
                code="NN303",
                argument="enable_gqa",
            )
        heads, own = q.shape[-3], tensor.shape[-3]
        use.divisible(
            heads,
            own,
            f"{render(heads)} heads of the query cannot share {render(own)} of the {name}",
            help=lambda: divisors(heads),
        )
        return (*tensor.shape[:-3], heads)

    def together(self, use: Use, a: tuple[Size, ...], b: tuple[Size, ...]) -> tuple[Size, ...]:
        q, k, v = self.three(use)
        helped = "" if use["enable_gqa"] else "for groups of heads: enable_gqa=true"

        def equal(x: Size, y: Size, dim: int) -> None:
            use.equal(
                x,
                y,
                f"query {q}, key {k} and value {v} must agree in dimension {dim}",
                code="NN301",
            )

        for dim, (x, y) in enumerate(zip(a[::-1], b[::-1], strict=False)):
            if compare("==", x, y) is False and 1 not in (x, y):
                use.fail(
                    f"query {q}, key {k} and value {v} differ in their batch or heads: "
                    f"{render(x)} and {render(y)}",
                    code="NN301",
                    help=helped if dim == 0 else "",
                )
        return broadcast(a, b, equal)

    def masked(self, use: Use, scores: tuple[Size, ...]) -> None:
        mask = use.inputs[3] if len(use.inputs) > 3 else None
        if mask is None:
            return
        if use["is_causal"]:
            use.fail(
                "attn_mask and is_causal=true are not given together",
                code="NN206",
                argument="is_causal",
            )
        if mask.dtype not in ("bool", use.x.dtype):
            use.fail(f"attn_mask is bool or {use.x.dtype}, not {mask}", code="NN304")
        shown = "[" + ", ".join(render(size) for size in scores) + "]"
        if mask.rank > len(scores):
            use.fail(f"attn_mask {mask} has more dimensions than the scores {shown}", code="NN303")
        for size, score in zip(mask.shape[::-1], scores[::-1], strict=False):
            if size != 1:
                use.equal(
                    size,
                    score,
                    f"attn_mask {mask} must agree with the scores {shown}",
                    code="NN301",
                )

    def macs(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        q, k, _ = self.three(use)
        use = use.again()
        scored = self.together(use, q.shape[:-2], self.heads(use, k, "key"))
        rows = TensorType(q.dtype, (*scored, q.shape[-2]))
        return (rows.numel * q.shape[-1] + outputs[0].numel) * k.shape[-2]

    def macs_formula(self, use: Use, outputs: tuple[TensorType, ...]) -> str:
        q, k, v = self.three(use)
        return (
            f"for each of the heads * {render(q.shape[-2])} * {render(k.shape[-2])} scores: "
            f"{render(q.shape[-1])} for itself, {render(v.shape[-1])} for the sum of values"
        )

    def function(self, use: Use) -> CallCode:
        kwargs: dict[str, Any] = {}
        if len(use.inputs) > 3 and use.inputs[3] is not None:
            kwargs["attn_mask"] = Ref(3)
        for setting in self.settings:
            if use[setting.name] != setting.default:
                kwargs[setting.name] = use[setting.name]
        if "dropout_p" in kwargs:
            kwargs["dropout_p"] = InTraining(kwargs["dropout_p"], 0.0)
        return CallCode("F.scaled_dot_product_attention", (Ref(0), Ref(1), Ref(2)), kwargs)

    def fused(self, use: Use) -> bool:
        """Whether it is computed in one pass, which keeps no scores (Dao et al. 2022, FlashAttention)."""
        q, _, v = self.three(use)
        same = compare("==", q.shape[-1], v.shape[-1]) is not False
        return q.rank == 4 and same and use["dropout_p"] == 0

    def saved(self, use: Use) -> tuple[str | int, ...]:
        return ("query", "key", "value", 0) if self.fused(use) else ("value",)

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        q, k, v = self.three(use)
        rows = outputs[0].numel // v.shape[-1]
        mask = use.tensor(3)
        shown = 4 * mask.numel if mask is not None and mask.dtype == "bool" else 0
        if self.fused(use):
            return shown + 4 * rows  # of each row the logarithm of its sum
        return q.bytes + k.bytes + 4 * rows * k.shape[-2] * (3 if use["dropout_p"] else 1)
