"""The parser: it agrees with Lark, reads the whole language page, and says well what is wrong."""

from __future__ import annotations

import gc
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import lark
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnspec.diagnostics import Problem
from nnspec.records import Record
from nnspec.source import Source, Span
from nnspec.syntax import generate
from nnspec.syntax.build import Builder
from nnspec.syntax.fields import fields
from nnspec.syntax.parser import parse, parse_expression
from nnspec.syntax.table import RULES
from nnspec.syntax.tree import (
    Assign,
    BlockDef,
    Conditional,
    Expr,
    GlobalAssign,
    KeyedList,
    Module,
    Name,
    Pipeline,
    Return,
    String,
    Tree,
    TupleExpr,
)

ROOT = Path(__file__).resolve().parents[1]
LANGUAGE = sorted((ROOT / "tests" / "cases" / "language").glob("*.nn"))
SPECS = LANGUAGE + sorted((ROOT / "specs").glob("*.nn"))
HEAD = "model A:\n    input x: [N]\n"


def read(text: str) -> Module:
    """A text that must be right."""
    module, problems = parse(Source(text, "test.nn"))
    assert not problems, [
        (problem.code, problem.message, str(problem.span)) for problem in problems
    ]
    return module


def value(text: str) -> Expr:
    (part,) = read(f"it = {text}\n").parts
    assert isinstance(part, GlobalAssign)
    return part.value


def wrong(text: str) -> list[Problem]:
    return parse(Source(text, "test.nn"))[1]


def plain(node: object) -> Any:
    """A tree without its spans, as nested tuples that begin with the class."""
    if isinstance(node, Record):
        shown = [getattr(node, field) for field in node._fields if not field.endswith("span")]
        return (type(node).__name__, *map(plain, shown))
    if isinstance(node, tuple):
        return tuple(map(plain, node))
    return node


def nodes(root: object) -> Iterator[Tree]:
    work = [root]
    while work:
        node = work.pop()
        if isinstance(node, tuple):
            work.extend(node)
        elif isinstance(node, Tree):
            yield node
            work.extend(getattr(node, field) for field in node._fields)


# -- Lark, the reference ---------------------------------------------------------------------------


class PlacedIndenter(generate.NewlineIndenter):
    """Puts line ends and dedents where the lexer puts them: at the end of the last token before."""

    def process(self, stream: Iterator[lark.Token]) -> Iterator[lark.Token]:
        end = 0
        for token in super().process(stream):
            if token.type in ("_NL", "_DEDENT"):
                token.start_pos = token.end_pos = end
            else:
                end = token.end_pos
            yield token


class Reference:
    """Lark's own lexer and parser, with nnspec's builder called on each of its reductions."""

    def __init__(self) -> None:
        self.lark = lark.Lark(
            generate.GRAMMAR.read_text(encoding="utf-8"),
            parser="lalr",
            postlex=PlacedIndenter(),
            start=["start", "expression"],
            maybe_placeholders=True,
        )
        self.parser = self.lark.parser.parser.parser
        self.builder = Builder(Source("", ""), [], [])
        self.parser.callbacks = {rule: self.callback(rule) for rule in self.lark.rules}

    def callback(self, rule: Any) -> Any:
        children_of = generate.recipe(rule)
        name = generate.action_name(rule, children_of)

        def call(children: list[Any]) -> tuple[Any, int, int]:
            placed = [self.placed(child) for child in children]
            start = placed[0][1] if placed else 0
            end = placed[-1][2] if placed else 0
            kept = [None if child < 0 else placed[child][0] for child in children_of]
            made = getattr(self.builder, name)(start, end, *kept) if name else kept[0]
            return made, start, end

        return call

    def placed(self, child: Any) -> tuple[Any, int, int]:
        if isinstance(child, lark.Token):
            self.builder.starts.append(child.start_pos)
            self.builder.ends.append(child.end_pos)
            return len(self.builder.starts) - 1, child.start_pos, child.end_pos
        return child  # type: ignore[no-any-return]

    def parse(self, source: Source) -> tuple[Any, list[Problem]]:
        """What `Builder.start` makes of Lark's derivation; raises what Lark raises."""
        self.builder.__init__(source, [], [])  # type: ignore[misc]
        self.builder.empty_bodies = 0
        made, _, _ = self.lark.parse(source.text + "\n", start="start")
        return made, self.builder.problems


