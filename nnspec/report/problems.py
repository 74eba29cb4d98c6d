"""Problems, drawn: code, place, the source lines with their marks, notes and help.

A small renderer of our own on plain strings (rich costs 50 ms before it draws anything). The frame
is ASCII, so that it survives any terminal, log and encoding. `draw` draws one problem, `summary`
counts.
"""

from __future__ import annotations

from nnspec.report.columns import clean, width

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from nnspec.diagnostics import Problem
    from nnspec.source import Source, Span

    Paint = Callable[[str, str], str]

#: a line longer than this is cut to a window around its marks
LONGEST_LINE = 160
#: a marked stretch of more lines than this is drawn as its first and last line
TALLEST_SPAN = 4

_COLOURS = {
    "error": "1;31", "warning": "1;33", "note": "1;36", "frame": "1;34", "second": "1;34",
    "strong": "1", "removed": "31", "added": "32",
}  # fmt: skip


class Mark:
    """A stretch of one line to underline: columns `start` to `end`, from 0, in characters."""

    __slots__ = ("end", "line", "primary", "start", "text")

    def __init__(self, line: int, start: int, end: int, text: str, primary: bool) -> None:
        self.line = line
        self.start = start
        self.end = end
        self.text = text
        self.primary = primary


def draw_all(problems: Sequence[Problem], colour: bool = False) -> str:
    """Every problem, and the line that counts them."""
    parts = [draw(problem, colour) for problem in problems]
    return "\n\n".join([*parts, summary(problems)]) + "\n" if problems else ""


def summary(problems: Sequence[Problem]) -> str:
    """`2 errors in lenet.nn`."""
    counts: list[str] = []
    for severity in ("error", "warning", "note"):
        number = sum(problem.severity == severity for problem in problems)
        if number:
            counts.append(f"{number} {severity}{'s' if number != 1 else ''}")
    files = list(dict.fromkeys(p.span.source.name for p in problems if p.span is not None))
    where = f" in {files[0]}" if len(files) == 1 else f" in {len(files)} files" if files else ""
    return ", ".join(counts) + where


def draw(problem: Problem, colour: bool = False) -> str:
    """One problem, without a newline at the end."""
    paint = _paint if colour else _plain
    severity = problem.severity
    head = paint(f"{severity}[{problem.code}]", severity) + paint(
        f": {clean(problem.message)}", "strong"
    )
    lines = [head]
    gutter = 0
    if problem.span is not None:
        marks = _marks_by_source(problem)
        last = max(mark.line for found in marks.values() for mark in found[1])
        gutter = len(str(last))
        for number, (source, found) in enumerate(marks.values()):
            lines.append(_place(problem, source, found, number, gutter, paint))
            lines.append(paint(" " * gutter + " |", "frame"))
            lines.extend(_snippet(source, found, gutter, severity, paint))
    after = [("note", note) for note in problem.notes]
    if problem.help:
        after.append(("help", problem.help))
    if after and problem.span is not None:
        lines.append(paint(" " * gutter + " |", "frame"))
    for kind, text in after:
        lines.extend(_remark(kind, text, gutter, paint))
    return "\n".join(lines)


def _plain(text: str, _style: str) -> str:
    return text


def _paint(text: str, style: str) -> str:
    return f"\x1b[{_COLOURS[style]}m{text}\x1b[0m"


def _marks_by_source(problem: Problem) -> dict[int, tuple[Source, list[Mark]]]:
    """The marks of each file, the file of the problem itself first."""
    assert problem.span is not None
    found: dict[int, tuple[Source, list[Mark]]] = {}
    spans = [(problem.span, problem.label, True)]
    spans += [(label.span, label.text, False) for label in problem.labels]
    for span, text, primary in spans:
        marks = found.setdefault(id(span.source), (span.source, []))[1]
        marks.extend(_marks(span, text, primary))
    return found


def _marks(span: Span, text: str, primary: bool) -> list[Mark]:
    """A span as one mark for each of its lines; the text stands at the last."""
    source = span.source
    first, start = source.position(min(span.start, len(source.text)))
    last, end = source.position(min(max(span.end, span.start), len(source.text)))
    if last > first and end == 1:  # it ends with the newline of the line before
        last -= 1
        end = len(source.line(last)) + 1
    if first == last:
        return [Mark(first, start - 1, max(end - 1, start), text, primary)]
    numbers = list(range(first, last + 1))
    if len(numbers) > TALLEST_SPAN:
        numbers = [first, last]
    marks: list[Mark] = []
    for number in numbers:
        line = source.line(number)
        left = start - 1 if number == first else len(line) - len(line.lstrip())
        right = end - 1 if number == last else len(line.rstrip())
        if right > left:
            marks.append(Mark(number, left, right, "", primary))
    if not marks:
        marks.append(Mark(first, start - 1, start, "", primary))
    marks[-1].text = text
    return marks


