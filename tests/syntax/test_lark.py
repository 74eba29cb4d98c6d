"""The parser agrees with Lark on what is right and on its tree, and its table is the grammar's."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import lark
import pytest
from hypothesis import given, settings

from nnspec.diagnostics import Problem
from nnspec.source import Source
from nnspec.syntax import generate
from nnspec.syntax.build import Builder
from nnspec.syntax.parser import parse
from nnspec.syntax.table import RULES

from .reading import ROOT, SPECS, mutated, soups


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
