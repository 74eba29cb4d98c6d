"""One layer of a transformer: transformer_encoder_layer, transformer_decoder_layer.
(`torch.nn.TransformerEncoderLayer`, …; Vaswani et al. 2017, arXiv:1706.03762.)"""

from __future__ import annotations

from nnspec.dims import render
from nnspec.operators.definition import ModuleCode, Operator, Param, Ref, Setting, Tensor
from nnspec.operators.multihead import (
    ATTN_MASK,
    PADDING_MASK,
    attention_macs,
    attention_params,
    attention_workspace,
    check_heads,
    check_masks,
    check_sequence,
    check_share,
    given_tensors,
    places,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, ClassVar

    from nnspec.dims import Size
    from nnspec.operators.definition import Use
    from nnspec.tensors import TensorType

#: PyTorch's, in its order, less `d_model`, which the input tells
SETTINGS = (
    Setting("nhead", "int", doc="heads of each attention; they divide the features"),
    Setting("dim_feedforward", "size", 2048, doc="width of the layer between the two linear ones"),
    Setting("dropout", "float", 0.1, doc="share of the values set to 0 in training"),
    Setting("activation", "str", "relu", choices=("relu", "gelu"), doc="between the linear layers"),
    Setting("layer_norm_eps", "float", 1e-5, doc="added to the variance"),
    Setting(
        "batch_first",
        "bool",
        False,
        doc="tensors are [batch, places, features], not [places, batch, features]",
    ),
    Setting("norm_first", "bool", False, doc="normalise before each part, not after"),
    Setting("bias", "bool", True, doc="add learned numbers in linear layers and norms"),
)
MADE_WITH = tuple(setting.name for setting in SETTINGS)


def check_layer(use: Use) -> None:
    """The settings that the layers share."""
    check_heads(use, use.x.shape[2], "nhead")
    check_share(use)
    use.at_least(
        use["dim_feedforward"],
        1,
        f"dim_feedforward must be at least 1, not {render(use['dim_feedforward'])}",
        code="NN206",
        argument="dim_feedforward",
    )


def same_width(use: Use, a: int, b: int) -> None:
    """Two sequences have as many features."""
    one, other = use.tensor(a), use.tensor(b)
    assert one is not None and other is not None
    names = [use.operator.tensors[index].name for index in (a, b)]
    use.equal(
        one.shape[2],
        other.shape[2],
        f"`{names[0]}` {one} and `{names[1]}` {other} must have as many features",
        code="NN301",
    )


def layer_params(use: Use, attentions: tuple[str, ...], width: Size) -> Iterator[tuple[str, Param]]:
    """The parameters of a layer with these attentions, in PyTorch's order."""
    bias, between = use["bias"], use["dim_feedforward"]
    for name in attentions:
        yield from attention_params(f"{name}.", width, bias, kdim=width, vdim=width)
    for name, shape, formula in (
        ("linear1", (between, width), "dim_feedforward, width"),
        ("linear2", (width, between), "width, dim_feedforward"),
    ):
        yield f"{name}.weight", Param(shape, formula=formula)
        if bias:
            yield f"{name}.bias", Param(shape[:1], formula=formula.partition(",")[0])
    for number in range(1, len(attentions) + 2):
        yield f"norm{number}.weight", Param((width,), formula="width")
        if bias:
            yield f"norm{number}.bias", Param((width,), formula="width")


class TransformerLayer(Operator):
    """What the two share."""

    autocast = "low"

    family = "transformer"
    fresh = True
    keeps_shape = True
    attentions: ClassVar[tuple[str, ...]]
    torch_name: ClassVar[str]
    hints: ClassVar[tuple[str, ...]]
    first_mask: ClassVar[int]

    def params(self, use: Use) -> dict[str, Param]:
        return dict(layer_params(use, self.attentions, use.x.shape[2]))

    def macs(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        width = use.x.shape[2]
        batch, queries = places(use, use.x)
        found: Size = 2 * batch * queries * width * use["dim_feedforward"]
        for index in range(self.first_mask):  # itself, and the memory
            seen = use.tensor(index)
            assert seen is not None
            keys = places(use, seen)[1]
            found = found + attention_macs(batch, queries, keys, width, width, width)
        return found

    def module(self, use: Use) -> ModuleCode:
        call: dict[str, Any] = given_tensors(use, self.first_mask) | use.changed(only=self.hints)
        return ModuleCode(
            f"nn.{self.torch_name}",
            (use.x.shape[2], use["nhead"]),
            use.changed(only=MADE_WITH[1:]),
            tuple(Ref(index) for index in range(self.first_mask)) if call else None,
            call,
        )

    def explain(self, use: Use, outputs: tuple[TensorType, ...]) -> list[str]:
        width, between = render(use.x.shape[2]), render(use["dim_feedforward"])
        parts = ["attention to itself", "attention to the memory"][: len(self.attentions)]
        return [
            f"{', '.join(parts)}, and two linear layers {width} -> {between} -> {width}; "
            "what each makes is added to its input, so that the shape stays",
            f"{use['nhead']} heads of {width} // {use['nhead']} = "
            f"{render(use.x.shape[2] // use['nhead'])} features each",
        ]

    def macs_formula(self, use: Use, outputs: tuple[TensorType, ...]) -> str:
        return (
            "for each sample the projections of each attention, 2 * width for each query and key, "
            "and 2 * width * dim_feedforward for each place"
        )

    def saved(self, use: Use) -> tuple[str | int, ...]:
        names = [tensor.name for tensor in self.tensors[: self.first_mask]]
        if use["batch_first"]:  # of what an attention sees it keeps a copy in PyTorch's own order
            names = names[:1]
        return tuple(names[int(use["batch_first"] and not use["norm_first"]) :])

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        x = use.x
        between: Size = use["dim_feedforward"]
        batch, queries = places(use, x)
        dropped = use["dropout"] > 0
        found: Size = 0
        for index in range(self.first_mask):  # itself, and the memory
            seen = use.tensor(index)
            assert seen is not None
            scores = batch * queries * use["nhead"] * places(use, seen)[1]
            found = found + attention_workspace(x, seen, use["nhead"], scores, dropped, False)
            if dropped:  # keys, and queries of the same projection, are scaled into copies
                found = found + seen.bytes * (1 if index else 2)
            if index and use["batch_first"]:
                found = found + seen.bytes
        norms = self.first_mask + 1
        if use["batch_first"] and not use["norm_first"]:
            found = found + x.bytes
        found = found + (2 * norms - 1) * x.bytes + norms * 8 * batch * queries
        if dropped:
            found = found + norms * x.bytes
        parts = (1 if use["activation"] == "relu" else 2) + (2 if dropped else 0)
        return found + parts * 4 * batch * queries * between


class TransformerEncoderLayer(TransformerLayer):
    """Self-attention and two linear layers, each added to its input: `x -> transformer_encoder_layer(8,
    batch_first=true)`."""

    name = "transformer_encoder_layer"
    torch_name, attentions, hints, first_mask = (
        "TransformerEncoderLayer", ("self_attn",), ("is_causal",), 1,
    )  # fmt: skip
    tensors = (
        Tensor("src"),
        Tensor("src_mask", optional=True, doc=ATTN_MASK),
        Tensor("src_key_padding_mask", optional=True, doc=PADDING_MASK),
    )
    settings = (
        *SETTINGS,
        Setting("is_causal", "bool", False, doc="says of src_mask that it is causal: it is faster"),
    )
    accepts = (
        "[5, 2, 8] -> transformer_encoder_layer(2, 16)",
        '[2, 5, 8] -> transformer_encoder_layer(4, 6, 0.0, "gelu", batch_first=true, norm_first=true)',
        "([5, 2, 8], bool[5, 5], bool[2, 5]) -> transformer_encoder_layer(2, 16, bias=false)",
        "([5, 2, 8], [4, 5, 5]) -> transformer_encoder_layer(2, 16, is_causal=true)",
        "[5, 2, 8] -> transformer_encoder_layer(2, 16, src_key_padding_mask=bool[2, 5])",
    )
    rejects = (
        "[5, 2, 8] -> transformer_encoder_layer(3)",
        "[5, 2, 8] -> transformer_encoder_layer(2, is_causal=true)",
        "([5, 2, 8], bool[2, 2]) -> transformer_encoder_layer(2)",
        '[5, 2, 8] -> transformer_encoder_layer(2, activation="tanh")',
    )

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        x = check_sequence(use, 0)
        check_layer(use)
        check_masks(use, 2, 1, x, x, "nhead", "is_causal")
        return (x,)


class TransformerDecoderLayer(TransformerLayer):
    """Self-attention, attention to the memory, and two linear layers:
    `(tgt, memory) -> transformer_decoder_layer(8, batch_first=true)`."""

    name = "transformer_decoder_layer"
    torch_name, attentions, hints, first_mask = (
        "TransformerDecoderLayer",
        ("self_attn", "multihead_attn"),
        ("tgt_is_causal", "memory_is_causal"),
        2,
    )
    tensors = (
        Tensor("tgt"),
        Tensor("memory"),
        Tensor("tgt_mask", optional=True, doc=ATTN_MASK),
        Tensor("memory_mask", optional=True, doc=ATTN_MASK),
        Tensor("tgt_key_padding_mask", optional=True, doc=PADDING_MASK),
        Tensor("memory_key_padding_mask", optional=True, doc=PADDING_MASK),
    )
    settings = (
        *SETTINGS,
        Setting("tgt_is_causal", "bool", False, doc="says of tgt_mask that it is causal"),
        Setting("memory_is_causal", "bool", False, doc="says of memory_mask that it is causal"),
    )
    accepts = (
        "([5, 2, 8], [6, 2, 8]) -> transformer_decoder_layer(2, 16)",
        "([2, 5, 8], [2, 6, 8]) -> transformer_decoder_layer(4, 6, batch_first=true, norm_first=true)",
        "([5, 2, 8], [6, 2, 8], [5, 5], [5, 6]) -> transformer_decoder_layer(2, 16, bias=false, "
        "memory_key_padding_mask=[2, 6])",
        "([5, 2, 8], [6, 2, 8], bool[5, 5]) -> transformer_decoder_layer(2, 16, tgt_is_causal=true)",
    )
    rejects = (
        "([5, 2, 8], [6, 2, 4]) -> transformer_decoder_layer(2)",
        "([5, 2, 8], [6, 3, 8]) -> transformer_decoder_layer(2)",
        "([5, 2, 8], [6, 2, 8]) -> transformer_decoder_layer(2, memory_is_causal=true)",
    )

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        tgt, memory = check_sequence(use, 0), check_sequence(use, 1)
        same_width(use, 0, 1)
        check_layer(use)
        check_masks(use, 4, 2, tgt, tgt, "nhead", "tgt_is_causal")
        check_masks(use, 5, 3, tgt, memory, "nhead", "memory_is_causal")
        return (tgt,)
