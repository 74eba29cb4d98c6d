"""Imports: the files of one program, and the names that one takes from another.

Each file is read and declared once, however many import it, and its blocks keep its scope. What a file
says wrong is reported at its own place; the names taken from it are then `POISON`, so that nothing
follows from it.
"""

from __future__ import annotations

from nnspec import places
from nnspec.diagnostics import Failure, Label, nearest
from nnspec.elaborate.program import Borrowed, Model, Program
from nnspec.elaborate.session import DEEPEST, fail
from nnspec.elaborate.values import POISON
from nnspec.source import Span
from nnspec.syntax.parser import parse
from nnspec.targets import MOST_BYTES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from nnspec.source import Place, Source
    from nnspec.syntax import tree

#: a program may have this many files
MOST_FILES = 1000


class Opened:
    """A file that is being declared: the imports in it are followed now."""

    __slots__ = ("place", "span")

    def __init__(self, place: Place | None, span: Span | None) -> None:
        self.place = place
        self.span = span  # of the import that names it


class Files:
    """The files that a program imports, and the chain of those that are being declared."""

    def __init__(self, program: Program) -> None:
        start = program.module.source.place
        self.chain = [Opened(places.settled(start) if start else None, None)]
        self.programs: dict[tuple[str, str], Program | None] = {}  # None: it does not parse
        self.sources: list[Source] = []
        self.length = 0

    def load(self, program: Program, part: tree.Import) -> Program | None:
        """The file that an import names, declared; None where its syntax is wrong, and told."""
        span = _span(part)
        place = self._place(part, span)
        if (place.folder, place.path) in self.programs:
            return self.programs[place.folder, place.path]
        self._refuse_cycle(place, span)
        if len(self.chain) > DEEPEST:
            fail("NN401", f"imports lie more than {DEEPEST} files deep", span)
        if len(self.programs) >= MOST_FILES:
            fail("NN402", f"this spec imports more than {MOST_FILES:,} files", span)
        try:
            source = places.read(place)
        except places.Refused as refused:
            fail(refused.code, refused.message, span, help=refused.help)
        self.length += len(source.text)
        if self.length > MOST_BYTES:
            size = f"{MOST_BYTES // 2**20} MiB"
            fail("NN402", f"the imported files are together larger than {size}", span)
        module, problems = parse(source)
        made = None
        if not problems:
            self.chain.append(Opened(place, span))
            try:
                made = Program(module, program)
            finally:
                self.chain.pop()
        for problem in problems:
            program.session.report(problem)
        self.sources.append(source)
        self.programs[place.folder, place.path] = made
        return made

    def copies(self, own: str, zoo: str) -> Iterator[tuple[str, str]]:
        """Name and text of each imported file, to be stored: those below the folder of the spec in the
        folder `own`, those that come along in `zoo`; a spec of the zoo itself needs them in both.
        """
        start = self.chain[0].place
        along = places.zoo_of(start)
        for source in self.sources:
            place = source.place
            assert place is not None
            if start is not None and place.folder == start.folder:
                yield f"{own}/{place.path}", source.text
            if place.folder == along:
                yield f"{zoo}/{place.path}", source.text

    def _place(self, part: tree.Import, span: Span) -> Place:
        here = self.chain[-1].place
        try:
            if part.file is None:
                return places.in_zoo(here, part.module or "", [name.id for name, _ in part.names])
            if here is None:
                raise places.Refused(
                    "NN601",
                    "this text is in no file, so that nothing lies beside it",
                    "check it as a file, or name its folder: `check_source(text, folder=…)`",
                )
            return places.beside(here, part.file.value)
        except places.Refused as refused:
            fail(refused.code, refused.message, span, help=refused.help)

    def _refuse_cycle(self, place: Place, span: Span) -> None:
        for number, opened in enumerate(self.chain):
            found = opened.place
            if found is None or (found.folder, found.path) != (place.folder, place.path):
                continue
            rest = self.chain[number:]
            names = [places.label(item.place) for item in rest if item.place is not None]
            cycle = " -> ".join([*names, names[0]])
            fail(
                "NN603",
                f"these files import each other: {cycle}",
                span,
                labels=tuple(
                    Label(item.span, f"`{name}` is imported here")
                    for item, name in zip(rest[1:], names[1:], strict=True)
                    if item.span is not None
                ),
                help="put what both need into a third file, and import that in both",
            )


def _span(part: tree.Import) -> Span:
    """The place of the file's name in an import."""
    if part.file is not None:
        return part.file.span
    assert part.module is not None
    at = part.span.text.find(part.module)
    start = part.span.start + at
    return part.span if at < 0 else Span(part.span.source, start, start + len(part.module))


def take(program: Program, part: tree.Import) -> None:
    """Bind the names that an import takes. Raises Failure where there is no such file."""
    fresh = [pair for pair in part.names if _is_fresh(program, *pair)]
    for name, alias in fresh:  # until there is more to say of them
        bound = alias or name
        program.imported[bound.id] = bound.span
        program.scope.bind(bound.id, POISON, bound.span)
    if program.family.files is None:
        try:
            program.family.files = Files(program)
        except places.Refused as refused:
            fail(refused.code, refused.message, part.span, help=refused.help)
    home = program.family.files.load(program, part)
    if home is None:
        return
    for name, alias in fresh:
        try:
            _take(program, home, name, alias or name)
        except Failure as failure:
            program.session.report(failure.problem)


def _is_fresh(program: Program, name: tree.Name, alias: tree.Name | None) -> bool:
    """Whether a name can be bound; else the problem is reported."""
    bound = alias or name
    try:
        program.once(bound.id, bound.span, imported=True)
    except Failure as failure:
        program.session.report(failure.problem)
        return False
    return True


def _take(program: Program, home: Program, name: tree.Name, bound: tree.Name) -> None:
    """Bind what the other file has under a name: a value, a model's parameters, a data part."""
    model = home.find_model(name.id)
    if model is not None:
        program.borrowed[bound.id] = Model(bound.id, model.definition, model.base, model.fixed)
    data = home.find_data(name.id)
    if data is not None:
        program.borrowed_data[bound.id] = Borrowed(*data)
    if name.id in home.scope.names:
        program.scope.bind(bound.id, home.scope.names[name.id], bound.span)
    elif data is not None:
        del program.scope.names[bound.id]
    else:
        known = [*home.scope.names, *home.data]
        close = nearest(name.id, known)
        listed = ", ".join(f"`{n}`" for n in known[:12]) + (", …" if len(known) > 12 else "")
        fail(
            "NN604",
            f"{home.module.source.name} has no `{name.id}`",
            name.span,
            help=f"did you mean `{close}`?" if close else f"it has {listed}" if known else "",
        )
