"""Every diagnostic code: severity, a one-line summary, an explanation.

`nnspec explain NN301` prints these. 1xx how a file is written, 2xx names and arguments, 3xx
tensors and sizes, 4xx the language's limits, 5xx data and training, 6xx warnings.
"""

from __future__ import annotations

from nnspec.records import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


#: the name of an example, for the files beside it
EXAMPLE = "example.nn"


class Code(Record):
    """What a code stands for. `wrong` and `mended` are short specs, the second without the
    problem.
    """

    summary: str
    explanation: str
    wrong: str = ""
    mended: str = ""
    severity: str = "error"
    beside: tuple[tuple[str, str], ...] = ()  # name and text of files that the examples import


def _model(body: str, input: str = "image: [N, 3, 32, 32]") -> str:
    """A whole spec around the lines of a model's body."""
    lines = "".join(f"    {line}\n" for line in body.split("\n"))
    return f"model Example:\n    input {input}\n{lines}"


def _pair(wrong: str, mended: str, input: str = "image: [N, 3, 32, 32]") -> dict[str, Any]:
    return {"wrong": _model(wrong, input), "mended": _model(mended, input)}


_DIGITS = """\
model Small(classes: int = 10):
    input image: [N, {channels}, 8, 8]
    return logits = image -> flatten -> linear(classes)

data Digits:
    source = digits()
    split = [train: 0.8, val: 0.2]{data}

train Small on Digits:
    {train}
    optimizer = adamw(lr=3e-3)
    epochs = 3
"""


def _training(
    channels: int = 1, data: str = "", train: str = "loss = cross_entropy(logits, label)"
) -> str:
    return _DIGITS.format(channels=channels, data=data, train=train)


_BLOCK = "block Block(width: int) = linear(width) -> relu\n"
_BLOCK_USED = _model("return x -> Block(16)", "x: [N, 8]")


