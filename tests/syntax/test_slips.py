"""What people type who know Python, PyTorch, C or a Chinese keyboard: each slip is one message.

It stands at the right place, says what to type, speaks the user's words, and hides no other error: the
statement after each slip has one of its own, which is told, too, and nothing else is.
"""

from __future__ import annotations

import pytest

import nnspec
from nnspec.source import Source
from nnspec.syntax.parser import parse
from nnspec.syntax.table import TERMINALS

#: where the message is to stand; it is no part of the text
MARK = "¦"

# The lines of a model's body, and what the message or its help must say.
BODY: list[tuple[str, str]] = [
    # Python's statements
    ("¦def f(a):\n    b = a\n    return b", "`fn name(…) = …`"),
    ("¦class Net(nn.Module):\n    def __init__(self):\n        super().__init__()", "`block Name(…):`"),
    ("¦self.conv1 = conv2d(64, 3)", "`x -> conv1: conv2d(64, 3)`"),
    ("y = ¦lambda a: a + 1", "`fn name(x) = …`"),
    ("y = concat(¦lambda a: a, x)", "`fn name(x) = …`"),
    ("¦while N > 3:\n    x = relu(x)", "`for i in range(n):`"),
    ("¦with torch.no_grad():\n    y = x", "delete this line"),
    ("¦try:\n    y = x\nexcept Error:\n    y = x\nfinally:\n    y = x", "`assert condition, \"why\"`"),
    ("¦yield x", "`return logits: [N, classes]`"),
    ("¦del x", "delete this line"),
    ("¦pass", "cannot be empty"),
    ("if N == 3:\n    ¦pass\nelse:\n    y = x", "cannot be empty"),
    ("for i in range(3):\n    ¦break", "a loop runs to its end"),
    ("for i in range(3):\n    ¦continue", "under an `if`"),
    ("¦global a", "cannot be bound anew"),
    ("¦print(x)", "`nnspec check` shows every shape"),
    ("¦print \"hello\"", "`nnspec check` shows every shape"),
    ("¦raise ValueError('no')", "`assert condition, \"why\"`"),
    ("assert¦(N > 3, \"why\")", "`assert condition, \"why\"`"),
    ("assert N > 3 ¦\"why\"", "`,` is missing"),
    ("¦match N:\n    case 3:\n        y = x\n    case 4:\n        y = x", "`if` / `elif` / `else`"),
    ("y = ¦await x", "leave it out"),
    ("if (n ¦:= 3) > 2:\n    y = x", "write `=`"),
    ("h ¦+= x", "`h = h + x`"),
    ("h ¦*= 2 + n  # twice", "`h = h * (2 + n)`"),
    ("h ¦+= f(x) * g(x)", "`h = h + f(x) * g(x)`"),
    ("h ¦-= f(x) + g(x)", "`h = h - (f(x) + g(x))`"),
    ("h ¦+= x -> relu", "`h = h + (x -> relu)`"),
    ("h ¦+= concat(x,\n    x)", "`h = h + …`"),
    ("skips[0] ¦+= x", "`x = x + …`"),
    ("n ¦++", "`n = n + 1`"),
    ("y = x + ¦\\\n    x", "inside brackets"),
    ("y, ¦*w = x", "`a, b, c = …`"),
    ("¦skips[0] = x", "`skips = skips + [x]`"),
    ("¦skips.append(x)", "`skips = skips + [x]`"),
    ("¦skips.append(conv2d(64, 3))", "`skips = skips + [conv2d(64, 3)]`"),
    ("y = x -> conv2d(¦**options)", "`padding=1, bias=false`"),
    ("y = x -> ¦f\"conv{i}\": relu", "remove the `f`"),
    ("y = ¦r'conv'", "remove the `r`"),
    ("y = sum(i ¦for i in range(3))", "`[2 * i for i in range(n)]`"),
    ("y = [i if i > 3 ¦for i in range(9)]", "`[i for i in x if i > 3]`"),
    ("y = x if N == 3¦", "`a if condition else b`"),
    ("y: ¦Tensor = x", "`[N, 3, H, W]`"),
    ("¦y: relu(x)", "`y = …`"),
    ("y = x -> conv2d(64, ¦padding: 1)", "`padding=1`"),
    ("y = x(¦1:3)", "`x[1:3]`"),
    ("¦assert", "nothing follows"),
    ("return¦", "`return x`"),
    # conditions and loops
    ("if N ¦= 3:\n    y = x\nelse:\n    y = x", "write `==`"),
    ("if N == 3:\n    y = x\nelif N ¦= 4:\n    y = x", "write `==`"),
    ("¦elif N == 3:\n    y = x", "has no `if`"),
    ("if N == 3:\n    y = x\n¦else if N == 4:\n    y = x\nelse:\n    y = x", "write `elif`"),
    ("if N == 3:\n    y = x\n¦elseif N == 4:\n    y = x", "write `elif`"),
    ("if N == 3¦\n    y = x", "write `if N == 3:`"),
    ("if N == 3 ¦then\n    y = x", "ends with `:`"),
    ("if¦:\n    y = x", "has no condition"),
    ("if N == 3: ¦y = x", "begin a new line"),
    ("if N == 3¦:\ny = x", "indented by four spaces"),
    ("if N ¦is none:\n    y = x", "write `==`"),
    ("if N ¦is not none:\n    y = x", "write `!=`"),
    ("if N == 3:\n    y = x\n¦end", "where its indentation does"),
    ("for i = 0¦; i < 3; i++:\n    y = x", "`for i in range(n):`"),
    ("for (i = 0¦; i < 3; i++) {\n    y = x\n}", "`for i in range(n):`"),
    ("for ¦(i in range(3)):\n    y = x", "`for i in range(n):`"),
    ("for i ¦of range(3):\n    y = x", "`for i in range(n):`"),
    ("for i ¦range(3):\n    y = x", "expected `in`"),
    ("for i in range(3)¦\n    y = x", "`for i in range(3):`"),
    # arrows and labels
    ("y = x ¦->\n    relu ->\n    linear(3)", "the next line begins with `->`"),
    ("y = x ¦->\nrelu", "the next line begins with `->`"),
    ("y = x\n    -> relu ¦->\n    -> linear(3)", "remove this one"),
    ("y = x -> relu ¦->", "nothing follows"),
    ("y = x -> ¦-> relu", "remove one of them"),
    ("y = ¦-> relu", "`x -> relu`"),
    ("y = x ¦=> relu", "the arrow is `->`"),
    ("y = x ¦|> relu", "the arrow is `->`"),
    ("y = x ¦>> relu", "the arrow is `->`"),
    ("y = x ¦| relu", "the arrow is `->`"),
    ("y = x ¦--> relu", "the arrow is `->`"),
    ("y = x ¦- > relu", "write `->`"),
    ("¦y <- x", "bound with `=`"),
    ("¦x -> relu", "`x = …`"),
    ("y = x -> conv1¦: -> relu", "`conv1: conv2d(64, 3)`"),
    ("y = x -> conv1¦:", "`conv1: conv2d(64, 3)`"),
    ("y = x -> conv1 ¦conv2d(64, 3)", "`conv1: conv2d`"),
    ("y = x -> conv1 ¦= conv2d(64, 3)", "write `conv1: …`"),
    ("y = x -> conv1: bn¦: relu", "one label"),
    ("y = x -> ¦conv-1: relu", "`features.norm0:`"),
    ("y = x -> conv¦.1: relu", "`[1]`"),
    # brackets, commas, numbers
    ("y = x -> conv2d¦(64, 3", "add the missing `)`"),
    ("y = concat¦(\n    x,\n    x,\nw = 3", "add the missing `)`"),
    ("y = concat([x, x¦)", "`]` is needed here"),
    ("y = x -> conv2d(64, 3)¦)", "closes nothing"),
    ("y = [x, x]¦]", "closes nothing"),
    ("y = x -> linear(8 // heads ¦bias=false)", "`,` is missing"),
    ("y = x -> conv2d(64 ¦3)", "`,` is missing"),
    ("y = x -> conv2d(64, 3 ¦padding=1)", "`,` is missing"),
    ("y = [1, ¦, 3]", "a value is missing"),
    ("y = concat(¦, x)", "remove the `,`"),
    ("y¦, = x", "a name is missing"),
    ("y = x -> conv2d(64, ¦3x3)", "`[3, 3]`"),
    ("y = x -> linear(¦4C)", "`4 * C`"),
    ("y = x -> linear(¦0x10)", "write `16`"),
    ("y = [train: 80¦%, val: 20%]", "`0.8`"),
    ("y = ¦{'a': 1, 'b': 2}", "`[train: 0.8, val: 0.2]`"),
    ("y = ¦{\n    'a': 1,\n    'b': 2,\n}", "`[train: 0.8, val: 0.2]`"),
    ("y = [¦'a': 1, 'b': 2]", "write `a: 1`"),
    ("y = w ¦= x", "write two statements"),
    ("y ¦=\nw = x", "write the value after it"),
    ("y = x\n    ¦+ x", "put the whole in parentheses"),
    ("y = x\n    ¦.relu()", "put the whole in parentheses"),
    # signs of other languages
    ("if N > 3 ¦&& N < 5:\n    y = x", "write `and`"),
    ("if N > 3 ¦|| N < 5:\n    y = x", "write `or`"),
    ("if ¦!a:\n    y = x", "`not x`"),
    ("y = N > 3 ¦? x : x", "`a if condition else b`"),
    ("y = 2 ¦^ 3", "`**`"),
    ("y = x -> relu¦;", "a line of its own"),
    ("y = x¦; w = x", "a line of its own"),
    ("y = x ¦// the first layer", "begins with `#`"),
    ("¦// the first layer\ny = x", "begins with `#`"),
    ("y = x\n    ¦// it's 3x3\n    -> relu", "begins with `#`"),
    ("¦/* the first\n layer */\ny = x", "begins with `#`"),
    ("y = x ¦/* the first */ -> relu", "begins with `#`"),
    ("if N == 3 ¦{\n    y = x\n}", "ends with `:`"),
    # texts
    ("y = x -> rearrange(¦'n c -> c n)", "close it with '"),
    ("y = x -> rearrange(¦\"n c -> c n)", 'close it with "'),
    ("y = don¦'t", "close it with '"),
    ('¦"""What follows\n    is x.', 'close it with """'),
    ("¦'a text'", "with `#`"),
    # other keyboards
    ("y = x -> rearrange(¦“n (c h) -> (h c) n”)", 'straight quotes: "text"'),
    ("y = x -> rearrange(¦‘n c -> c n’)", "straight quotes: 'text'"),
    ("y = x ¦− 1", "write `-`"),
    ("y = x ¦→ relu", "write `->`"),
    ("y = x -> conv2d¦（64，3）", "write `(`, `,` and `)`"),
    ("y = x -> conv2d(64¦，3)", "write `,`"),
    ("y = x -> conv2d¦（64, 3)", "write `(`"),
    ("if N == 3¦：\n    y = x", "write `:`"),
    ("y ¦＝ ［1、2］", "write `=`, `[`, `,` and `]`"),
    ("y = ¦图像", "letters a to z"),
    ("y = x¦\u00a0+ 1", "delete it"),
]  # fmt: skip

