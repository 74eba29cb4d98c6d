"""Where nnspec and PyTorch differ on purpose, each with its reason. All other differences are
mistakes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from .examples import Case, Refused

if TYPE_CHECKING:
    from .running import Ran

#: held against PyTorch's module in evaluation: training needs more than one value in a channel,
#: which is a
#: matter of the batch that training brings, not of the model
EVALUATED = {"batch_norm1d", "batch_norm2d", "batch_norm3d"}

#: operators whose MACs PyTorch counts differently where a symbol happens to be 1: it multiplies in place of a
#: matrix product then
MACS_AT_ONE = {"einsum", "tensordot"}

#: operators of which PyTorch's counter sees no product with this setting: they run as one kernel
UNCOUNTED = {"linear_cross_entropy_loss": "chunked"}

Rule = Callable[[Case, Refused, "Ran | None"], bool]


def of(*families: str) -> Callable[[Case], bool]:
    return lambda case: case.operator.family in families or case.operator.name in families


def dtypes(case: Case) -> set[str]:
    return {tensor[0] for tensor in case.inputs if tensor}


def _batchless(case: Case, refused: Refused, theirs: Ran | None) -> bool:
    families = (
        *("convolution", "pooling", "dropout", "normalisation", "padding", "folding"),
        *("recurrent", "transformer", "squeeze_excitation"),
    )
    own = ("pad", "softmax2d", "adaptive_log_softmax_with_loss", "linear_cross_entropy_loss")
    placed = of(*families, *own)(case)
    return refused.code == "NN303" and placed and "dims=" not in refused.why


def _empty(case: Case, refused: Refused, theirs: Ran | None) -> bool:
    assert theirs is not None
    shapes = [output.shape for output in theirs.outputs] + [shape for _, shape, *_ in theirs.params]
    return any(0 in shape for shape in shapes)


def _integers(case: Case, refused: Refused, theirs: Ran | None) -> bool:
    of_places = of("pooling", "resizing", "padding")(case)
    return refused.code == "NN304" and of_places and not dtypes(case) & {"f32", "f64"}


def _broadcast_loss(case: Case, refused: Refused, theirs: Ran | None) -> bool:
    vectors = ("cosine_embedding_loss", "triplet_margin_loss", "gaussian_nll_loss", "ctc_loss")
    placed = "compares tensors of one shape" in refused.why or of(*vectors)(case)
    return refused.code in ("NN301", "NN303") and placed


def _another_length(case: Case, refused: Refused, theirs: Ran | None) -> bool:
    lists = ", not a list of " in refused.why
    return refused.code == "NN205" and (lists or refused.why.startswith("output_size is a list of"))


def _another_kind(case: Case, refused: Refused, theirs: Ran | None) -> bool:
    told = re.match("`.*` of `.*` is (.*), not (.*)$", refused.why)
    if refused.code != "NN205" or told is None:
        return False
    return told[1].startswith("true or false") or told[2] in ("true", "false", "none")


#: nnspec refuses what PyTorch accepts: (what, why, which cases)
STRICTER: list[tuple[str, str, Rule]] = [
    (
        "no batch",
        "PyTorch takes [C, H, W] for [N, C, H, W]; a model that forgot its batch is a mistake "
        "more often",
        _batchless,
    ),
    (
        "nothing in it",
        "PyTorch computes on tensors without values; the language's sizes are at least 1",
        _empty,
    ),
    (
        "lists of another length",
        "PyTorch's pools take a list of one number, or an empty one, its unpooling a whole shape, its "
        "constant padding any even list; "
        "here a list has one for each dimension",
        _another_length,
    ),
    (
        "true for 1, anything for true, none for a default",
        "Python's truth values are numbers, and all its values are true or false; here they are told apart",
        _another_kind,
    ),
    (
        "fractions times integers",
        "PyTorch cuts the fraction off that it multiplies integers by",
        lambda case, refused, theirs: of("addmm", "baddbmm", "addcmul")(case)
        and "is a whole number for" in refused.why,
    ),
    (
        "integers filled with fractions",
        "PyTorch's index_fill cuts the fraction off, its masked_fill refuses it",
        lambda case, refused, theirs: of("index_fill")(case) and refused.code == "NN304"
        and refused.why.startswith(f"{case.settings.get('value')} does not fit into"),
    ),
    (
        "a row of truth values",
        "PyTorch's linspace makes one, and only one, of one value",
        lambda case, refused, theirs: of("linspace")(case) and "not bool" in refused.why,
    ),
    (
        "an output_padding of another kind",
        "PyTorch's transposed convolutions do not look at it where an output_size is given",
        lambda case, refused, theirs: "output_size" in case.settings and refused.code == "NN205"
        and refused.why.startswith("`output_padding` of `conv_transpose"),
    ),
    (
        "a way of padding that nobody takes",
        "PyTorch's stft looks at pad_mode where center is true only",
        lambda case, refused, theirs: of("stft")(case) and refused.why.startswith("`pad_mode`"),
    ),
    (
        "windows of another dtype",
        "PyTorch's stft and istft promote sound and window, half precision too, which they do not "
        "transform alone",
        lambda case, refused, theirs: of("stft", "istft")(case) and refused.code == "NN304",
    ),
    (
        "numbers below 0 for u8",
        "PyTorch counts them back from 256: -1 is 255, which nobody means",
        lambda case, refused, theirs: (
            re.match("-.* does not fit into u8", refused.why) is not None
            or "u8 has no values below 0" in refused.why
        ),
    ),
    (
        "padding with 2**63",
        "PyTorch takes what padding adds as a floating-point number, and adds -2**63 to i64 in its place",
        lambda case, refused, theirs: of("pad", "padding")(case)
        and refused.why.startswith(f"{2**63} does not fit into i64"),
    ),
    (
        "a norm that nobody takes",
        "PyTorch does not look at the norm_type of an embedding_bag without max_norm",
        lambda case, refused, theirs: of("embedding_bag")(case)
        and refused.why.startswith("`norm_type`"),
    ),
    (
        "circular padding of more than is left",
        "where one end is cut off, PyTorch copies for the other from memory that nobody wrote",
        lambda case, refused, theirs: (
            of("pad")(case) and 'mode "circular" can add at most the' in refused.why
        ),
    ),
    (
        "a probability below 0",
        "nn.MultiheadAttention takes a dropout below 0 for none",
        lambda case, refused, theirs: (
            case.operator.name == "multihead_attention" and "a probability" in refused.why
        ),
    ),
    (
        "integers in pools",
        "PyTorch pools and resizes some integer tensors, on the CPU only, and never trains "
        "through them",
        _integers,
    ),
    (
        "losses that broadcast",
        "PyTorch broadcasts input and target, and warns that the result is likely to be wrong",
        _broadcast_loss,
    ),
    (
        "class numbers of u8",
        "PyTorch takes u8 class numbers, nearly everywhere; i64 works everywhere",
        lambda case, refused, theirs: refused.code == "NN304"
        and of("cross_entropy", "nll_loss", "linear_cross_entropy_loss")(case),
    ),
    (
        "targets of chunks",
        "computed some rows at a time, PyTorch's linear_cross_entropy reads past the end of the targets",
        lambda case, refused, theirs: bool(case.settings.get("chunked"))
        and "takes targets" in refused.why,
    ),
    (
        "label smoothing below 0",
        "PyTorch ignores it without a word",
        lambda case, refused, theirs: "label_smoothing" in refused.why,
    ),
    (
        "dims of norms",
        "a setting of the language's own: PyTorch has no call for a number that is out of range",
        lambda case, refused, theirs: refused.why.startswith("dims="),
    ),
    (
        "keepdim without dim",
        "PyTorch's amax and amin take it, its mean and sum do not; here all are alike",
        lambda case, refused, theirs: refused.why == "keepdim needs a dim",
    ),
    (
        "numbers that are no places",
        "PyTorch's ctc_loss takes targets and lengths of any dtype, its gaussian_nll_loss integers "
        "as variances",
        lambda case, refused, theirs: of("ctc_loss", "gaussian_nll_loss")(case)
        and refused.code == "NN304",
    ),
    (
        "integers of other widths",
        "PyTorch's embedding_bag takes some where input and offsets differ",
        lambda case, refused, theirs: of("embedding_bag")(case) and refused.code == "NN304",
    ),
    (
        "unpooling that does not move",
        "PyTorch takes a stride or kernel of 0 or less for sequences and images where a size is left",
        lambda case, refused, theirs: of("max_unpool1d", "max_unpool2d", "max_unpool3d")(case)
        and "must be at least 1" in refused.why,
    ),
    (
        "windows of nothing",
        "PyTorch's fractional pools take a kernel of 0 or less for images",
        lambda case, refused, theirs: of("fractional_max_pool2d")(case)
        and refused.why.startswith("kernel_size must be"),
    ),
    (
        "response norm of integers",
        "PyTorch takes them where no channel is added at the ends",
        lambda case, refused, theirs: of("local_response_norm")(case) and refused.code == "NN304",
    ),
    (
        "hardtanh with one value",
        "PyTorch's function takes bounds that are equal, its layer does not",
        lambda case, refused, theirs: of("hardtanh")(case) and "above min_val" in refused.why,
    ),
    (
        "clamp of truth values",
        "PyTorch makes integers of them; nobody means that",
        lambda case, refused, theirs: of("clamp")(case) and case.inputs[0] is not None
        and case.inputs[0][0] == "bool",
    ),
    (
        "complex numbers",
        "arithmetic and functions of each value take them; layers, activations and losses are for "
        "real ones",
        lambda case, refused, theirs: refused.code == "NN304"
        and bool({"c64", "c128"} & dtypes(case)),
    ),
    (
        "dropout of integers",
        "PyTorch takes them where p is 0 or 1, and nothing is divided",
        lambda case, refused, theirs: refused.code == "NN304" and of("dropout")(case),
    ),
    (
        "losses of integers",
        "PyTorch takes integers as outputs where the targets are floating-point; nothing can be "
        "trained so",
        lambda case, refused, theirs: "needs floating-point outputs" in refused.why,
    ),
    (
        "losses without a batch",
        "PyTorch takes the scores of one sample; a model's outputs have a batch",
        lambda case, refused, theirs: "needs scores [N, classes]" in refused.why
        or (of("multi_margin_loss")(case) and case.inputs[1] is not None and not case.inputs[1][1]),
    ),
    (
        "batch norm with eps 0",
        "PyTorch evaluates it and refuses to train it",
        lambda case, refused, theirs: refused.why.startswith("eps must be above 0"),
    ),
    (
        "logsumexp over no dimension",
        "PyTorch takes an empty list with keepdim and fails on it without",
        lambda case, refused, theirs: of("logsumexp")(case) and refused.code == "NN206",
    ),
    (
        "einsum of integers or of several dtypes",
        "PyTorch takes them where nothing is summed, or with one operand",
        lambda case, refused, theirs: of("einsum")(case) and refused.code == "NN304",
    ),
    (
        "conditions of u8, truth values filled with numbers",
        "PyTorch still takes them, the first with a warning",
        lambda case, refused, theirs: refused.code == "NN304" and of("where", "masked_fill")(case)
        and bool({"u8", "bool"} & dtypes(case)),
    ),
    (
        "fractions in a range of integers",
        "PyTorch cuts them off, before or after it has counted how many there are",
        lambda case, refused, theirs: of("arange")(case) and "do not become" in refused.why,
    ),
    (
        "a negative dropout_p",
        "PyTorch's attention ignores it without a word, its dropout does not",
        lambda case, refused, theirs: of("scaled_dot_product_attention", "multihead_attention")(case)
        and refused.why.startswith("dropout"),
    ),
    (
        "a mask of another precision",
        "PyTorch adds the two masks first, which promotes the one that would not do alone",
        lambda case, refused, theirs: of("transformer")(case) and "is bool or f32" in refused.why
        and len({tensor[0] for tensor in case.inputs[1:] if tensor}) > 1,
    ),
    (
        "a causal mask that does not fit",
        "PyTorch does not look at it in training where is_causal=true is said of it, and does in "
        "evaluation",
        lambda case, refused, theirs: of("transformer")(case) and "mask` is" in refused.why
        and any(name.endswith("is_causal") and value for name, value in case.settings.items()),
    ),
    (
        "a mask that stretches the scores",
        "PyTorch's plain attention takes it, the fast ones do not",
        lambda case, refused, theirs: of("scaled_dot_product_attention")(case)
        and len(case.inputs) > 3 and refused.code in ("NN301", "NN303"),
    ),
    (
        "a cell of another dtype",
        "PyTorch's plain kernels on the CPU promote it; the fused ones and those of GPUs do not",
        lambda case, refused, theirs: of("lstm", "lstm_cell")(case) and refused.why.startswith("`cx`")
        and refused.code == "NN304",
    ),
    (
        "an axis of length -1",
        "einops hands it to PyTorch, which takes -1 for `as it is` in a new dimension",
        lambda case, refused, theirs: of("repeat")(case) and "an axis is at least 1" in refused.why,
    ),
    (
        "negative padding",
        "PyTorch's circular padding happens to take it, and cuts off; zeros do not",
        lambda case, refused, theirs: refused.why.startswith("padding must not be negative"),
    ),
    (
        "dilation of 0",
        "PyTorch takes it in transposed convolutions with a kernel of 1, where it has no effect",
        lambda case, refused, theirs: refused.why.startswith("dilation must be"),
    ),
    (
        "places that are no i64",
        "PyTorch takes narrow integers in brackets, and masks, whose result has as many rows as are true: a "
        "shape does not depend on values",
        lambda case, refused, theirs: of("index_at")(case) and refused.code == "NN304"
        and case.inputs[1] is not None and case.inputs[1][0] in ("bool", "u8", "i8", "i16"),
    ),
    (
        "an index of nothing",
        "PyTorch gives the tensor itself for `x[()]`",
        lambda case, refused, theirs: of("index")(case) and "names a place" in refused.why,
    ),
    (
        "two `...` in an index",
        "PyTorch takes the second for `:`; the reader cannot know",
        lambda case, refused, theirs: of("index")(case) and "one `...`" in refused.why,
    ),
    (
        "dimensions of a number",
        "PyTorch gives a tensor without dimensions the dimension 0 in some functions",
        lambda case, refused, theirs: refused.code == "NN303" and case.inputs[0] is not None
        and not case.inputs[0][1],
    ),
    (
        "a scale of 0 next to a size",
        "nn.Upsample takes it for none",
        lambda case, refused, theirs: of("interpolate", "upsample")(case) and refused.code == "NN204",
    ),
    (
        "a length that counts from the end",
        "PyTorch's istft cuts off what a length below 0 says, where center is false",
        lambda case, refused, theirs: of("istft")(case) and refused.why.startswith("length is"),
    ),
    (
        "vectors that are no vectors",
        "PyTorch's solve takes B with a dimension less than A for vectors where its sizes are A's, and for "
        "matrices that are stretched where they are not",
        lambda case, refused, theirs: of("solve")(case) and "takes vectors" in refused.why,
    ),
    (
        "regions that are no boxes",
        "torchvision's Python looks at the first four numbers of a box, and takes any dtype",
        lambda case, refused, theirs: (of("region")(case) or "box" in case.operator.name)
        and refused.code in ("NN301", "NN303", "NN304"),
    ),
    (
        "a fraction of a place",
        "torchvision's roi_align in Python cuts it off from the size of its small images",
        lambda case, refused, theirs: of("roi_align")(case)
        and refused.why.startswith("`output_size`"),
    ),
    (
        "a variance raised to less than nothing",
        "PyTorch's gaussian_nll_loss takes an eps below 0, which leaves the variances as they are",
        lambda case, refused, theirs: of("gaussian_nll_loss")(case)
        and refused.why.startswith("eps must be at least 0"),
    ),
    (
        "frequencies of nothing",
        "PyTorch's rfftfreq takes 0 values, and fewer",
        lambda case, refused, theirs: of("rfftfreq")(case) and refused.why.startswith("n must be"),
    ),
    (
        "complex numbers of half precision",
        "PyTorch has begun to make complex32, and computes little with it; the language has no such dtype",
        lambda case, refused, theirs: theirs is not None
        and any(output.dtype == "torch.complex32" for output in theirs.outputs),
    ),
    (
        "classes that are counted",
        "PyTorch's one_hot takes -1 and looks for the largest number; a shape does not depend on values",
        lambda case, refused, theirs: of("one_hot")(case) and refused.why.startswith("num_classes"),
    ),
    (
        "squeeze of another size",
        "PyTorch leaves a size that is not 1 as it is; the number of dimensions must not depend "
        "on a size",
        lambda case, refused, theirs: of("squeeze")(case) and refused.code in ("NN302", "NN204"),
    ),
]  # fmt: skip

#: nnspec accepts what PyTorch refuses
LOOSER: list[tuple[str, str, Rule]] = [
    (
        "half precision on the CPU",
        "PyTorch lacks some kernels for f16 and bf16 on the CPU and has them on GPUs",
        lambda case, refused, theirs: (
            re.search("not implemented for '(Half|BFloat16)'", refused.why) is not None
        ),
    ),
    (
        "keepdim=false without dim",
        "PyTorch's sum and mean have no such overload; it is the default",
        lambda case, refused, theirs: (
            case.operator.family == "reduction"
            and case.settings.get("keepdim") is False
            and re.search("invalid combination of arguments|missing 1 required", refused.why)
            is not None
        ),
    ),
]

#: with symbols nnspec demands more than for numbers
CAUTIOUS: list[tuple[str, str, Rule]] = [
    (
        "broadcasting",
        "a symbol that could be 1 is taken to be the other side's size: that is what the model "
        "means",
        lambda case, refused, theirs: (
            "must agree in dimension" in refused.why
            or "must agree with the scores" in refused.why
            or "is not stretched to" in refused.why
        ),
    ),
    (
        "letters of einsum",
        "as in broadcasting",
        lambda case, refused, theirs: of("einsum")(case) and "in operand" in refused.why,
    ),
    (
        "chunk",
        "how many parts there are must not depend on symbols: there are as many as it is asked for",
        lambda case, refused, theirs: "make fewer than" in refused.why,
    ),
    (
        "variances",
        "as in broadcasting: one variance for a row is written as 1",
        lambda case, refused, theirs: "the variances have the shape" in refused.why,
    ),
    (
        "bins of a spectrum",
        "PyTorch's istft takes n_fft bins for all of them; a symbol is half of them and one more, unless "
        "onesided=false says otherwise",
        lambda case, refused, theirs: of("istft")(case) and " bins, not " in refused.why,
    ),
    (
        "covariances",
        "of one variable they are a number, of several a matrix: a symbol is at least 2",
        lambda case, refused, theirs: "of one variable is a number" in refused.why,
    ),
    (
        "slopes of prelu",
        "a symbol is the number of channels; 1 is written as a number",
        lambda case, refused, theirs: "num_parameters is 1 or" in refused.why,
    ),
]


def explained(
    rules: list[tuple[str, str, Rule]], case: Case, refused: Refused, theirs: Ran | None = None
) -> bool:
    """Whether a difference is one of these, or one that the operator itself declares."""
    own = rules is STRICTER and any(part in refused.why for part, _ in case.operator.stricter)
    return own or any(holds(case, refused, theirs) for _, _, holds in rules)