CODES: dict[str, Code] = {
    # -- 1xx: how a file is written ----------------------------------------------------------------
    "NN101": Code(
        "the text is no spec",
        "The line does not read as the language is written: something is missing, or stands where "
        "it cannot. The message names what would fit at that place. Reading goes on at the next "
        "statement, so that further slips are found in the same run.",
        **_pair("return image -> -> relu", "return image -> relu"),
    ),
    "NN102": Code(
        "a tab in the indentation",
        "Lines are indented with spaces. A tab is as wide as each editor likes, so that two lines "
        "may look level and not be.",
        wrong="model Example:\n\tinput image: [N, 3]\n\treturn image\n",
        mended="model Example:\n    input image: [N, 3]\n    return image\n",
    ),
    "NN103": Code(
        "an indentation that fits nothing",
        "The lines of a body start in the same column. A line further right begins a body only "
        "after a line that ends with `:` (or `=`); a line further left must be level with one "
        "above.",
        wrong="model Example:\n    input image: [N, 3]\n      return image\n",
        mended="model Example:\n    input image: [N, 3]\n    return image\n",
    ),
    "NN104": Code(
        "a bracket without its partner",
        "Each `(` needs its `)` and each `[` its `]`, in the right order.",
        **_pair("return image -> conv2d(8, [3, 3)", "return image -> conv2d(8, [3, 3])"),
    ),
    "NN105": Code(
        "a string that does not end",
        "A string ends on its line with the quote that opens it. A longer text stands between "
        "three quotes.",
        **_pair('assert 1 < 2, "so it is\nreturn image', 'assert 1 < 2, "so it is"\nreturn image'),
    ),
    "NN106": Code(
        "an escape in a string that means nothing",
        "After a backslash stand `n`, `t`, a quote or another backslash.",
        **_pair('assert 1 < 2, "a\\q"\nreturn image', 'assert 1 < 2, "a\\\\q"\nreturn image'),
    ),
    "NN107": Code(
        "nested too deep",
        "Brackets, bodies or expressions lie more levels inside each other than nnspec reads. Give"
        " an inner part a name of its own, or make it a block.",
    ),
    "NN108": Code(
        "a number that is too long",
        "Numbers in a spec are sizes and settings; one with thousands of digits is a slip.",
    ),
    "NN109": Code(
        "a line that is too long",
        "No line that a person writes has a hundred thousand characters: this is most likely not a"
        " spec.",
    ),
    "NN110": Code(
        "a file that is too long",
        'Split it: blocks can be taken from other files with `from "blocks.nn" import Name`.',
    ),
    # -- 2xx: names and arguments ------------------------------------------------------------------
    "NN200": Code(
        "a name that is not known",
        "A name must be bound before it is used: as an input, a parameter of the block, by `name ="
        " ...` further up, or as a block, model or function of the file. Operators have PyTorch's "
        "names in snake_case: `nn.Conv2d` is `conv2d`, `torch.cat` is `concat`.",
        **_pair("return image -> con2d(8, 3)", "return image -> conv2d(8, 3)"),
    ),
    "NN201": Code(
        "two layers of one name",
        "A label is the layer's name in the compiled module and the key of its weights in the "
        "state dict. Two layers of one body cannot have the same one. To use the same weights "
        "twice, declare the layer once (`layer encoder = ...`) and use it twice.",
        **_pair(
            "return image -> a: conv2d(8, 3) -> a: conv2d(8, 3)",
            "return image -> a: conv2d(8, 3) -> b: conv2d(8, 3)",
        ),
    ),
    "NN202": Code(
        "a value of the wrong kind",
        "Something is used as what it is not: a number is called like a layer, a tensor stands "
        "where a number is needed, a layer where a tensor is. `->` takes a tensor or a layer on "
        "its left and a layer on its right.",
        **_pair("return image -> 3", "return 3 * image"),
    ),
    "NN203": Code(
        "an argument that does not exist",
        "Operators take the arguments of their PyTorch counterparts under the same names, less "
        "what the shape of the input already tells (`in_channels`, `num_features`, ...). Blocks "
        "take the parameters in their parentheses.",
        **_pair(
            "return image -> conv2d(8, 3, strides=2)", "return image -> conv2d(8, 3, stride=2)"
        ),
    ),
    "NN204": Code(
        "an argument is missing",
        "An argument without a default must be given.",
        **_pair("return image -> conv2d(8)", "return image -> conv2d(8, 3)"),
    ),
    "NN205": Code(
        "an argument of the wrong kind",
        "An integer was expected and something else was given, or a list has the wrong length. A "
        "kernel, stride or padding is one number for all dimensions or a list with one for each: "
        "two for `conv2d`, three for `conv3d`. PyTorch builds a Conv2d with three without a word "
        "and fails when it runs.",
        **_pair("return image -> conv2d(8, [4, 3, 2])", "return image -> conv2d(8, [4, 3])"),
    ),
    "NN206": Code(
        "an argument with a value that cannot be",
        "The kind is right and the value is not: a kernel of size 0, a negative padding, a mode "
        "that does not exist.",
        **_pair("return image -> conv2d(8, 0)", "return image -> conv2d(8, 1)"),
    ),
    "NN207": Code(
        "too many arguments, or one given twice",
        "Arguments by position fill the parameters in order; each can be given once, by position "
        "or by name.",
        **_pair(
            "return image -> conv2d(8, 3, kernel_size=3)",
            "return image -> conv2d(8, kernel_size=3)",
        ),
    ),
    "NN208": Code(
        "the wrong number of tensors",
        "An operator or block got more or fewer tensors than it takes, or its results were taken "
        "apart into the wrong number of names. Several tensors go through the arrow in "
        "parentheses: `(q, k, v) -> scaled_dot_product_attention`.",
        **_pair("return (image, image) -> relu", "return concat(image, image, dim=1) -> relu"),
    ),
    "NN209": Code(
        "an attribute that does not exist",
        "Tensors have no methods here: `x.view(...)` is `x -> reshape(...)`, `x.mean(1)` is "
        "`x -> mean(dim=1)`, and the sizes of a tensor are named in the pattern of the input. After a "
        "declared layer the dot names one of its own tensors: `wte.weight`.",
        **_pair("return image.relu()", "return image -> relu"),
    ),
    "NN210": Code(
        "values that do not go together in arithmetic",
        "`+`, `*` and their like work on two numbers or sizes, on two tensors, and on a tensor "
        "with a "
        "number. Lists can be joined with `+`. A string or a layer has no arithmetic, except "
        "`n * layer`.",
        **_pair('return image * "two"', "return image * 2"),
    ),
    "NN211": Code(
        "a part of a body is missing",
        "A model or block with a body names its tensors in `input` lines and gives its results "
        "with `return`.",
        wrong=_model("y = image -> relu"),
        mended=_model("y = image -> relu\nreturn y"),
    ),
    "NN212": Code(
        "what is imported is not there",
        '`from "parts/blocks.nn" import Block` takes from a file, named from the folder of the importing '
        "one; `from zoo.resnet import Bottleneck` from the specs that come along. Blocks, models, functions, "
        "constants and data parts can be taken; `import Block as Other` gives one another name here.",
        wrong='from "block.nn" import Block\n\n' + _BLOCK_USED,
        mended='from "blocks.nn" import Block\n\n' + _BLOCK_USED,
        beside=(("blocks.nn", _BLOCK),),
    ),
    "NN213": Code(
        "files that import each other",
        "A file is read before those that import it, so that files cannot import each other. What both "
        "need belongs in a third file.",
        wrong='from "wide.nn" import Wide\n\nblock Part = linear(8) -> relu\n\n'
        + _model("return x -> Wide", "x: [N, 8]"),
        mended=_model("return x -> linear(8) -> relu", "x: [N, 8]"),
        beside=(("wide.nn", f'from "{EXAMPLE}" import Part\n\nblock Wide = Part -> linear(16)\n'),),
    ),
    "NN214": Code(
        "an import that leads out of the folder",
        "A spec takes only files of its own folder and below, and specs that come along: no path leads "
        "further up, none is absolute, and no link goes elsewhere. So a spec from anywhere can be checked, "
        "and opens nothing else.",
        wrong='from "../blocks.nn" import Block\n\n' + _BLOCK_USED,
        mended='from "blocks.nn" import Block\n\n' + _BLOCK_USED,
        beside=(("blocks.nn", _BLOCK),),
    ),
    "NN215": Code(
        "a parameter that cannot be tied",
        "`linear(8, weight=wte.weight)` has no weight of its own: it takes that of the layer `wte`, which "
        "`layer wte = …` declares in the same body and which that body uses somewhere, or a `param` of the "
        "body. Only what is trained can be shared so. What is computed can be a parameter of `linear` and "
        "`layer_norm`, where all parameters are given and there is no label: it is a function then.",
        **_pair(
            "layer wte = embedding(10, 8)\nh = x -> linear(8)\n"
            "return h -> linear(10, bias=false, weight=wte.weight)",
            "layer wte = embedding(10, 8)\nh = tokens -> wte\n"
            "return h -> linear(10, bias=false, weight=wte.weight)",
            input="x: [N, 4]\n    input tokens: i64[N]",
        ),
    ),
    "NN216": Code(
        "something that depends on whether the module is training",
        "`if training:` is the one condition that is decided when a module runs; both of its sides are "
        "checked. Afterwards a name goes on if both sides leave it as a tensor of one shape and dtype. "
        "Numbers, lists and layers are known while checking and cannot depend on it, and a `return` stands "
        "after it.",
        **_pair(
            "if training:\n    x = image -> conv2d(4, 3)\nelse:\n    x = image -> conv2d(8, 3)\nreturn x",
            "if training:\n    x = image -> conv2d(4, 3)\nelse:\n    x = image -> conv2d(4, 5, padding=1)\n"
            "return x",
        ),
    ),
    "NN217": Code(
        "an `extern` that is declared wrongly",
        "An `extern` declares a class that lives in Python: its inputs, its own parameters, and the "
        "shape of each result. The declaration is enough to check; nothing is imported for it.",
        'extern Scan(state: int = 16) = "mypackage.ops":\n    input x: [N, T, D]\n    return [N, T, D]\n\n'
        + _model("return image -> Scan", input="image: [N, 7, 5]"),
        'extern Scan(state: int = 16) = "mypackage.ops:Scan":\n    input x: [N, T, D]\n'
        "    return [N, T, D]\n\n" + _model("return image -> Scan", input="image: [N, 7, 5]"),
    ),
    "NN218": Code(
        "the Python class of an `extern` cannot be used",
        "To compile a model the classes of its externs are imported, which runs their code: that is "
        'done only where it is allowed, with `nnspec.load("model.nn", allow_extern=True)` or '
        "`nnspec train model.nn --allow-extern`. Then the package must be there, and hold the class, a "
        "`torch.nn.Module`.",
    ),
    "NN219": Code(
        "a declared layer, or a tensor that a layer holds, outside of its body",
        "A layer that is declared with `layer` has its weights in the body that declares it. It can be "
        "used there several times, in composed layers too; it cannot be handed to a block. Nor can a "
        "layer that holds a tensor of its body, `masked_fill(mask=m, value=0.0)`.",
        "block Twice(inner: layer):\n    input x: [N, C]\n    return x -> inner -> inner\n\n"
        + _model(
            "layer encoder = linear(8)\nreturn x -> encoder -> Twice(encoder)", input="x: [N, 8]"
        ),
        "block Twice(inner: layer):\n    input x: [N, C]\n    return x -> inner -> inner\n\n"
        + _model(
            "layer encoder = linear(8)\nreturn x -> encoder -> encoder -> Twice(linear(8))",
            input="x: [N, 8]",
        ),
    ),
    "NN220": Code(
        "an operator of another package that cannot be used",
        "A name that nnspec does not know may be an operator of an installed package, which declares it "
        "through an entry point of the group `nnspec.operators`. Here the package does so, and is broken: it "
        "cannot be imported, what it declares is no operator, or the operator's rules fail. That is to be "
        "mended in the package, not in the spec.",
    ),
    "NN221": Code(
        "a name that every module of PyTorch has",
        "The labels of layers and the names of parameters become attributes of `nn.Module`s, which have "
        "methods and attributes of their own, such as `train`, `type` and `parameters`, and containers of "
        "them `keys` and `values`. What is called like one of these would hide it, or be hidden by it.",
        **_pair(
            "return image -> conv2d(8, 3) -> type: conv2d(2, 1)",
            "return image -> conv2d(8, 3) -> kind: conv2d(2, 1)",
        ),
    ),
    # -- 3xx: tensors and sizes --------------------------------------------------------------------
    "NN301": Code(
        "two sizes that must agree do not",
        "Tensors that are added, multiplied or joined must have the same sizes, except that a size"
        " of 1 is stretched to the other's (broadcasting) and that `concat` may differ in its own "
        "dimension. The message shows where each size came from. A residual branch that changes "
        "the number of channels needs a 1x1 convolution on the other side.",
        **_pair(
            "return image + (image -> conv2d(64, 3, padding=1))",
            "return (image -> conv2d(64, 1)) + (image -> conv2d(64, 3, padding=1))",
        ),
    ),
    "NN302": Code(
        "a size that the operator cannot take",
        "A kernel larger than its padded input, an output of size 0, channels that the groups do "
        "not divide. PyTorch finds most of these only when the module runs. Mind how strides and "
        "poolings shrink an image: 28 -> 14 -> 7 -> 3 -> 1.",
        **_pair("return image -> conv2d(8, 40)", "return image -> conv2d(8, 4)"),
    ),
    "NN303": Code(
        "the wrong number of dimensions",
        "A 2-d convolution takes [batch, channels, height, width], a linear layer anything whose "
        "last dimension holds the features. `flatten` turns an image into a row of features; a "
        "dimension given as an argument must be there.",
        **_pair("return image -> conv1d(8, 3)", "return image -> conv2d(8, 3)"),
    ),
    "NN304": Code(
        "the wrong dtype",
        "Most layers compute on floating-point tensors; `embedding` takes whole numbers (`i64`) "
        "and gives floats. A dtype is written before the shape of an input: `tokens: i64[N, T]`.",
        **_pair(
            "return tokens -> linear(8)",
            "return tokens -> embedding(100, 8)",
            input="tokens: i64[N, T]",
        ),
    ),
    "NN305": Code(
        "a stated shape does not hold",
        "A shape that is written (`h: [N, 64, H, W] = ...`, `return logits: [N, 10]`, the input of"
        " a block) is an assertion: it must be what the checker finds.",
        **_pair(
            "h: [N, 8, 32, 32] = image -> conv2d(8, 3)\nreturn h",
            "h: [N, 8, 32, 32] = image -> conv2d(8, 3, padding=1)\nreturn h",
        ),
    ),
    "NN306": Code(
        "no size satisfies the model",
        "Each operator alone could take some size, but no size of the input suits all of them. The"
        " message shows the places in conflict.",
        **_pair(
            "assert H % 2 == 1\na = image -> max_pool2d(2) -> interpolate(scale_factor=2)\n"
            "return a + image",
            "assert H % 2 == 0\na = image -> max_pool2d(2) -> interpolate(scale_factor=2)\n"
            "return a + image",
            input="image: [N, 3, H, H]",
        ),
    ),
    "NN307": Code(
        "an assertion fails",
        "`assert` states what must hold of sizes and parameters; here it does not, or not for "
        "every size.",
        **_pair("assert 32 % 5 == 0\nreturn image", "assert 32 % 4 == 0\nreturn image"),
    ),
    "NN308": Code(
        "a size that cannot be decided here",
        "The length of a loop, a setting of a layer and what a list holds must be known while checking. A "
        "size that is a symbol has no value then: fix it in the input's shape, make it a parameter, or "
        "`assert` before what it must be. An `if` on sizes is decided when the module runs; both of its "
        "sides leave a tensor of one dtype and rank under a name that goes on.",
        **_pair(
            "pools = [max_pool2d(2) for i in range(2) if H > 64 * i]\nreturn image -> pools[0]",
            "assert H > 64\npools = [max_pool2d(2) for i in range(2) if H > 64 * i]\n"
            "return image -> pools[0]",
            input="image: [N, 3, H, W]",
        ),
    ),
    "NN309": Code(
        "the model does not take these sizes",
        "The sizes that were asked for (`--sizes H=224,W=224`) are none that the model admits. The"
        " message shows the operator that refuses them; `nnspec check` says which sizes the model "
        "admits.",
    ),
    "NN310": Code(
        "a budget is not kept",
        "A model may promise what it costs: `assert params <= 5_000_000`, `assert macs <= 300e6 at H=224, "
        "W=224`, `assert memory <= 64 * 2 ** 20 at H=224, W=224` (bytes of the weights and of what is "
        "alive at once at inference). Figures are those of a batch of one, unless the size of the batch "
        "is given too.",
        **_pair(
            "assert params <= 1000\nreturn image -> flatten -> linear(10)",
            "assert params <= 50_000\nreturn image -> flatten -> linear(10)",
        ),
    ),
    # -- 4xx: limits -------------------------------------------------------------------------------
    "NN401": Code(
        "too deep",
        "A block uses itself without an end, or blocks and parentheses lie too deep in each other."
        " A block may use itself with other parameters as long as an `if` ends it.",
        wrong="block Loop:\n    input x: [N, C]\n    return x -> Loop\n\n"
        + _model("return x -> Loop", "x: [N, 8]"),
        mended="block Loop:\n    input x: [N, C]\n    return x -> relu\n\n"
        + _model("return x -> Loop", "x: [N, 8]"),
    ),
    "NN402": Code(
        "too many layers, or too large a list",
        "The spec would grow without measure: the number of layers, the length of a list or of a "
        "loop is limited, so that checking always ends. The help says which limit it is and how to "
        "raise it.",
        **_pair(
            "for i in range(1_000_000_000):\n    image = image -> relu\nreturn image",
            "for i in range(10):\n    image = image -> relu\nreturn image",
        ),
    ),
    "NN403": Code(
        "a number that is too large",
        "Numbers in a spec are sizes and settings; one of thousands of digits is a slip.",
        **_pair("return image -> conv2d(9 ** 9 ** 9, 3)", "return image -> conv2d(9 ** 2, 3)"),
    ),
    # -- 5xx: data and training --------------------------------------------------------------------
    "NN501": Code(
        "the data do not fit the model's input",
        "What the data part delivers for a field, after its pipeline, must have the shape and "
        "dtype of the model's input of the same name.",
        wrong=_training(channels=3),
        mended=_training(),
    ),
    "NN502": Code(
        "the numbers of classes differ",
        "The model gives one number for each class; the labels of the data set have another number"
        " of classes.",
        wrong=_training().replace("classes: int = 10", "classes: int = 7"),
        mended=_training(),
    ),
    "NN503": Code(
        "a setting that does not exist",
        "A data or train part has a line whose name is no setting. A slip of the pen here would "
        "otherwise be a setting silently ignored.",
        wrong=_training().replace("epochs = 3", "epoch = 3"),
        mended=_training(),
    ),
    "NN504": Code(
        "a setting is missing",
        "A data part needs a `source`, a train part a `loss`.",
        wrong=_training(train="batch_size = 64"),
        mended=_training(),
    ),
    "NN505": Code(
        "a loss or metric is given something it does not know",
        "A loss speaks of the model's outputs and of the data's fields by their names.",
        wrong=_training(train="loss = cross_entropy(logits, labels)"),
        mended=_training(),
    ),
    "NN506": Code(
        "the data are not there",
        "The source names a file or folder that does not exist or cannot be read, or a package "
        "that is not installed.",
    ),
    # -- 6xx: warnings: valid, and most likely not meant ------------------------------------------
    "NN601": Code(
        "a layer that is never used",
        "`layer` declares a layer whose weights several places share. One that is used nowhere has "
        "no weights and is no part of the model: most likely another name is used in its place.",
        **_pair(
            "layer stem = conv2d(8, 3)\nreturn image -> conv2d(8, 3)",
            "layer stem = conv2d(8, 3)\nreturn image -> stem",
        ),
        severity="warning",
    ),
    "NN602": Code(
        "an input that is never used",
        "The output does not depend on this input. One that only names sizes (`input like: [N, C, "
        "H, W]`, where `H` is used) is used.",
        wrong="model Example:\n    input a: [N, 8]\n    input b: [N, 8]\n"
        "    return a -> linear(4)\n",
        mended="model Example:\n    input a: [N, 8]\n    input b: [N, 8]\n"
        "    return a * b -> linear(4)\n",
        severity="warning",
    ),
    "NN603": Code(
        "a value that is never used",
        "What this line computes goes nowhere: nothing reads the name before it is bound again or "
        "the body ends. In a network this is most often a layer that was meant to be part of it. A "
        "name that begins with `_` is never told.",
        **_pair(
            "x = image -> conv2d(8, 3)\ny = x -> relu\nreturn x",
            "x = image -> conv2d(8, 3)\ny = x -> relu\nreturn y",
        ),
        severity="warning",
    ),
    "NN604": Code(
        "a name that hides another",
        "From here on the name means something else: a block of the file, an operator, or the input"
        " that a loop's variable takes the place of. To bind a value again, `x = x -> relu`, is how "
        "a spec is written and is never told.",
        **_pair(
            "layer relu = prelu\nreturn image -> relu",
            "layer act = prelu\nreturn image -> act",
        ),
        severity="warning",
    ),
    "NN605": Code(
        "a line that never runs",
        "It stands after a `return`, or under a condition that cannot be otherwise: one without "
        "names, or one that was asked before. A plain `if false:` is a switch, and is not told.",
        **_pair(
            "if 32 > 64:\n    image = image -> max_pool2d(2)\nreturn image",
            "side = 32\nif side > 64:\n    image = image -> max_pool2d(2)\nreturn image",
        ),
        severity="warning",
    ),
    "NN606": Code(
        "[N, 1] and [N] make [N, N]",
        "Broadcasting starts from the last dimension: a column and a row of one length meet as a "
        "table of all pairs. After `linear(1)` the column wants `squeeze(-1)`. Where the table is "
        "meant, put the 1 there in so many words: `x[:, none] - x`.",
        wrong="model Example:\n    input x: [N, 8]\n    input weight: [N]\n"
        "    return (x -> linear(1)) * weight\n",
        mended="model Example:\n    input x: [N, 8]\n    input weight: [N]\n"
        "    return (x -> linear(1) -> squeeze(-1)) * weight\n",
        severity="warning",
    ),
    "NN607": Code(
        "a softmax before a loss that has its own",
        "`cross_entropy` takes the softmax of its scores, `binary_cross_entropy_with_logits` their "
        "sigmoid. Taken twice, the loss can hardly fall: a softmax squeezes what it gets into 0 to "
        "1. Train on the scores.",
        wrong=_training().replace("-> linear(classes)", "-> linear(classes) -> softmax(dim=1)"),
        mended=_training(),
        severity="warning",
    ),
    "NN608": Code(
        "a bias before a batch norm",
        "A batch norm subtracts the mean of each channel, and with it the bias of the layer before;"
        " it then adds one of its own. The bias does nothing but take memory. Some published models"
        " have it all the same: say so with `# ok: NN608` at the line.",
        **_pair(
            "return image -> conv2d(8, 3) -> batch_norm2d",
            "return image -> conv2d(8, 3, bias=false) -> batch_norm2d",
        ),
        severity="warning",
    ),
    "NN609": Code(
        "an activation twice in a row",
        "The second `relu` finds nothing left to do; other activations squeeze what is squeezed "
        "already. Mind blocks that end in an activation.",
        **_pair("return image -> relu -> relu", "return image -> relu"),
        severity="warning",
    ),
    "NN610": Code(
        "a comment that silences nothing",
        "`# ok: NN603` at the end of a line silences that warning there (several are joined by "
        "commas, a reason may follow). Here there is no such warning: the comment would hide a "
        "later one. Errors cannot be silenced.",
        **_pair("return image -> relu   # ok: NN609", "return image -> relu"),
        severity="warning",
    ),
    "NN611": Code(
        "a model that takes hardly any size",
        "A symbol such as `H` stands for any size, and here the operators leave it a handful: two ways "
        "from one image meet that were meant to be equally large, and one of them has a stride or a "
        "pooling that the other lacks. Where it is meant, an `assert` says so, or a number in place of "
        "the symbol.",
        **_pair(
            "return image + (image -> conv2d(3, 3, stride=2, padding=1))",
            "return image + (image -> conv2d(3, 3, padding=1))",
            "image: [N, 3, H, W]",
        ),
        severity="warning",
    ),
    # -- 9xx ---------------------------------------------------------------------------------------
}
