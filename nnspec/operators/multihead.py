"""multihead_attention (`torch.nn.MultiheadAttention`), and what the transformer layers share with it:
the rules of heads and masks, the projections, their MACs."""

from __future__ import annotations

from nnspec.dims import compare, render
from nnspec.operators.definition import ModuleCode, Operator, Param, Ref, Setting, Tensor
from nnspec.operators.fitting import divisors
from nnspec.tensors import TensorType, show_shape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from nnspec.dims import Size
    from nnspec.operators.definition import Use

PADDING_MASK = "bool, true where a key is padding; or numbers to be added to its scores"
ATTN_MASK = "bool, true where it may NOT look; or numbers to be added to the scores"

#: how a causal mask is made
CAUSAL = 'ones([T, T], "bool") -> triu(1)'


def places(use: Use, type: TensorType) -> tuple[Size, Size]:
    """(batch, places) of a sequence."""
    first, second = type.shape[:2]
    return (first, second) if use["batch_first"] else (second, first)


def check_sequence(use: Use, index: int) -> TensorType:
    """A tensor of three dimensions, in the dtype of the weights, with the batch of the first."""
    type, name = use.tensor(index), use.operator.tensors[index].name
    assert type is not None
    if type.rank != 3:
        order = "[batch, places, features]" if use["batch_first"] else "[places, batch, features]"
        use.fail(
            f"`{name}` of `{use.operator.name}` has 3 dimensions {order}, not {type}", code="NN303"
        )
    if type.dtype != "f32":
        use.fail(
            f"`{use.operator.name}` has weights of f32; its `{name}` is {type}",
            code="NN304",
        )
    batch, first = places(use, type)[0], use.operator.tensors[0].name
    if index:
        use.equal(
            batch,
            places(use, use.x)[0],
            f"`{name}` {type} and `{first}` {use.x} must have one batch (dimension "
            f"{0 if use['batch_first'] else 1}; batch_first={str(use['batch_first']).lower()})",
            code="NN301",
        )
    return type


def check_heads(use: Use, width: Size, setting: str) -> None:
    """The heads share the width in equal parts."""
    heads = use[setting]
    if heads < 1:
        use.fail(f"{setting} must be at least 1, not {heads}", code="NN206", argument=setting)

    use.divisible(
        width,
        heads,
        f"{setting}={heads} must divide the {render(width)} features",
        argument=setting,
        help=lambda: divisors(width),
    )


def check_share(use: Use, setting: str = "dropout") -> None:
    """A dropout is a share."""
    if not 0 <= use[setting] <= 1:
        use.fail(
            f"{setting} is between 0 and 1, not {use[setting]}", code="NN206", argument=setting
        )


def check_masks(
    use: Use,
    padding: int,
    mask: int,
    queries: TensorType,
    keys: TensorType,
    heads: str,
    causal: str,
) -> None:
    """The two masks of an attention, by their places among the tensors, and its hint of causality."""
    batch, length = places(use, queries)
    seen = places(use, keys)[1]
    _check_mask(use, padding, ((batch, seen),), "batch, places of the keys")
    square = (length, seen)
    each = (batch * use[heads], length, seen)
    _check_mask(
        use, mask, (square, each), "places of the queries, of the keys; or one for each head"
    )
    if use[causal] and use.tensor(mask) is None:
        name = use.operator.tensors[mask].name
        use.fail(
            f"{causal}=true says of `{name}` that it is causal, and there is none",
            code="NN206",
            argument=causal,
            help=f"give it `{name}={CAUSAL}`, where T is the number of places",
        )


def _check_mask(use: Use, index: int, shapes: tuple[tuple[Size, ...], ...], meaning: str) -> None:
    mask, name = use.tensor(index), use.operator.tensors[index].name
    if mask is None:
        return
    wanted = next((shape for shape in shapes if len(shape) == mask.rank), None)
    right = " or ".join(show_shape(shape) for shape in shapes)
    message = f"`{name}` is {right} here ({meaning}), not {mask}"
    if wanted is None:
        use.fail(message, code="NN303")
    for size, other in zip(mask.shape, wanted, strict=True):
        use.equal(size, other, message, code="NN301")
    if mask.dtype not in ("bool", "f32"):
        use.fail(f"`{name}` is bool or f32, not {mask}", code="NN304")


