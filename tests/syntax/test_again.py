"""What is remembered of lines changes nothing: a text read again is read as it was the first time."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnspec.records import Record
from nnspec.source import Source, Span
from nnspec.syntax import alike, lines
from nnspec.syntax.parser import parse

from .reading import SPECS, TEXTS, mutated, soups


def forget() -> None:
    lines._lines.clear()
    alike._lines.clear()


def all_of(node: object) -> Any:
    """A tree with its spans, or a problem, as nested tuples."""
    if isinstance(node, Span):
        return node.start, node.end
    if isinstance(node, Record):
        return (type(node), *(all_of(getattr(node, field)) for field in node._fields))
    if isinstance(node, (tuple, list)):
        return tuple(map(all_of, node))
    return node


def what(text: str) -> Any:
    source = Source(text, "test.nn")
    module, problems = parse(source)
    return module.doc, all_of(module.parts), module.comments, all_of(problems)


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_a_file_again(path: Any) -> None:
    text = path.read_text(encoding="utf-8")
    forget()
    first = what(text)
    assert first[1] and not first[3]
    assert what(text) == first  # now lines are known by their kinds
    assert what(text) == first
    moved = "# moved\n\n" + text
    again = what(moved)
    forget()
    assert again == what(moved)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(mutated(), soups, st.sampled_from(TEXTS)), min_size=1, max_size=4))
def test_wrong_texts_again(texts: list[str]) -> None:
    """Each is read with all that is remembered of the others, and then with nothing remembered."""
    for text in texts * 3:
        known = what(text)
        kept = dict(lines._lines), dict(alike._lines)
        forget()
        assert what(text) == known
        lines._lines.update(kept[0])
        alike._lines.update(kept[1])


def test_memory_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MOST", 3)
    monkeypatch.setattr(alike, "MOST", 3)
    forget()
    for text in TEXTS:
        what(text)
        assert len(lines._lines) <= 3 and len(alike._lines) <= 3


def test_lines_of_the_same_kinds_are_taken_through_the_automaton_twice() -> None:
    forget()
    body = "".join(f"    h{i} = conv{i}(x, {i}) -> relu\n" for i in range(5))
    what(f"model A:\n    input x: [N]\n{body}    return x\n")
    known = [one for one in alike._lines.values() if isinstance(one, alike.Line)]
    (line,) = known
    assert [call[0].__name__ for call in line.calls][:2] == ["name", "name"]