def _place(
    problem: Problem, source: Source, marks: list[Mark], number: int, gutter: int, paint: Paint
) -> str:
    arrow = " " * gutter + ("-->" if number == 0 else ":::")
    if number == 0:
        assert problem.span is not None
        place = str(problem.span)
    else:
        place = f"{source.name}:{marks[0].line}:{marks[0].start + 1}"
    return f"{paint(arrow, 'frame')} {place}"


def _snippet(
    source: Source, marks: list[Mark], gutter: int, severity: str, paint: Paint
) -> Iterable[str]:
    """The marked lines of a file; dots for what lies between them."""
    by_line: dict[int, list[Mark]] = {}
    for mark in marks:
        by_line.setdefault(mark.line, []).append(mark)
    before = None
    for number in sorted(by_line):
        if before is not None and number > before + 1:
            yield paint("...", "frame")
        text, moved = _window(source.line(number), by_line[number])
        yield _numbered(number, text, gutter, paint)
        empty = paint(" " * gutter + " |", "frame")
        for row in _underlines(moved, severity, paint):
            yield f"{empty} {row}"
        before = number


def _numbered(number: int, text: str, gutter: int, paint: Paint) -> str:
    bar = paint(f"{number:>{gutter}} |", "frame")
    return f"{bar} {text}".rstrip()


def _window(line: str, marks: list[Mark]) -> tuple[str, list[Mark]]:
    """The line as it is shown, and the marks in columns of the terminal."""
    low, high = 0, len(line)
    if high > LONGEST_LINE:
        low = max(0, min(mark.start for mark in marks) - 40)
        high = min(high, low + LONGEST_LINE - 20)
    head = "..." if low else ""
    shown = head + clean(line[low:high]) + ("..." if high < len(line) else "")
    moved: list[Mark] = []
    for mark in marks:
        start = len(head) + width(line[low : max(low, min(mark.start, high))])
        end = len(head) + width(line[low : max(low, min(mark.end, high))])
        end += max(0, mark.end - max(mark.start, len(line)))  # past the end of the line
        moved.append(Mark(mark.line, start, max(end, start + 1), mark.text, mark.primary))
    return shown, moved


def _underlines(marks: list[Mark], severity: str, paint: Paint) -> Iterable[str]:
    """The row of `^^^` and `---`, and a row for each text that does not fit on it."""
    marks = sorted(marks, key=lambda mark: (mark.start, mark.end))
    styles = {True: severity, False: "second"}
    rule: dict[int, tuple[str, str]] = {}
    for mark in sorted(
        marks, key=lambda mark: mark.primary
    ):  # the primary is drawn over the others
        for column in range(mark.start, mark.end):
            rule[column] = ("^" if mark.primary else "-", styles[mark.primary])
    hanging = [mark for mark in marks if mark.text]
    tail = None
    last = marks[-1]
    if last.text and all(mark.end <= last.start for mark in marks[:-1]):
        tail = hanging.pop()
    row = _cells(rule, paint)
    yield f"{row} {paint(tail.text, styles[tail.primary])}" if tail else row
    if hanging:
        yield _cells({mark.start: ("|", styles[mark.primary]) for mark in hanging}, paint)
    while hanging:
        mark = hanging.pop()
        bars = {m.start: ("|", styles[m.primary]) for m in hanging if m.start < mark.start}
        left = _cells(bars, paint, mark.start)
        yield left + paint(mark.text, styles[mark.primary])


def _cells(cells: dict[int, tuple[str, str]], paint: Paint, length: int = 0) -> str:
    """Single characters at their columns; runs of one style are painted in one piece."""
    out: list[str] = []
    end = max(length, max(cells, default=-1) + 1)
    column = 0
    while column < end:
        text, style = cells.get(column, (" ", ""))
        run = text
        column += 1
        while column < end and cells.get(column, (" ", ""))[1] == style:
            run += cells.get(column, (" ", ""))[0]
            column += 1
        out.append(paint(run, style) if style else run)
    return "".join(out)


def _remark(kind: str, text: str, gutter: int, paint: Paint) -> Iterable[str]:
    """`= note: …`; further lines of the text stand under its first, lines of a diff in its
    colours.
    """
    first, *rest = map(clean, text.split("\n"))
    yield f"{' ' * gutter} {paint('=', 'frame')} {paint(kind, 'strong')}: {first}"
    for line in rest:
        sign = line.lstrip("0123456789 ")[:1]
        style = {"-": "removed", "+": "added"}.get(sign)
        shown = paint(line, style) if style else line
        yield " " * (gutter + 9) + shown