def attention_params(
    prefix: str, width: Size, bias: bool, *, kdim: Size, vdim: Size, bias_kv: bool = False
) -> Iterator[tuple[str, Param]]:
    """The parameters of an nn.MultiheadAttention, in its order."""
    same = [compare("==", size, width) for size in (kdim, vdim)]
    if False not in same:
        yield f"{prefix}in_proj_weight", Param((3 * width, width), formula="3 * width, width")
    if same != [True, True]:  # where symbols leave it open, both ways are listed
        for name, size in (("q", width), ("k", kdim), ("v", vdim)):
            formula = "width, width" if name == "q" else f"width, {name}dim"
            yield f"{prefix}{name}_proj_weight", Param((width, size), formula=formula)
    if bias:
        yield f"{prefix}in_proj_bias", Param((3 * width,), formula="3 * width")
    if bias_kv:
        for name in ("bias_k", "bias_v"):
            yield f"{prefix}{name}", Param((1, 1, width), formula="1, 1, width")
    yield f"{prefix}out_proj.weight", Param((width, width), formula="width, width")
    if bias:
        yield f"{prefix}out_proj.bias", Param((width,), formula="width")


def attention_macs(
    batch: Size, queries: Size, keys: Size, width: Size, kdim: Size, vdim: Size, more: int = 0
) -> Size:
    """Projections of queries, keys, values and the result; scores, and sums of values."""
    projected = 2 * queries * width * width + keys * width * (kdim + vdim)
    return batch * (projected + 2 * queries * (keys + more) * width)


def given_tensors(use: Use, first: int) -> dict[str, Any]:
    """The optional tensors from that place on that are there, for the call."""
    slots = list(enumerate(use.operator.tensors))[first:]
    return {slot.name: Ref(index) for index, slot in slots if use.tensor(index) is not None}