# The lines of a file.
TOP: list[tuple[str, str]] = [
    ("model M()¦\n    input x: [N]\n    return x", "write `model M():`"),
    ("model M¦\n    input x: [N]\n    return x", "write `model M:`"),
    ("model M()¦：\n    input x: [N]\n    return x", "write `:`"),
    ("model M() ¦{\n    input x: [N]\n    return x\n}", "ends with `:`"),
    ("model M(x: ¦[N, 8]):\n    return x", "`input x: [N, C]`"),
    ("¦model:\n    input x: [N]\n    return x", "`model Name:`"),
    ("model my¦-net:\n    input x: [N]\n    return x", "letters, digits and `_`"),
    ("model ¦'Net':\n    input x: [N]\n    return x", "write `model Net`"),
    ("model ¦3dnet:\n    input x: [N]\n    return x", "begins with a letter"),
    ("¦modle M:\n    input x: [N]\n    return x", "did you mean `model`?"),
    ("model M: ¦input x: [N]", "begin a new line"),
    ("model small ¦Net(3)", "`model small = Net(…)`"),
    ("model small: ¦Net(3)", "`model small = Net(…)`"),
    ("model M¦:\nmodel B = C", "nothing is indented"),
    ("¦def f(x: Tensor) -> Tensor:\n    return x", "`block Name(…):`"),
    ("¦class Net(nn.Module):\n    def forward(self, x):\n        return self.fc(x)", "`model Name(…):`"),
    ("¦@torch.no_grad()\nblock A:\n    input x: [N]\n    return x", "delete this line"),
    ("¦import torch.nn as nn", "without an import"),
    ("¦import blocks", "`from \"file.nn\" import A`"),
    ("from zoo.resnet import ¦*", "`import ResNet, Bottleneck`"),
    ("from 'a.nn' import ¦(A, B)", "`import A, B`"),
    ("from ¦.blocks import A", "`from \"blocks.nn\" import Block`"),
    ("block A(n: int) ¦-> Tensor:\n    input x: [N]\n    return x", "end it with `:`"),
    ("block A(n: int, ¦**kwargs):\n    input x: [N]\n    return x", "one by one"),
    ("block A(¦*args):\n    input x: [N]\n    return x", "`depths: list`"),
    ("block A(n: ¦Optional[int] = 3):\n    input x: [N]\n    return x", "`none` is allowed"),
    ("block A(n: int ¦| none = 3):\n    input x: [N]\n    return x", "`none` is allowed"),
    ("block A(n: int ¦m: int):\n    input x: [N]\n    return x", "`,` is missing"),
    ("block A(¦in: int):\n    input x: [N]\n    return x", "cannot be a name"),
    ("¦Dense(10)\nFlatten()\nDense(10)", "`model Name:`"),
    ("¦return x", "indent it"),
    ("¦input x: [N]", "indent it"),
    ("model M:\n    input x ¦[N, 8]\n    return x", "write `input x: [N, C]`"),
    ("model M:\n    input x ¦= [N, 8]\n    return x", "write `input x: [N, C]`"),
    ("model M:\n    ¦input: [N, 8]\n    return x", "write `input x: [N, C]`"),
    ("model M:\n    input x: ¦(N, 8)\n    return x", "write `[N, 8]`"),
    ("model M:\n    input x¦, y: [N, 8]\n    return x", "a line of its own"),
    ("model M:\n    input x: [N, 8]¦, y: [N, 8]\n    return x", "a line of its own"),
    ("model M:\n    input x: [N, 8] ¦= none\n    return x", "remove what follows"),
    ("model M:\n    ¦Input x: [N]\n    return x", "did you mean `input`?"),
    ("model M:\n    input x: [N]\n    ¦-> relu", "`y = x -> …`"),
    ("model M:\n    input x: [N]\n    layer e¦: linear(3)\n    return x", "`layer e = conv2d(64, 3)`"),
    ("model M:\n    input x: [N]\n    param w ¦= zeros\n    return x", "write `param w: [N, C]`"),
    ("model M:\n    input x: [N]\n    ¦block B = relu\n    return x", "no indentation"),
    ("model M:\n    input x: [N]\n    ¦from zoo.resnet import B\n    return x", "no indentation"),
    ("model M:\n¦\tinput x: [N]\n\treturn x", "four for each level"),
    ("model M:\n    input x: [N]\n¦\ty = x\n    return y", "four for each level"),
    ("model M:\n    input x: [N]\n    if N:\n        y = x\n¦      w = x\n    return x", "by 4 or by 8"),
    ("model M:\n    input x: [N]\n¦  return x", "by 0 or by 4"),
    ("model M:\n    input x: [N]\n¦        y = x\n    return y", "opens no body"),
    ("model M:\n    input x: [N]\n    y = x\n¦        y -> relu\n    return y", "opens no body"),
    ("extern A(n: int)¦:\n    input x: [N]\n    return [N]", '"package.module:Class"'),
    ("data D:\n    ¦source: digits()", "`source = …`"),
    ("data D:\n    source = digits()\n    split = [train ¦= 0.8]", "with `:`"),
    ("data D:\n    source = digits()\n    ¦if x:\n        seed = 3", "`name = value`"),
    ("train M¦:\n    epochs = 3", "`train M on Data:`"),
    ("train M ¦with D:\n    epochs = 3", "`train M on Data:`"),
    ('¦"""A file.\n\nmodel M():\n    input x: [N]\n    return x', 'close it with """'),
    ('block A:\n    ¦"""A.\n    input x: [N]\n    return x\nblock B:\n    """B."""\n    input x: [N]\n'
     "    return x", 'close it with """'),
    ("¦```nn\n", "delete this line"),
    ("¦{\n  \"name\": \"LeNet\",\n  \"layers\": []\n}", "`[train: 0.8, val: 0.2]`"),
    ("fn f(x: int) ¦-> int:\n    return x", "end it with `:`"),
    ("¦func f(x) = x", "`fn name(…) = …`"),
    ("¦Net(width: int = 3, depth: int = 4):\n    input x: [N]\n    return x", "write `model Net…:`"),
    ("¦Net:\n    input x: [N]\n    return x", "write `model Net…:`"),
    ("¦model (width: int = 3, depth: int = 4):\n    input x: [N]\n    return x", "`model Name:`"),
    ("block B(c: int)¦\n    conv2d(c, 3) -> relu", "`:` or `=`"),
    ("block B(c ¦int) =\n    conv2d(c, 3) -> relu", "`,` is missing"),
    ("¦let a = 3", "without a word before it"),
]  # fmt: skip

