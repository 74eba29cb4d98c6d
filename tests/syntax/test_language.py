"""What each piece of the syntax is read as."""

from __future__ import annotations

import pytest

from nnspec.source import Source, Span
from nnspec.syntax.fields import fields
from nnspec.syntax.parser import parse, parse_expression
from nnspec.syntax.tree import (
    Assign,
    BlockDef,
    Conditional,
    Expr,
    GlobalAssign,
    KeyedList,
    Name,
    Pipeline,
    Return,
    String,
    TupleExpr,
)

from .reading import HEAD, TEXTS, name, nodes, plain, read, value


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


def test_places_are_of_their_source() -> None:
    source = Source("a = (b, c)\n", "t")
    (part,) = parse(source)[0].parts
    assert isinstance(part, GlobalAssign)
    assert isinstance(part.value, TupleExpr)
    assert part.value.span == Span(source, 4, 10)
    assert [type(item) for item in part.value.items] == [Name, Name]
    assert not isinstance(part, Assign)