def attention_workspace(
    q: TensorType, k: TensorType, heads: Size, scores: Size, dropped: bool, weights: bool
) -> Size:
    """What an attention of queries `q` to keys `k` keeps besides its inputs: their projections, of `scores`
    shares for all heads those that it makes, and what goes into the last projection."""
    rows = q.numel // q.shape[2]
    found: Size = 2 * q.bytes + 8 * q.shape[2] * (k.numel // k.shape[2])
    if weights or dropped:
        return found + 4 * scores * (3 if dropped else 1)
    return found + 4 * rows * heads


class MultiheadAttention(Operator):
    """Each head projects queries, keys and values, and takes sums of values:
    `out, weights = (query, key, value) -> multihead_attention(8)`; self-attention is
    `(x, x, x) -> …` (Vaswani et al. 2017, arXiv:1706.03762)."""

    name = "multihead_attention"
    autocast = "low"
    family = "transformer"
    fresh = True
    tensors = (
        Tensor("query"),
        Tensor("key"),
        Tensor("value"),
        Tensor("key_padding_mask", optional=True, doc=PADDING_MASK),
        Tensor("attn_mask", optional=True, doc=ATTN_MASK),
    )
    result_names = ("out", "weights")
    one_result = "need_weights=false gives `out` alone"
    settings = (
        Setting("num_heads", "int", doc="parts of the width, each with weights of its own"),
        Setting("dropout", "float", 0.0, doc="share of the weights set to 0 in training"),
        Setting("bias", "bool", True, doc="add a learned number in each projection"),
        Setting("add_bias_kv", "bool", False, doc="a learned key and value beside the others"),
        Setting("add_zero_attn", "bool", False, doc="a key and value of zeros beside the others"),
        Setting(
            "batch_first",
            "bool",
            False,
            doc="tensors are [batch, places, features], not [places, batch, features]",
        ),
        Setting("need_weights", "bool", True, doc="give the weights too, as a second result"),
        Setting("average_attn_weights", "bool", True, doc="the mean over the heads of the weights"),
        Setting(
            "is_causal", "bool", False, doc="says of attn_mask that it is causal: it is faster"
        ),
    )
    accepts = (
        "([5, 2, 8], [6, 2, 8], [6, 2, 8]) -> multihead_attention(2)",
        "([2, 5, 8], [2, 6, 4], [2, 6, 3]) -> multihead_attention(4, batch_first=true)",
        "([2, 5, 8], [2, 6, 8], [2, 6, 8], bool[2, 6], bool[5, 6]) -> "
        "multihead_attention(2, 0.1, batch_first=true, need_weights=false)",
        "([5, 2, 8], [5, 2, 8], [5, 2, 8]) -> "
        "multihead_attention(2, attn_mask=bool[5, 5], is_causal=true)",
        "([5, 2, 8], [6, 2, 8], [6, 2, 8]) -> multihead_attention(2, attn_mask=[4, 5, 6], "
        "add_bias_kv=true, add_zero_attn=true, average_attn_weights=false, bias=false)",
    )
    rejects = (
        "([5, 2, 8], [6, 2, 8], [6, 2, 8]) -> multihead_attention(3)",
        "([5, 2, 8], [6, 2, 8], [5, 2, 8]) -> multihead_attention(2)",
        "([5, 2, 8], [6, 3, 8], [6, 3, 8]) -> multihead_attention(2)",
        "([5, 2, 8], [6, 2, 8], [6, 2, 8], bool[6, 2]) -> multihead_attention(2)",
        "([5, 2, 8], [5, 2, 8], [5, 2, 8]) -> multihead_attention(2, is_causal=true)",
    )

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        q, k, v = (check_sequence(use, index) for index in range(3))
        width, kdim, vdim = (type.shape[2] for type in (q, k, v))
        check_heads(use, width, "num_heads")
        check_share(use)
        use.equal(
            places(use, k)[1],
            places(use, v)[1],
            f"`key` {k} and `value` {v} must have as many places",
            code="NN301",
        )
        open_ = None in [compare("==", size, width) for size in (kdim, vdim)]
        if open_ and not use.formal:
            use.fail(
                "there are other weights where keys or values are as wide as the query; here "
                f"{render(kdim)}, {render(vdim)} and {render(width)} leave it open",
                code="NN308",
            )
        check_masks(use, 3, 4, q, k, "num_heads", "is_causal")
        if not use["need_weights"]:
            return (q,)
        batch, length = places(use, q)
        heads = () if use["average_attn_weights"] else (use["num_heads"],)
        return (q, q.with_shape((batch, *heads, length, places(use, k)[1] + self.more(use))))

    def more(self, use: Use) -> int:
        """Keys that the operator adds."""
        return int(use["add_bias_kv"]) + int(use["add_zero_attn"])

    def widths(self, use: Use) -> tuple[Size, Size, Size]:
        q, k, v = (use.tensor(index) for index in range(3))
        assert q is not None and k is not None and v is not None
        return q.shape[2], k.shape[2], v.shape[2]

    def params(self, use: Use) -> dict[str, Param]:
        width, kdim, vdim = self.widths(use)
        return dict(
            attention_params(
                "", width, use["bias"], kdim=kdim, vdim=vdim, bias_kv=use["add_bias_kv"]
            )
        )

    def macs(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        key = use.tensor(1)
        assert key is not None
        batch, queries = places(use, use.x)
        keys = places(use, key)[1]
        return attention_macs(batch, queries, keys, *self.widths(use), self.more(use))

    def module(self, use: Use) -> ModuleCode:
        width, kdim, vdim = self.widths(use)
        kwargs = use.changed(only=("dropout", "bias", "add_bias_kv", "add_zero_attn"))
        if compare("==", kdim, width) is not True:
            kwargs["kdim"] = kdim
        if compare("==", vdim, width) is not True:
            kwargs["vdim"] = vdim
        kwargs |= use.changed(only=("batch_first",))
        call = given_tensors(use, 3)
        call |= use.changed(only=("need_weights", "average_attn_weights", "is_causal"))
        return ModuleCode(
            "nn.MultiheadAttention",
            (width, use["num_heads"]),
            kwargs,
            (Ref(0), Ref(1), Ref(2)),
            call,
            None if use["need_weights"] else (0, None),
        )

    def explain(self, use: Use, outputs: tuple[TensorType, ...]) -> list[str]:
        width, heads = use.x.shape[2], use["num_heads"]
        lines = [
            f"{heads} heads of {render(width)} // {heads} = {render(width // heads)} features each; "
            "`out` has the query's shape"
        ]
        if len(outputs) > 1:
            lines.append(f"`weights` {outputs[1]}: for each query the share of each key")
        return lines

    def macs_formula(self, use: Use, outputs: tuple[TensorType, ...]) -> str:
        return (
            "for each sample the projections of queries, keys, values and results, "
            "and for each query and key the score and the sum of values: 2 * width"
        )

    def saved(self, use: Use) -> tuple[str | int, ...]:
        return () if use["batch_first"] else ("query", "key", "value")

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        q, k, v = use.inputs[:3]
        assert q is not None and k is not None and v is not None
        (batch, queries), keys = places(use, q), places(use, k)[1] + self.more(use)
        heads, copies = use["num_heads"], q.bytes if q == k == v else q.bytes + k.bytes + v.bytes
        found = attention_workspace(
            q,
            k,
            heads,
            batch * queries * heads * keys,
            use["dropout"] > 0,
            use["need_weights"],
        )
        return found + copies if use["batch_first"] else found  # in PyTorch's own order
