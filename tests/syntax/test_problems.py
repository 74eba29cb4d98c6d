"""Where reading can stop: its code, what is underlined, what is said, and what is read on."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nnspec
from nnspec.source import Source
from nnspec.syntax.parser import parse, parse_expression
from nnspec.syntax.tree import BlockDef, GlobalAssign

from .reading import HEAD, mutated, name, nodes, plain, soups, value, wrong

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
    ("    y += 3\n", [("NN101", "+=", "`y = y + 3`")]),
    ("    y = a && b\n", [("NN101", "&&", "write `and`")]),
    ("    y = a || b\n", [("NN101", "||", "write `or`")]),
    ("    y = !a\n", [("NN106", "!", "`not x`")]),
    ("    y = lambda x: 3\n", [("NN101", "lambda", "`fn name(x) = …`")]),
    ("    y = x is none\n", [("NN101", "is", "write `==`")]),
    ("    while x:\n        y = 3\n", [("NN101", "while", "`for i in range(n):`")]),
    ("    pass\n", [("NN101", "pass", "no word of this language")]),
    ("def f(x):\n    return x\n", [("NN101", "def", "`fn name(…) = …`")]),
    ("class A(x):\n    y = 3\n", [("NN101", "class", "`block Name(…):`")]),
    ("import torch\n", [("NN101", "import", "without an import")]),
    ("import net\n", [("NN101", "import", "`from zoo.resnet import A`")]),
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


def test_what_an_extern_does_not_declare_is_told_once() -> None:
    text = "extern A = 'a:b':\n    input x: [N]\n    y = 3\n    return [N]\n"
    (problem,) = nnspec.check_source(text).diagnostics
    assert problem.span is not None
    assert problem.span.text == "y = 3"


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