#: words of the parser that are none of the user's
_TERMINALS = {name for name in TERMINALS if len(name) > 3 and name.isupper()} | {"$END", "_NL"}


def in_a_body(lines: str) -> str:
    indented = "".join(f"    {line}\n" for line in lines.split("\n"))
    return f"model M():\n    input x: [N, 8]\n{indented}    z = 5 6\n    return z\n"


CASES = [(in_a_body(text), words) for text, words in BODY] + [
    (f"{text}\nlast = 5 6\n", words) for text, words in TOP
]


@pytest.mark.parametrize(
    ("marked", "words"), CASES, ids=[text for text, _ in BODY] + [text for text, _ in TOP]
)
def test_a_slip_is_one_message_and_hides_nothing(marked: str, words: str) -> None:
    assert marked.count(MARK) == 1
    before, after = marked.split(MARK)
    _, problems = parse(Source(before + after, "slip.nn"))
    places = [(p.span.line, p.span.column) for p in problems if p.span is not None]
    line = before.count("\n") + 1
    column = len(before) - before.rfind("\n")
    lines = (before + after).split("\n")
    last = next(number for number, text in enumerate(lines, 1) if text.endswith("= 5 6"))
    assert places == [(line, column), (last, lines[last - 1].index("6") + 1)]
    slip, other = problems
    assert words in f"{slip.message}\n{slip.label}\n{slip.help}"
    assert other.message.endswith("found the number `6`")
    said = f"{slip.message} {slip.label} {slip.help}"
    assert not [word for word in _TERMINALS if word in said.split()]


