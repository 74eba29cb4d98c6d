"""multihead_attention: attention with its projections."""

from __future__ import annotations

from nnspec.dims import compare, render
from nnspec.operators.definition import ModuleCode, Operator, Param, Ref, Setting, Tensor
from nnspec.tensors import TensorType, show_shape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nnspec.dims import Size
    from nnspec.operators.definition import Use


class MultiheadAttention(Operator):
    """Attention of several heads with its projections (Vaswani et al. 2017, arXiv:1706.03762):
    [L, N, E], [S, N, …], [S, N, …] -> [L, N, E], and the weights [N, L, S] where they are needed."""

    name = "multihead_attention"
    family = "attention"
    tensors = (
        Tensor("query"),
        Tensor("key"),
        Tensor("value"),
        Tensor("key_padding_mask", optional=True, doc="[N, S]; bool: true where nobody may look"),
        Tensor(
            "attn_mask", optional=True, doc="[L, S] or [N * heads, L, S]; bool: true where it may not look"
        ),
    )  # fmt: skip
    settings = (
        Setting("num_heads", "int", doc="into how many heads the features are split"),
        Setting("dropout", "float", 0.0, doc="share of the weights set to 0 in training"),
        Setting("bias", "bool", True, doc="add a learned number to each projection"),
        Setting("batch_first", "bool", False, doc="[N, L, E] in place of [L, N, E]"),
        Setting("need_weights", "bool", True, doc="give the mean weights of the heads too"),
    )
    accepts = (
        "([5, 2, 8], [6, 2, 8], [6, 2, 8]) -> multihead_attention(4)",
        "([2, 5, 8], [2, 6, 8], [2, 6, 8]) -> multihead_attention(2, batch_first=true, need_weights=false)",
        "([2, 5, 8], [2, 6, 4], [2, 6, 3]) -> multihead_attention(2, bias=false, batch_first=true)",
        "([2, 5, 8], [2, 6, 8], [2, 6, 8], bool[2, 6]) -> multihead_attention(2, batch_first=true)",
    )
    rejects = (
        "([5, 2, 8], [6, 2, 8], [6, 2, 8]) -> multihead_attention(3)",
        "([5, 2, 8], [6, 3, 8], [6, 3, 8]) -> multihead_attention(2)",
        "([5, 2, 8], [6, 2, 8], [5, 2, 8]) -> multihead_attention(2)",
        "([5, 2, 8], [6, 2, 8], [6, 2, 8], bool[6, 2]) -> multihead_attention(2)",
    )

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        q, k, v = self.three(use)
        for name, tensor in (("query", q), ("key", k), ("value", v)):
            if tensor.rank != 3:
                order = "[N, L, E]" if use["batch_first"] else "[L, N, E]"
                use.fail(f"{name} has three dimensions {order}, not {tensor}", code="NN303")
            if tensor.dtype != "f32":
                use.fail(
                    f"`{self.name}` has weights of f32 and computes on tensors of f32, not {tensor}",
                    code="NN304",
                )
        if not 0 <= use["dropout"] <= 1:
            why = f"dropout is a probability, 0 to 1, not {use['dropout']}"
            use.fail(why, code="NN206", argument="dropout")
        heads = use["num_heads"]
        if heads < 1:
            use.fail(f"num_heads is at least 1, not {heads}", code="NN206", argument="num_heads")
        n, length, places = self.sizes(use)
        dim = 0 if use["batch_first"] else 1
        for name, tensor in (("key", k), ("value", v)):
            why = f"query {q} and {name} {tensor} must agree in dimension {dim}, the batch"
            use.equal(n, tensor.shape[dim], why, code="NN301")
        why = f"key {k} and value {v} must agree in dimension {1 - dim}, the places"
        use.equal(places, v.shape[1 - dim], why, code="NN301")
        if None in (compare("==", q.shape[-1], each.shape[-1]) for each in (k, v)):
            use.fail(
                f"query {q}, key {k} and value {v} have one set of projections where they agree in their "
                "last dimension, and three where not: that must be known",
                code="NN308",
            )
        use.divisible(
            q.shape[-1],
            heads,
            f"num_heads={heads} must divide the {render(q.shape[-1])} features of the query",
            argument="num_heads",
        )
        self.mask(use, "key_padding_mask", (n, places))
        self.mask(use, "attn_mask", (length, places), (n * heads, length, places))
        weights = TensorType("f32", (n, length, places))
        return (q, weights) if use["need_weights"] else (q,)

    def three(self, use: Use) -> tuple[TensorType, TensorType, TensorType]:
        q, k, v = use.inputs[:3]
        assert q is not None and k is not None and v is not None
        return q, k, v

    def sizes(self, use: Use) -> tuple[Size, Size, Size]:
        """The batch, the places of the query, those of the key."""
        q, k, _ = self.three(use)
        if use["batch_first"]:
            return q.shape[0], q.shape[1], k.shape[1]
        return q.shape[1], q.shape[0], k.shape[0]

    def mask(self, use: Use, name: str, *shapes: tuple[Size, ...]) -> None:
        """Hold a mask against the shapes that it may have."""
        at = [tensor.name for tensor in self.tensors].index(name)
        given = use.inputs[at] if at < len(use.inputs) else None
        if given is None:
            return
        if given.dtype not in ("bool", "f32"):
            use.fail(f"{name} is bool or f32, not {given}", code="NN304")
        wanted = [shape for shape in shapes if len(shape) == given.rank]
        if not wanted:
            shown = " or ".join(map(show_shape, shapes))
            use.fail(f"{name} is {shown}, not {given}", code="NN303")
        for size, score in zip(given.shape, wanted[0], strict=True):
            why = f"{name} is {show_shape(wanted[0])} here, not {given}"
            use.equal(size, score, why, code="NN301")

    def params(self, use: Use) -> dict[str, Param]:
        e, kdim, vdim = (tensor.shape[-1] for tensor in self.three(use))
        if e == kdim == vdim:
            found = {"in_proj_weight": Param((3 * e, e), formula="3 * E, E")}
        else:
            found = {
                "q_proj_weight": Param((e, e), formula="E, E"),
                "k_proj_weight": Param((e, kdim), formula="E, features of the key"),
                "v_proj_weight": Param((e, vdim), formula="E, features of the value"),
            }
        if use["bias"]:
            found["in_proj_bias"] = Param((3 * e,), formula="3 * E")
        found["out_proj.weight"] = Param((e, e), formula="E, E")
        if use["bias"]:
            found["out_proj.bias"] = Param((e,), formula="E")
        return found

    def macs(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        e, kdim, vdim = (tensor.shape[-1] for tensor in self.three(use))
        n, length, places = self.sizes(use)
        return n * e * (2 * length * e + places * (kdim + vdim) + 2 * length * places)

    def macs_formula(self, use: Use, outputs: tuple[TensorType, ...]) -> str:
        _, length, places = self.sizes(use)
        return (
            f"the projections in and out, and {render(length)} * {render(places)} scores of "
            f"{render(use.x.shape[-1])} for themselves and for the sum of values"
        )

    def module(self, use: Use) -> ModuleCode:
        e, kdim, vdim = (tensor.shape[-1] for tensor in self.three(use))
        kwargs: dict[str, Any] = {
            s.name: use[s.name] for s in self.settings[1:4] if use[s.name] != s.default
        }
        if (kdim, vdim) != (e, e):
            kwargs |= {"kdim": kdim, "vdim": vdim}
        call: dict[str, Any] = {
            slot.name: Ref(at)
            for at, slot in enumerate(self.tensors)
            if at > 2 and at < len(use.inputs) and use.inputs[at] is not None
        }
        if use["need_weights"]:
            return ModuleCode("nn.MultiheadAttention", (e, use["num_heads"]), kwargs, call)
        call["need_weights"] = False
        return ModuleCode("nn.MultiheadAttention", (e, use["num_heads"]), kwargs, call, 0)
