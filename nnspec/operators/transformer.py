"""Stacks of transformer layers: transformer_encoder, transformer_decoder, and both: transformer.
(`torch.nn.Transformer`; Vaswani et al. 2017, arXiv:1706.03762.)

The layer of a stack is a setting, as in PyTorch: `x -> transformer_encoder(transformer_encoder_layer(8), 6)`.
It is copied, so that the copies begin with the same weights.
"""

from __future__ import annotations

from nnspec.operators.definition import (
    Inner,
    ModuleCode,
    Operator,
    Param,
    Ref,
    Setting,
    Tensor,
    Use,
)
from nnspec.operators.fitting import copies
from nnspec.operators.multihead import (
    ATTN_MASK,
    PADDING_MASK,
    check_masks,
    check_sequence,
    given_tensors,
)
from nnspec.operators.norm import LayerNorm
from nnspec.operators.transformer_layers import (
    MADE_WITH,
    SETTINGS,
    TransformerDecoderLayer,
    TransformerEncoderLayer,
    check_layer,
    same_width,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, ClassVar

    from nnspec.dims import Size
    from nnspec.tensors import TensorType

_NORM = Setting(
    "norm", "layer|none", None, choices=("layer_norm", "rms_norm"), doc="after the last layer"
)
_COUNT = Setting("num_layers", "int", doc="copies of the layer, one after the other", fixed=True)
_HINT = "says of {} that it is causal; without it PyTorch looks at the mask itself"


def stack_params(
    inner: Inner, use: Use, count: int, norm: Inner | None
) -> Iterator[tuple[str, Param]]:
    """The parameters of a stack: those of each copy, then the norm's."""
    own = inner.operator.params(use)
    for number in range(count):
        for name, param in own.items():
            yield f"layers.{number}.{name}", param
    if norm is not None:
        for name, param in norm.operator.params(norm.on(use, use.x)).items():
            yield f"norm.{name}", param


def stack_workspace(inner: Inner, layer: Use, count: Size, outputs: tuple[TensorType, ...]) -> Size:
    """What equal layers keep besides the inputs of the first: each keeps the result of the one before."""
    between = layer.x.bytes if inner.operator.tensors[0].name in inner.operator.saved(layer) else 0
    return count * inner.operator.workspace(layer, outputs) + (count - 1) * between


class Stack(Operator):
    """What transformer_encoder and transformer_decoder share."""

    autocast = "low"

    family = "transformer"
    fresh = True
    keeps_shape = True
    torch_name: ClassVar[str]
    layer: ClassVar[str]
    hints: ClassVar[tuple[str, ...]]
    sequences: ClassVar[int]

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        inner: Inner = use[self.layer]
        copies(use, "num_layers")
        whole = Use(self, use.inputs, {**inner.settings, **use.settings}, use.given)
        whole.pin, whole.conditions = use.pin, use.conditions
        for index in range(self.sequences):
            check_sequence(whole, index)
            same_width(whole, 0, index)
        check_layer(whole)
        self.check_masks(whole)
        norm: Inner | None = use["norm"]
        if norm is not None:
            norm.operator.infer(norm.on(use, use.x))
        return (use.x,)

    def check_masks(self, whole: Use) -> None:
        raise NotImplementedError

    def inside(self, use: Use) -> tuple[Inner, Use]:
        """The layer, and its use."""
        inner: Inner = use[self.layer]
        return inner, inner.on(use, *use.inputs[: self.sequences])

    def params(self, use: Use) -> dict[str, Param]:
        return dict(stack_params(*self.inside(use), use["num_layers"], use["norm"]))

    def macs(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        inner, layer = self.inside(use)
        count: Size = use["num_layers"]
        return count * inner.operator.macs(layer, outputs)

    def module(self, use: Use) -> ModuleCode:
        inner, layer = self.inside(use)
        norm: Inner | None = use["norm"]
        kwargs: dict[str, Any] = {}
        if norm is not None:
            kwargs["norm"] = norm.operator.module(norm.on(use, use.x))
        made = tuple(s.name for s in self.settings if s.kind == "bool")
        kwargs |= use.changed(only=tuple(name for name in made if name not in self.hints))
        call = given_tensors(use, self.sequences) | use.changed(only=self.hints)
        return ModuleCode(
            f"nn.{self.torch_name}",
            (inner.operator.module(layer), use["num_layers"]),
            kwargs,
            tuple(Ref(index) for index in range(self.sequences)) if call else None,
            call,
        )

    def explain(self, use: Use, outputs: tuple[TensorType, ...]) -> list[str]:
        inner, layer = self.inside(use)
        return [f"{use['num_layers']} layers, each:", *inner.operator.explain(layer, outputs)]

    def macs_formula(self, use: Use, outputs: tuple[TensorType, ...]) -> str:
        inner, layer = self.inside(use)
        return f"{use['num_layers']} times, {inner.operator.macs_formula(layer, outputs)}"

    def saved(self, use: Use) -> tuple[str | int, ...]:
        inner, layer = self.inside(use)
        names = [tensor.name for tensor in inner.operator.tensors]
        own = [tensor.name for tensor in self.tensors]
        return tuple(own[names.index(str(what))] for what in inner.operator.saved(layer))

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        inner, layer = self.inside(use)
        norm: Inner | None = use["norm"]
        found = stack_workspace(inner, layer, use["num_layers"], outputs)
        if norm is None:
            return found
        return found + use.x.bytes + norm.operator.workspace(norm.on(use.again(), use.x), outputs)


class TransformerEncoder(Stack):
    """Copies of an encoder layer: `x -> transformer_encoder(transformer_encoder_layer(8), 6)`."""

    name = "transformer_encoder"
    torch_name, layer, hints, sequences = "TransformerEncoder", "encoder_layer", ("is_causal",), 1
    tensors = (
        Tensor("src"),
        Tensor("mask", optional=True, doc=ATTN_MASK),
        Tensor("src_key_padding_mask", optional=True, doc=PADDING_MASK),
    )
    settings = (
        Setting(
            "encoder_layer",
            "layer",
            choices=("transformer_encoder_layer",),
            doc="the layer that is copied",
        ),
        _COUNT,
        _NORM,
        Setting("enable_nested_tensor", "bool", True, doc="leave padding out in evaluation"),
        Setting("mask_check", "bool", True, doc="look whether the padding is at the end for that"),
        Setting("is_causal", "bool|none", None, doc=_HINT.format("mask")),
    )
    accepts = (
        "[5, 2, 8] -> transformer_encoder(transformer_encoder_layer(2, 16), 3)",
        "([2, 5, 8], bool[5, 5], bool[2, 5]) -> transformer_encoder("
        "transformer_encoder_layer(2, 16, batch_first=true, bias=false), 2, layer_norm(bias=false))",
        "([5, 2, 8], bool[5, 5]) -> transformer_encoder("
        'transformer_encoder_layer(2, 16, activation="gelu"), 1, rms_norm, false, is_causal=true)',
    )
    rejects = (
        "[5, 2, 8] -> transformer_encoder(transformer_encoder_layer(3), 3)",
        "[5, 2, 8] -> transformer_encoder(transformer_encoder_layer(2), 0)",
        "[5, 2, 8] -> transformer_encoder(transformer_encoder_layer(2), 1, is_causal=true)",
    )

    def check_masks(self, whole: Use) -> None:
        check_masks(whole, 2, 1, whole.x, whole.x, "nhead", "is_causal")


class TransformerDecoder(Stack):
    """Copies of a decoder layer: `(tgt, memory) -> transformer_decoder(transformer_decoder_layer(8), 6)`."""

    name = "transformer_decoder"
    torch_name, layer, hints, sequences = (
        "TransformerDecoder", "decoder_layer", ("tgt_is_causal", "memory_is_causal"), 2,
    )  # fmt: skip
    tensors = TransformerDecoderLayer.tensors
    settings = (
        Setting(
            "decoder_layer",
            "layer",
            choices=("transformer_decoder_layer",),
            doc="the layer that is copied",
        ),
        _COUNT,
        _NORM,
        Setting("tgt_is_causal", "bool|none", None, doc=_HINT.format("tgt_mask")),
        Setting("memory_is_causal", "bool", False, doc="says of memory_mask that it is causal"),
    )
    accepts = (
        "([5, 2, 8], [6, 2, 8]) -> transformer_decoder(transformer_decoder_layer(2, 16), 2)",
        "([2, 5, 8], [2, 6, 8], bool[5, 5], [5, 6]) -> transformer_decoder("
        "transformer_decoder_layer(4, 6, batch_first=true), 2, layer_norm, "
        "memory_key_padding_mask=[2, 6])",
    )
    rejects = (
        "([5, 2, 8], [6, 2, 4]) -> transformer_decoder(transformer_decoder_layer(2, 16), 2)",
        "([5, 2, 8], [6, 2, 8]) -> transformer_decoder(transformer_decoder_layer(2), -1)",
    )

    def check_masks(self, whole: Use) -> None:
        tgt, memory = check_sequence(whole, 0), check_sequence(whole, 1)
        check_masks(whole, 4, 2, tgt, tgt, "nhead", "tgt_is_causal")
        check_masks(whole, 5, 3, tgt, memory, "nhead", "memory_is_causal")


class Transformer(Operator):
    """Encoder and decoder, each with a norm at its end: `(src, tgt) -> transformer(8)`."""

    name = "transformer"
    autocast = "low"
    family = "transformer"
    fresh = True
    tensors = (
        Tensor("src"),
        Tensor("tgt"),
        Tensor("src_mask", optional=True, doc=ATTN_MASK),
        Tensor("tgt_mask", optional=True, doc=ATTN_MASK),
        Tensor("memory_mask", optional=True, doc=ATTN_MASK),
        Tensor("src_key_padding_mask", optional=True, doc=PADDING_MASK),
        Tensor("tgt_key_padding_mask", optional=True, doc=PADDING_MASK),
        Tensor("memory_key_padding_mask", optional=True, doc=PADDING_MASK),
    )
    settings = (
        Setting("nhead", "int", 8, doc=SETTINGS[0].doc),
        Setting("num_encoder_layers", "int", 6, doc="layers of the encoder", fixed=True),
        Setting("num_decoder_layers", "int", 6, doc="layers of the decoder", fixed=True),
        *SETTINGS[1:],
        Setting("src_is_causal", "bool|none", None, doc=_HINT.format("src_mask")),
        Setting("tgt_is_causal", "bool|none", None, doc=_HINT.format("tgt_mask")),
        Setting("memory_is_causal", "bool", False, doc="says of memory_mask that it is causal"),
    )
    accepts = (
        "([5, 2, 8], [6, 2, 8]) -> transformer(2, 1, 2, 16)",
        "([2, 5, 8], [2, 6, 8]) -> transformer(4, 2, 1, 6, batch_first=true, tgt_mask=bool[6, 6])",
        "([5, 2, 8], [6, 2, 8], bool[5, 5], [6, 6], [6, 5], bool[2, 5], [2, 6], [2, 5]) -> "
        "transformer(2, 1, 1, 16, norm_first=true, bias=false)",
    )
    rejects = (
        "([5, 2, 8], [6, 2, 8]) -> transformer(3, 1, 1, 16)",
        "([5, 2, 8], [6, 2, 4]) -> transformer(2, 1, 1, 16)",
        "([5, 2, 8], [6, 2, 8]) -> transformer(2, 0, 1, 16)",
    )

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        src, tgt = check_sequence(use, 0), check_sequence(use, 1)
        same_width(use, 0, 1)
        check_layer(use)
        copies(use, "num_encoder_layers")
        copies(use, "num_decoder_layers")
        check_masks(use, 5, 2, src, src, "nhead", "src_is_causal")
        check_masks(use, 6, 3, tgt, tgt, "nhead", "tgt_is_causal")
        check_masks(use, 7, 4, tgt, src, "nhead", "memory_is_causal")
        return (tgt,)

    def sides(self, use: Use) -> Iterator[tuple[str, Inner, Use, Inner]]:
        """(encoder or decoder, its layer, the layer's use, its norm)."""
        settings = {name: use[name] for name in MADE_WITH}
        norm = {s.name: s.default for s in LayerNorm.settings}
        norm |= {"eps": use["layer_norm_eps"], "bias": use["bias"]}
        src, tgt = use.inputs[:2]
        for side, layer, types in (
            ("encoder", TransformerEncoderLayer, (src,)),
            ("decoder", TransformerDecoderLayer, (tgt, src)),
        ):
            inner = Inner(Operator.registry[layer.name], settings)
            yield side, inner, inner.on(use, *types), Inner(Operator.registry["layer_norm"], norm)

    def params(self, use: Use) -> dict[str, Param]:
        found: dict[str, Param] = {}
        for side, inner, layer, norm in self.sides(use):
            count = use[f"num_{side}_layers"]
            for name, param in stack_params(inner, layer, count, norm):
                found[f"{side}.{name}"] = param
        return found

    def macs(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        found: Size = 0
        for side, inner, layer, _ in self.sides(use):
            found = found + use[f"num_{side}_layers"] * inner.operator.macs(layer, outputs)
        return found

    def module(self, use: Use) -> ModuleCode:
        hints = ("src_is_causal", "tgt_is_causal", "memory_is_causal")
        call = given_tensors(use, 2) | use.changed(only=hints)
        kwargs: dict[str, Any] = use.changed()
        kwargs = {name: value for name, value in kwargs.items() if name not in hints}
        made = () if "nhead" not in kwargs else (kwargs.pop("nhead"),)
        return ModuleCode(
            "nn.Transformer",
            (use.x.shape[2], *made),
            kwargs,
            (Ref(0), Ref(1)) if call else None,
            call,
        )

    def explain(self, use: Use, outputs: tuple[TensorType, ...]) -> list[str]:
        return [
            line
            for side, inner, layer, _ in self.sides(use)
            for line in (
                f"{use[f'num_{side}_layers']} layers in the {side}, each:",
                *inner.operator.explain(layer, outputs),
            )
        ]

    def macs_formula(self, use: Use, outputs: tuple[TensorType, ...]) -> str:
        return "those of the layers of the encoder, over src, and of the decoder, over tgt and src"

    def saved(self, use: Use) -> tuple[str | int, ...]:
        return () if use["batch_first"] and not use["norm_first"] else ("src", "tgt")

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        found: Size = (
            0 if use["batch_first"] else use.x.bytes
        )  # what the encoder gives to the decoder
        for side, inner, layer, norm in self.sides(use):
            found = found + stack_workspace(inner, layer, use[f"num_{side}_layers"], outputs)
            x = layer.x
            found = found + x.bytes + norm.operator.workspace(norm.on(use.again(), x), (x,))
        return found