def test_there_are_many() -> None:
    assert len(CASES) > 150
    assert len({text for text, _ in CASES}) == len(CASES)


@pytest.mark.parametrize(
    ("written", "code", "words"),
    [
        ("y = ¦null", "NN200", "`none`"),
        ("y = ¦nil", "NN200", "`none`"),
        ("y = x -> dropout(¦None)", "NN200", "`none`"),
        ("y = ¦self.conv1(x)", "NN200", "conv1: conv2d"),
        ("y = x -> ¦Linear(5)", "NN200", "`linear`"),
        ("y = x.¦relu()", "NN209", "`x -> relu`"),
        ("y = x -> conv1: ¦3", "NN202", "the number 3"),
        ("y = x -> ¦[relu, tanh]", "NN202", "a list of 2"),
        ("y = x -> (¦relu, tanh)", "NN202", "`(a -> b)`"),
        ("y = x if ¦x > 0 else 0", "NN202", "`where(condition, a, b)`"),
        ("for i in ¦3:\n        y = x", "NN202", "`range(n)`"),
        ("input y: ¦float32[N, 8]", "NN200", "`f32`"),
    ],
)
def test_what_reads_well_and_means_nothing(written: str, code: str, words: str) -> None:
    """Slips that the syntax allows: they are told together with the next error of meaning."""
    marked = f"model M():\n    input x: [N, 8]\n    {written}\n    return x -> nosuch\n"
    before, after = marked.split(MARK)
    slip, other = nnspec.check_source(before + after, "slip.nn").diagnostics
    assert slip.span is not None
    assert (slip.code, slip.span.start) == (code, len(before))
    assert words in f"{slip.message}\n{slip.help}"
    assert other.message == "`nosuch` is not known here"