@pytest.fixture(scope="module")
def reference() -> Reference:
    return Reference()


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_lark_derives_the_same_tree(path: Path, reference: Reference) -> None:
    source = Source(path.read_text(encoding="utf-8"), path.name)
    module, problems = parse(source)
    assert problems == []
    assert module.parts
    assert reference.parse(source) == ((module.doc, module.parts), [])


def test_the_committed_table_is_that_of_the_grammar() -> None:
    assert generate.TABLE.read_text(encoding="utf-8") == generate.generate()


def test_the_table_does_not_depend_on_the_order_of_sets() -> None:
    command = "import nnspec.syntax.generate as g; print(g.generate())"
    texts = {
        subprocess.run(
            [sys.executable, "-c", command],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(texts) == 1


def test_each_production_has_its_method() -> None:
    assert [method for _, _, method, _ in RULES if method and not hasattr(Builder, method)] == []


def test_parsing_needs_no_lark() -> None:
    command = (
        "import sys; from nnspec.syntax.parser import parse; from nnspec.source import Source;"
        "parse(Source('x = 1', 'a')); print('lark' in sys.modules)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", command],
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.strip() == "False"


WORDS = [
    *[
        "(",
        ")",
        "[",
        "]",
        ",",
        ":",
        "=",
        "==",
        "->",
        "+",
        "-",
        "*",
        "**",
        "/",
        "@",
        ".",
        "...",
        "<",
        "in",
        "not",
        "and",
        "or",
        "if",
        "else",
        "for",
    ],
    *[
        "elif",
        "return",
        "assert",
        "model",
        "block",
        "fn",
        "extern",
        "data",
        "train",
        "input",
        "layer",
        "param",
        "buffer",
        "from",
    ],
    *["import", "as", "on", "x", "y", "conv1", "true", "none", "3", "4.5", ".5"],
    *['"s"', "'t{i}'", "\n", "\n    ", "\n        ", "\n    -> ", "# c", "\r\n"],
]
TEXTS = [path.read_text(encoding="utf-8") for path in LANGUAGE]


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A piece of a right spec with a few words put in, taken out or exchanged."""
    text = draw(st.sampled_from(TEXTS))
    lines = text.splitlines(keepends=True)
    start = draw(st.integers(0, len(lines) - 1))
    text = "".join(lines[start : start + draw(st.integers(1, 30))])
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(text)))
        length = draw(st.integers(0, 6))
        text = text[:at] + draw(st.sampled_from(["", " ", *WORDS])) + text[at + length :]
    return text


soups = st.lists(st.sampled_from(WORDS), max_size=40).map(" ".join)


def agrees(text: str, reference: Reference) -> None:
    """Lark and the driver accept the same texts, and then make the same trees."""
    source = Source("\n" + text, "fuzz.nn")  # the Indenter measures lines after a line end only
    module, problems = parse(source)
    try:
        made, found = reference.parse(source)
    except (lark.exceptions.LarkError, AssertionError):  # the Indenter asserts that brackets match
        assert problems, text
    else:
        assert (module.doc, module.parts) == made
        assert sorted(map(str, problems)) == sorted(map(str, found))


@settings(max_examples=300, deadline=None)
@given(mutated())
def test_mutated_specs_agree_with_lark(reference: Reference, text: str) -> None:
    agrees(text, reference)


@settings(max_examples=300, deadline=None)
@given(soups)
def test_word_soups_agree_with_lark(reference: Reference, text: str) -> None:
    agrees(text, reference)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(), mutated(), soups, st.text("()[]\"'\\\n\t #->=:x1{“ ")))
def test_nothing_raises_and_every_place_lies_in_the_text(text: str) -> None:
    source = Source(text, "fuzz.nn")
    module, problems = parse(source)
    spans = [node.span for node in nodes(module.parts)]
    for problem in problems:
        assert problem.span is not None
        spans += [problem.span, *(label.span for label in problem.labels)]
    assert all(0 <= span.start <= span.end <= len(text) for span in spans)
    parse_expression(source)


# -- the language ----------------------------------------------------------------------------------


def name(word: str) -> tuple[str, str]:
    return ("Name", word)


def test_the_conditional_is_weaker_than_the_arrow() -> None:
    expression = value("x if c else x -> shortcut: conv2d(k, 1)")
    assert isinstance(expression, Conditional)
    assert plain(expression.then) == name("x")
    assert isinstance(expression.otherwise, Pipeline)
    assert expression.otherwise.span.text == "x -> shortcut: conv2d(k, 1)"


@pytest.mark.parametrize(
    ("text", "grouped"),
    [
        ("a + b * c", "a + (b * c)"),
        ("a - b - c", "(a - b) - c"),
        ("2 ** 3 ** 2", "2 ** (3 ** 2)"),
        ("-x ** 2", "-(x ** 2)"),
        ("2 ** -x", "2 ** (-x)"),
        ("-x * y", "(-x) * y"),
        ("a @ b // c % d", "((a @ b) // c) % d"),
        ("not a == b", "not (a == b)"),
        ("a or b and not c", "a or (b and (not c))"),
        ("a + b -> relu", "(a + b) -> relu"),
        ("a or b -> f: c or d", "(a or b) -> f: (c or d)"),
        ("a if b else c if d else e", "a if b else (c if d else e)"),
        ("a < b + c", "a < (b + c)"),
        ("x.y[0](z)", "((x.y)[0])(z)"),
        ("-f(x) ** g.h", "-((f(x)) ** (g.h))"),
    ],
)
def test_precedence(text: str, grouped: str) -> None:
    assert plain(value(text)) == plain(value(grouped))


def test_comparisons_chain() -> None:
    assert plain(value("a < b <= c not in d")) == (
        "Compare",
        name("a"),
        (("<", name("b")), ("<=", name("c")), ("not in", name("d"))),
    )


def test_slices() -> None:
    one = ("Number", 1)
    index = plain(value("x[:, 1, ..., 1:, :1, ::1, 1:1:1]"))
    assert index[2] == (
        ("Slice", None, None, None),
        one,
        ("Constant", ...),
        ("Slice", one, None, None),
        ("Slice", None, one, None),
        ("Slice", None, None, one),
        ("Slice", one, one, one),
    )


def test_commas_at_the_end_in_brackets() -> None:
    assert plain(value("f(a, b=1,)[c,][1,]")) == plain(value("f(a, b=1)[c][1]"))
    assert plain(value("[a, b,]")) == plain(value("[a, b]"))
    assert plain(value("(a, b,)")) == plain(value("(a, b)"))
    assert plain(value("(a)")) == name("a")
    assert plain(value("(a,)")) == ("TupleExpr", (name("a"),))
    signatures = [read(f"block A(a: int, b=2{comma}) = c\n").parts for comma in ("", ",")]
    assert plain(signatures[0]) == plain(signatures[1])


def test_labels() -> None:
    pipeline = value('x -> a: f -> b.c: g -> d[i].e: h -> "l{i + 1}": k -> l')
    assert isinstance(pipeline, Pipeline)
    labels = [stage.label and plain(stage.label)[1] for stage in pipeline.stages]
    assert labels == [
        None,
        ("a",),
        ("b", "c"),
        ("d", name("i"), "e"),
        (("String", "l{i + 1}"),),
        None,
    ]


def test_keyed_lists() -> None:
    keyed = value("[a: 1, b: x -> f: y, c: 1 if d else 2]")
    assert isinstance(keyed, KeyedList)
    assert [key.id for key, _ in keyed.items] == ["a", "b", "c"]
    assert [each.span.text for _, each in keyed.items] == ["1", "x -> f: y", "1 if d else 2"]
    assert not isinstance(value("[(a: 1)]"), KeyedList)


def test_returns() -> None:
    text = HEAD + "    return y: [N], i: i64[N], a, b = x -> f, x -> fc: f, x -> f, (z: [N])\n"
    (model,) = read(text).parts
    assert isinstance(model, BlockDef)
    back = model.body[-1]
    assert isinstance(back, Return)
    found = [
        (item.name, item.value.span.text, item.shape and item.shape.span.text)
        for item in back.items
    ]
    assert found == [
        ("y", "y", "[N]"),
        ("i", "i", "i64[N]"),
        (None, "a", None),
        ("b", "x -> f", None),
        (None, "x -> fc: f", None),
        (None, "x -> f", None),
        (None, "(z: [N])", None),
    ]
    together, apart = (read(HEAD + f"    return {items}\n") for items in ("(a, b)", "a, b"))
    assert plain(together.parts) == plain(apart.parts)


def test_targets() -> None:
    text = HEAD + "    a, (b, c) = x\n    h: [N, D] = x\n"
    text += "    for i, (n, m) in y:\n        z = i\n    return x\n"
    (model,) = read(text).parts
    assert isinstance(model, BlockDef)
    assert plain(model.body[1])[1][2][0] == ("Target", "a", ())
    assert plain(model.body[1])[1][2][1][2] == (("Target", "b", ()), ("Target", "c", ()))
    assert plain(model.body[2])[1:3] == (
        ("Target", "h", ()),
        ("ListExpr", (name("N"), name("D"))),
    )
    assert len(plain(model.body[3])[1][2]) == 2


def test_words_that_open_a_statement_are_names_elsewhere() -> None:
    words = [
        "model",
        "block",
        "fn",
        "extern",
        "data",
        "train",
        "input",
        "layer",
        "param",
        "buffer",
        "from",
        "import",
        "as",
        "on",
    ]
    for word in words:
        body = (
            f"    {word} = 3\n    y = {word} -> relu\n    {word}: [N] = x\n"
            f"    x = {word}.{word}({word}={word}) if {word} else {word}[{word}]\n"
            f"    for {word} in {word}:\n        a, {word} = {word}\n"
            f"    {word}, b = [{word}: {word}]\n    return {word}\n"
        )
        read(HEAD + body)
        read(f"{word} = 1\nmodel {word}({word}: {word} = {word}) = {word}\n")
        read(f"from {word}.{word} import {word} as {word}, {word}\n")
        read(f"data {word}:\n    {word}.{word} = {word}\n    {word} = 3\n")
        read(f"train {word} on {word}:\n    {word} = 3\n")
        read(
            f"model A:\n    input {word}: [{word}]\n    layer {word} = {word}\n    return {word}\n"
        )


def test_lines_go_on() -> None:
    text = """
y = x
    -> a   # one

  # two
-> b
        -> c(
  1,
# three

2)
z = (1 +
2)
"""
    first, second = read(text).parts
    assert plain(first) == plain(read("y = x -> a -> b -> c(1, 2)\n").parts[0])
    assert plain(second) == plain(read("z = 1 + 2").parts[0])
    for ending in ("\n", "\r\n"):
        comments = read(text.replace("\n", ending)).comments
        assert list(comments.values()) == ["# one", "# two", "# three"]
        assert all(text.replace("\n", ending).startswith("#", at) for at in comments)


def test_values_on_the_next_line() -> None:
    for text in ("block A(x) =\n    f -> g\n", "fn f(x) =\n  x + 1\n", "W =\n    [1,\n2]\n"):
        joined = text.replace("=\n", "=", 1)
        assert plain(read(text).parts) == plain(read(joined).parts)


def test_line_ends_and_byte_order_mark() -> None:
    text = TEXTS[0]
    assert plain(read(text.replace("\n", "\r\n")).parts) == plain(read(text).parts)
    assert plain(read("\ufeff" + text).parts) == plain(read(text).parts)
    assert plain(read(text.rstrip("\n")).parts) == plain(read(text).parts)
    assert read("").parts == read("\n\n   \n# only\n    # comments").parts == ()


def test_documentation() -> None:
    module = read('"""A file.\n\n    Indented.\n"""\nblock A:\n    "A block."\n    return x\n')
    assert module.doc == "A file.\n\nIndented."
    (block,) = module.parts
    assert isinstance(block, BlockDef)
    assert (block.doc, len(block.body)) == ("A block.", 1)


def test_literals() -> None:
    for text in ("12", "1_000", "3e-4", "2.5", ".5", "1.", "1_0.2_5e3", "007"):
        assert plain(value(text)) == ("Number", float(text) if set(text) & set(".e") else int(text))
    for text in (r'"a\n\t\"\\"', r"'\x41\u00e9\'\0'", '"""two\nlines "quoted" \\""""', "''", '""'):
        assert plain(value(text)) == ("String", eval(text))


def test_spans() -> None:
    text = "model A(p: int = 3, q):  # c\n    input x: i64[N]\n"
    text += "    y = (x + 1) * f(x, k=-2) -> l[0]: g\n"
    text += "    if a < b:\n        y = 2\n\n    # end\n    return o = (y -> h)  # c\n\nK = 3\n"
    module = read(text)
    spans = {node.span.text for node in nodes(module.parts)}
    for part in (
        "p: int = 3",
        "q",
        "input x: i64[N]",
        "i64[N]",
        "y = (x + 1) * f(x, k=-2) -> l[0]: g",
        "(x + 1) * f(x, k=-2)",
        "x + 1",
        "k=-2",
        "-2",
        "l[0]: g",
        "l[0]",
        "if a < b:\n        y = 2",
        "a < b",
        "y = 2",
        "return o = (y -> h)",
        "o = (y -> h)",
        "(y -> h)",
        "K = 3",
        text[: text.index("  # c\n\nK")],
    ):
        assert part in spans
    assert all(span == span.strip() for span in spans)


def test_fields_of_strings() -> None:
    text = 'it = "a{i + 1}\\n{{b}}{j}"'
    (part,) = read(text).parts
    assert isinstance(part, GlobalAssign)
    assert isinstance(part.value, String)
    pieces, problems = fields(part.value)
    assert problems == []
    shown = [piece if isinstance(piece, str) else piece.span.text for piece in pieces]
    assert shown == ["a", "i + 1", "\n{b}", "j"]
    assert isinstance(pieces[1], Expr)
    assert pieces[1].span.start == text.index("i + 1")
    for bad, code, place in (("{i", "NN104", "{"), ("a}", "NN104", "}"), ("{a b}", "NN101", "b")):
        string = value(f'"{bad}"')
        assert isinstance(string, String)
        (problem,) = fields(string)[1]
        assert problem.span is not None
        assert (problem.code, problem.span.text) == (code, place)


def test_lone_expressions() -> None:
    expression, problems = parse_expression(Source("adamw(\nlr=1e-2)", "argument"))
    assert problems == []
    assert expression is not None
    assert expression.span.text == "adamw(\nlr=1e-2)"
    for text in ("", "a b", "a +", "a = 3", "f(", "'", "x: "):
        expression, problems = parse_expression(Source(text, "argument"))
        assert expression is None
        assert len(problems) == 1, text


# -- problems --------------------------------------------------------------------------------------

# (the text, after HEAD where it is indented; then code, underlined text and words for each problem)
PROBLEMS: list[tuple[str, list[tuple[str, str, str]]]] = [
    # one line
    ("    y x\n", [("NN101", "x", "found the name `x`")]),
    ("    y = 3 4\n", [("NN101", "4", "found the number `4`")]),
    ("    y = f(a b)\n", [("NN101", "b", "`,` is missing before the name `b`")]),
    ("    y = x +\n", [("NN101", "+", "nothing follows this `+`")]),
    ("    y = x ->\n        relu\n", [("NN101", "->", "the next line begins with `->`")]),
    ("    y = x ->\n        relu ->\n        relu\n", [("NN101", "->", "nothing follows")]),
    ("    y =\n    z = 3\n", [("NN101", "=", "nothing follows this `=`")]),
    ("    y = z = 3\n", [("NN101", "=", "one `=`")]),
    ("    y = x if c\n", [("NN101", "", "expected `else`")]),
    ("    y = a: b: c\n", [("NN101", ":", "one label")]),
    ("    y = x -> 3 + 4: relu\n", [("NN101", "3 + 4", "is no label")]),
    ("    y = features.0\n", [("NN101", ".0", "`[0]`")]),
    ("    y = [a: 1, 2]\n", [("NN101", "2", "has no key")]),
    ("    y = [a = 1]\n", [("NN101", "=", "written with `:`")]),
    ("    y = f(a.b = 1)\n", [("NN101", "a.b", "name of an argument")]),
    ("    y = f(i for i in z)\n", [("NN101", "for", "square brackets")]),
    ("    y = in\n", [("NN101", "in", "cannot be a name")]),
    ("    y = ()\n", [("NN101", ")", "expected a value, found `)`")]),
    ("    x -> relu\n", [("NN101", "x -> relu", "not used")]),
    ("    y == 3\n", [("NN101", "y == 3", "one `=`")]),
    ("    'text'\n", [("NN101", "'text'", "stands first")]),
    ("    a.b = 3\n", [("NN101", "a.b", "only names")]),
    ("    a[0] = 3\n", [("NN101", "a[0]", "only names")]),
    ("    y: int = 3\n", [("NN101", "int", "is no shape")]),
    ("    return\n", [("NN101", "", "`return` needs a value")]),
    ("    input z: N\n", [("NN101", "N", "is no shape")]),
    ("    input z\n", [("NN101", "", "expected a shape after `input z`")]),
    ("    input in: [N]\n", [("NN101", "input", "`in` is none")]),
    # bodies
    ("    if x\n        y = 3\n    else\n        y = 4\n",
     [("NN101", "", "`:` is missing"), ("NN101", "", "`:` is missing")]),
    ("    if x = 3:\n        y = 3\n    elif z:\n        y = 4\n", [("NN101", "=", "`==`")]),
    ("    if x:\n    y = 3\n    else:\n        y = 4\n", [("NN101", ":", "nothing is indented")]),
    ("    if x: y = 3\n", [("NN101", "y", "lines of its own")]),
    ("    if x:\n        y = 1\n    else if z:\n        y = 2\n", [("NN101", "else", "`elif`")]),
    ("    else:\n        y = 3\n", [("NN101", "else", "has no `if`")]),
    ("    for i range(3):\n        y = 3\n", [("NN101", "range", "`in`")]),
    ("    model B:\n        return x\n", [("NN101", "model", "top level")]),
    ("input x: [N]\n", [("NN101", "input", "in the body of a block or model")]),
    ("model A:\nmodel B = C\n", [("NN101", ":", "nothing is indented")]),
    ("model A\n    return x\n", [("NN101", "", "`:` or `=` is missing")]),
    ("model:\n    return x\n", [("NN101", "model", "followed by a name")]),
    ("data D:\n    if x:\n        y = 3\n    z = 3\n", [("NN101", "if", "data or train part")]),
    ("data D\n    a.b = 3\n", [("NN101", "", "`:` is missing")]),
    ("train A:\n    a.b = 3\n", [("NN101", ":", "expected `on`")]),
    ("block A =\n    x\n    y = 3\n", [("NN101", "y", "one expression")]),
    ("extern A = 'a:b':\n    y = 3\n", [("NN101", "y = 3", "only declares")]),
    ("from a import\n", [("NN101", "import", "no name follows")]),
    ("-> x\n", [("NN101", "->", "nothing before")]),
    # other languages
    ("    y := 3\n", [("NN101", ":=", "write `=`")]),
    ("    y += 3\n", [("NN101", "+=", "`x = x + …`")]),
    ("    y = a && b\n", [("NN101", "&&", "write `and`")]),
    ("    y = a || b\n", [("NN101", "||", "write `or`")]),
    ("    y = !a\n", [("NN106", "!", "`not x`")]),
    ("    y = lambda x: 3\n", [("NN101", "lambda", "`fn name(x) = …`")]),
    ("    y = x is none\n", [("NN101", "is", "write `==`")]),
    ("    while x:\n        y = 3\n", [("NN101", "while", "`for i in range(n):`")]),
    ("    pass\n", [("NN101", "pass", "no word of this language")]),
    ("def f(x):\n    return x\n", [("NN101", "def", "`fn name(…) = …`")]),
    ("class A(x):\n    y = 3\n", [("NN101", "class", "`block Name(…):`")]),
    ("import torch\n", [("NN101", "import", "`from zoo.resnet import A`")]),
    ("modle A:\n    return x\n", [("NN101", "modle", "did you mean `model`?")]),
    # characters, strings, numbers
    ("    y = x → relu\n", [("NN106", "→", "write `->`")]),
    ("    y = “text”\n", [("NN106", "“", "straight quotes")]),
    ("    y = {a: 1}\n", [("NN106", "{", "`[train: 0.8, val: 0.2]`")]),
    ("    größe = 3\n", [("NN106", "ö", "letters a to z")]),
    ("    y = \x00\n", [("NN106", "\x00", "U+0000")]),
    ("    y = 'a\n    z = 4 5\n", [("NN105", "'", "no end"), ("NN101", "5", "found")]),
    ('    y = f("a)\n    z = 4 5\n', [("NN105", '"', "no end"), ("NN101", "5", "found")]),
    ('    y = """a\n', [("NN105", '"""', "no end")]),
    ("    y = 'a\\d'\n", [("NN106", "\\d", "stands for no character")]),
    ("    y = 3x\n", [("NN101", "3x", "neither a number nor a name")]),
    ("    y = 1e999\n", [("NN108", "1e999", "too large")]),
    # brackets
    ("    y = f(a\n    z = 3\n", [("NN104", "(", "never closed")]),
    ("    y = f(a, [1, 2)\n    z = 3\n", [("NN104", ")", "`)` does not close `[`")]),
    ("    y = f(a,\n        b\n    return y\n", [("NN104", "(", "never closed")]),
    ("    y = f(a))\n    z = 3 4\n", [("NN104", ")", "closes nothing"), ("NN101", "4", "found")]),
    ("model A(x:\n    input y: [N]\n    return y z\n",
     [("NN104", "(", "never closed"), ("NN101", "z", "found")]),
    ("x = f(a,\ny = 3) + g(b\n", [("NN104", "(", "never closed")]),
    ("a = f(\nb = g(\nc = 3\n", [("NN104", "(", "never closed"), ("NN104", "(", "never closed")]),
    # indentation
    ("model A:\n\tinput x: [N]\n\treturn x\n", [("NN102", "\t", "spaces")]),
    ("      y = 3\n    z = 4\n", [("NN103", "      ", "opens no body")]),
    ("   y = 3\n   z = 4\n    return y z\n",
     [("NN103", "   ", "indented by 3"), ("NN101", "z", "found")]),
    ("a = 3\n    b = 4\nc = 5 6\n", [("NN103", "    ", "opens no body"), ("NN101", "6", "found")]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), PROBLEMS, ids=[text for text, _ in PROBLEMS])
def test_problems(text: str, expected: list[tuple[str, str, str]]) -> None:
    whole = HEAD + text if text.startswith(" ") else text
    problems = wrong(whole + "\nlast = 1\n")
    assert [problem.code for problem in problems] == [code for code, _, _ in expected]
    for problem, (_, place, words) in zip(problems, expected, strict=True):
        assert problem.span is not None
        assert problem.span.text == place
        assert words in f"{problem.message}\n{problem.help}"
    module, _ = parse(Source(whole + "\nlast = 1\n", "test.nn"))
    reached = plain(module.parts[-1:]) == (("GlobalAssign", ("Target", "last", ()), ("Number", 1)),)
    assert reached or '"""' in text


def test_no_message_speaks_of_terminals() -> None:
    for text, _ in PROBLEMS:
        for problem in wrong(HEAD + text):
            shown = f"{problem.message} {problem.help} {problem.label}"
            assert not any(word in shown for word in ("_NL", "_IN", "LPAR", "DEDENT", "$END"))


def test_the_other_bracket_is_shown() -> None:
    (problem,) = wrong("a = f(1, 2]\n")
    assert [label.span.text for label in problem.labels] == ["("]


def test_python_constants_are_names() -> None:
    assert [plain(value(word)) for word in ("True", "None")] == [name("True"), name("None")]


def test_the_rest_is_kept() -> None:
    module, problems = parse(
        Source("a = 1\nblock B:\n    x = 3 4\n    y = 5\n    return y\nblock C(\nd = 2\n", "t")
    )
    assert [problem.code for problem in problems] == ["NN101", "NN104"]
    shown = [
        (part.target.name if isinstance(part, GlobalAssign) else part.name)  # type: ignore[union-attr]
        for part in module.parts
    ]
    assert shown == ["a", "B", "d"]
    assert isinstance(module.parts[1], BlockDef)
    assert len(module.parts[1].body) == 2


# -- limits ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("y = " + "(" * 10_000 + "x" + ")" * 10_000, "NN107"),
        ("y = " + "[" * 201 + "]" * 201, "NN107"),
        ("y = " + "- " * 40_000 + "x", "NN107"),
        ("y = " + "not " * 20_000 + "x", "NN107"),
        ("y = " + "2 ** " * 15_000 + "x", "NN107"),
        ("y = " + "1 if a else " * 8_000 + "x", "NN107"),
        ("y = " + "x + " * 20_000 + "x", "NN107"),
        ("y = x" + ".a" * 40_000, "NN107"),
        ("y = x" + "()" * 40_000, "NN107"),
        ("y = " + "1" * 5_000, "NN108"),
        ("y = " + "1" * 101, "NN108"),
        ("y = " + "x + " * 300_000 + "x", "NN109"),
        ("# " + "x" * 1_000_000, "NN109"),
        ("x = 1\n" * 1_500_000, "NN110"),
        ("".join("    " * i + "if x:\n" for i in range(300)), "NN107"),
        ("y = f(\n" * 20_000, "NN104"),
        ("$" * 90_000, "NN106"),
    ],
)
def test_limits(text: str, code: str) -> None:
    start = time.perf_counter()
    problems = wrong(HEAD + "    return x\n" + text + "\n")
    assert time.perf_counter() - start < 2
    assert code in {problem.code for problem in problems}
    assert len(problems) <= 100


@pytest.mark.parametrize(
    "text",
    [
        "y = " + "(" * 200 + "x" + ")" * 200,
        "y = " + "[" * 198 + "]" * 198,
        "y = " + "1" * 100,
        "y = x" + " -> relu" * 10_000,
        "y = [" + "1, " * 30_000 + "]",
        "\n" * 1_000_000,
        "y = x -> conv1: conv2d(64, 3) -> relu\n" * 20_000,
    ],
)
def test_within_the_limits(text: str) -> None:
    start = time.perf_counter()
    read(text + "\n")
    assert time.perf_counter() - start < 10


def test_the_garbage_collector_is_left_as_it_was() -> None:
    assert gc.isenabled()
    read("x = 1")
    assert gc.isenabled()
    gc.disable()
    try:
        read("x = 1")
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_places_are_of_their_source() -> None:
    source = Source("a = (b, c)\n", "t")
    (part,) = parse(source)[0].parts
    assert isinstance(part, GlobalAssign)
    assert isinstance(part.value, TupleExpr)
    assert part.value.span == Span(source, 4, 10)
    assert [type(item) for item in part.value.items] == [Name, Name]
    assert not isinstance(part, Assign)
