"""Slips with the shape of a statement."""

from __future__ import annotations

from nnspec.diagnostics import Problem
from nnspec.source import Span
from nnspec.syntax.slips.slip import BODY_WORDS, DEFINITIONS, Slip
from nnspec.syntax.table import SOFT_WORDS
from nnspec.syntax.tokens import HEADERS, NEWLINE, STRING

#: what is said of layers at the left margin
OUTSIDE = "layers stand in a model: `model Name:`, and under it, indented, its lines"


def unused_value(slip: Slip) -> Problem | None:
    plain = slip.opener not in BODY_WORDS | DEFINITIONS | HEADERS
    if slip.kind != NEWLINE or not slip.expects("=") or not plain:
        return None
    tokens = slip.tokens
    whole = Span(tokens.source, tokens.starts[slip.first], tokens.ends[slip.index - 1])
    if slip.opener == STRING and slip.index == slip.first + 1:
        return Problem(
            "NN101",
            "a text alone documents a file or a body, and stands first in it",
            whole,
            help="write a comment, with `#`",
        )
    return Problem("NN101", "this value is not used", whole, help=_use(slip, whole.text))


def _use(slip: Slip, written: str) -> str:
    """What was most likely meant by a value that stands alone."""
    kinds = slip.tokens.kinds
    second, third = kinds[slip.first + 1], kinds[min(slip.first + 2, slip.index)]
    if slip.is_sign(second, "=="):
        return "a name is bound with one `=`"
    if slip.is_sign(second, "<") and slip.is_sign(third, "-"):
        return "a name is bound with `=`"
    if slip.is_sign(second, ":"):
        name = slip.text(slip.first)
        if slip.in_settings():
            return f"a setting is written with `=`: `{name} = …`"
        return f"a name is bound with `=`, `{name} = …`; a label stands after an arrow"
    if ".append(" in written:
        name, _, item = written.partition(".append(")
        item = item[:-1] if item.endswith(")") and "\n" not in item and len(item) <= 60 else "…"
        return f"bind the whole again: `{name} = {name} + [{item}]`"
    if written.startswith("super("):
        return "there are no classes here: delete this line"
    if any(
        word in written for word in (".compile(", ".fit(", ".summary(", ".evaluate(", ".predict(")
    ):
        return "a train part says how it is trained: `train Net on Digits:`; `nnspec train` does it"
    if any(
        word in written for word in (".backward(", ".step(", ".zero_grad(", ".train(", ".eval(")
    ):
        return "delete this line: `nnspec train` has the loop"
    if written.startswith("torch.save("):
        return "delete this line: the run folder of `nnspec train` has the weights"
    if written.startswith(("nn.init.", "init.", "torch.nn.init.")):
        return "a layer says how it begins where it is used: `conv2d(64, 3, init=[weight: kaiming_normal])`"
    if slip.is_sign(slip.opener, "+", "-"):
        return "to go on with the line before, put both in parentheses"
    if not slip.around():
        return OUTSIDE
    return "bind it to a name, `x = …`, or return it, `return …`"


def imports(slip: Slip) -> Problem | None:
    tokens = slip.tokens
    if slip.text(slip.first) == "from" and slip.is_sign(tokens.kinds[slip.first + 1], "."):
        return slip.problem(
            "a file is named in quotes", 'write `from "blocks.nn" import Block`', slip.first + 1
        )
    if slip.opener != SOFT_WORDS["from"] or slip.text(slip.index) != "import":
        return None
    after = slip.text(slip.index + 1)
    if after == "*":
        return slip.problem(
            "what is taken is named", "write `import ResNet, Bottleneck`", at=slip.index + 1
        )
    if after == "(":
        return slip.problem(
            "the names stand without brackets", "write `import A, B`", at=slip.index + 1
        )
    return slip.problem("no name follows this `import`", "write `from zoo.resnet import ResNet`")


def missing_end_of_header(slip: Slip) -> Problem | None:
    if slip.kind != NEWLINE:
        return None
    if slip.opener in HEADERS and slip.expects(":"):
        sign = "`:` or `=`" if slip.expects("=") else "`:`"
        start = slip.tokens.starts[slip.first]
        line = slip.tokens.source.text[start : slip.tokens.starts[slip.index]]
        short = "\n" not in line and len(line) <= 60
        help = f"write `{line}:`" if short else ""
        return slip.problem(f"{sign} is missing at the end of this line", help)
    if slip.is_sign(slip.opener, "return") and slip.index == slip.first + 1:
        return slip.problem("`return` needs a value", "write `return x`")
    return None


def wrong_equals(slip: Slip) -> Problem | None:
    if not slip.is_sign(slip.kind, "="):
        return None
    if slip.opener in HEADERS and not slip.inside_brackets():
        return slip.problem("`=` binds a name, it does not compare", "write `==`")
    if slip.inside_brackets():
        return slip.problem(
            "`=` has no meaning here",
            "equality is `==`; a key in a list is written with `:`, as in `[train: 0.8]`",
        )
    if any(slip.is_sign(kind, "=") for kind in slip.tokens.kinds[slip.first : slip.index]):
        return slip.problem("a statement has one `=`", "write two statements; equality is `==`")
    return None
