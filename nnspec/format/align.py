"""What stands in columns: the second arrows of a pipeline, the `=` of settings and presets, comments."""

from __future__ import annotations

import re

from nnspec.format.pieces import WIDTH

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from nnspec.format.layout import Line

_PRESET = re.compile(r"(model \w+) *= (?=\S)")
_SETTING = re.compile(r"( +[\w.]+) *= (?=\S)")
_HEADER = re.compile(r"(data|train) .*:$")


def aligned(lines: Sequence[Line]) -> Iterator[str]:
    """The texts of the lines, in columns where they are alike and next to each other."""
    _arrows(lines)
    _runs(lines, lambda line: not line.quoted and bool(_PRESET.match(line.text)), _PRESET)
    inside = False
    settings = set()
    for line in lines:
        if line.quoted:
            continue
        if line.level == 0 and line.text:
            inside = bool(_HEADER.match(line.text))
        elif inside and line.statement >= 0 and _SETTING.match(line.text):
            settings.add(id(line))
    _runs(lines, lambda line: id(line) in settings, _SETTING)
    _comments(lines)
    return (line.text for line in lines)


def _groups(lines: Sequence[Line], belongs: Callable[[Line], bool]) -> Iterator[list[Line]]:
    """Runs of neighbours."""
    run: list[Line] = []
    for line in lines:
        if belongs(line):
            run.append(line)
        elif run:
            yield run
            run = []
    if run:
        yield run


def _runs(lines: Sequence[Line], belongs: Callable[[Line], bool], sign: re.Pattern[str]) -> None:
    """Bring the `=` of neighbours into one column."""
    for run in _groups(lines, belongs):
        heads = [found[1] for line in run if (found := sign.match(line.text))]
        column = max(map(len, heads))
        for line, head in zip(run, heads, strict=True):
            rest = line.text[len(head) :].lstrip()
            if len(head) + len(rest) + column - len(head) + 1 <= WIDTH:
                line.text = head.ljust(column) + " " + rest


def _arrows(lines: Sequence[Line]) -> None:
    """Bring the second arrows of neighbouring lines of one pipeline into one column."""

    def goes_on(line: Line) -> bool:
        arrow = line.text.lstrip().startswith("-> ") and not line.quoted
        return arrow and _second(line.text) is not None

    for run in _groups(lines, goes_on):
        by_place: dict[tuple[int, int], list[Line]] = {}
        for line in run:
            indent = len(line.text) - len(line.text.lstrip())
            by_place.setdefault((line.statement, indent), []).append(line)
        for together in by_place.values():
            places = [second for line in together if (second := _second(line.text)) is not None]
            column = max(places)
            if all(
                len(x.text) + column - at <= WIDTH for x, at in zip(together, places, strict=True)
            ):
                for line, at in zip(together, places, strict=True):
                    line.text = line.text[:at].rstrip().ljust(column) + line.text[at:]


def _second(text: str) -> int | None:
    """The column of the second arrow that stands in no bracket, string or comment."""
    depth, quote = 0, ""
    start = len(text) - len(text.lstrip())
    for index in range(start, len(text)):
        letter = text[index]
        if quote:
            quote = "" if letter == quote and text[index - 1] != "\\" else quote
        elif letter in "\"'":
            quote = letter
        elif letter == "#":
            return None
        elif letter in "([":
            depth += 1
        elif letter in ")]":
            depth -= 1
        elif depth == 0 and index > start and text.startswith("-> ", index):
            return index
    return None


def _comments(lines: Sequence[Line]) -> None:
    """Comments behind neighbouring lines stand in one column, no further left than their author has it."""
    for run in _groups(lines, lambda line: bool(line.comment)):
        column = max(
            max(len(line.text) for line in run) + 2, min(line.comment_column for line in run)
        )
        for line in run:
            line.text = line.text.ljust(column) + line.comment
