"""Imports: the files of one program, and the names that one takes from another.

Each file is read and declared once, however many import it, and its blocks keep its scope. What a file
says wrong is reported at its own place; the names taken from it are then `POISON`, so that nothing
follows from it.
"""

from __future__ import annotations

from nnspec.diagnostics import Failure, Label, nearest
from nnspec.elaborate.program import Borrowed, Model, Program
from nnspec.elaborate.session import fail
from nnspec.elaborate.values import POISON
from nnspec.places import Refused, Shelves
from nnspec.records import replace
from nnspec.source import Span
from nnspec.syntax.parser import parse
from nnspec.targets import MOST_BYTES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from nnspec.limits import Limits
    from nnspec.source import Source
    from nnspec.syntax import tree


class Library:
    """The files that one root spec imports, directly and through others.

    `texts` has what was read, by the keys of the files (`places.py`), so that a run can keep it; `kept` is
    such a record.
    """

    def __init__(self, root: Source, kept: Mapping[str, str] | None, limits: Limits) -> None:
        self.limits = limits
        self.shelves = Shelves(root, kept)
        self.texts: dict[str, str] = {}
        self.programs: dict[str, Program | None] = {}  # None: it does not parse
        # the files being declared, with the import that names each
        self.chain: list[tuple[str, Span | None]] = [(_last(root.path or root.name), None)]

    def load(self, program: Program, part: tree.Import) -> Program | None:
        """The file that an import names, declared; None where its syntax is wrong, and told."""
        span = _span(part)
        try:
            if part.file is not None:
                key = self.shelves.beside(program.key, part.file.value)
            else:
                names = [name.id for name, _ in part.names]
                key = self.shelves.in_zoo(part.module or "", names)
            self._refuse_cycle(key, span)
            if key not in self.programs:
                self._bound(span)
                source = self.shelves.read(key)
                self.programs[key] = self._declared(program, key, source, span)
        except Refused as refused:
            fail(refused.code, refused.message, span, help=refused.help)
        return self.programs[key]

    def _declared(self, program: Program, key: str, source: Source, span: Span) -> Program | None:
        self.texts[key] = source.text
        if sum(map(len, self.texts.values())) > MOST_BYTES:
            size = f"{MOST_BYTES // 2**20} MiB"
            fail("NN402", f"the imported files are together larger than {size}", span)
        module, problems = parse(source, self.limits)
        for problem in problems:
            program.session.report(problem)
        if problems:  # what names could add would mostly follow from these
            return None
        self.chain.append((key, span))
        try:
            return Program(module, importer=program, key=key)
        finally:
            self.chain.pop()

    def _bound(self, span: Span) -> None:
        limits = self.limits
        if len(self.chain) > limits.depth:
            message = f"imports lie more than {limits.depth} files deep"
            fail("NN401", message, span, help=limits.way_out("depth"))
        if len(self.programs) >= limits.files:
            message = f"this spec imports more than {limits.files:,} files"
            fail("NN402", message, span, help=limits.way_out("files"))

    def _refuse_cycle(self, key: str, span: Span) -> None:
        keys = [opened for opened, _ in self.chain]
        if key not in keys:
            return
        rest = self.chain[keys.index(key) :]
        fail(
            "NN213",
            f"these files import each other: {' -> '.join([*(name for name, _ in rest), key])}",
            span,
            labels=tuple(
                Label(place, f"`{name}` is imported here")
                for name, place in rest[1:]
                if place is not None
            ),
            help="put what both need into a third file, and import that in both",
        )


def _last(path: str) -> str:
    import os

    return os.path.basename(path)


def _span(part: tree.Import) -> Span:
    """The place of the file's name in an import."""
    if part.file is not None:
        return part.file.span
    module = part.module or ""
    at = part.span.text.find(module)
    start = part.span.start + at
    return part.span if at < 0 else Span(part.span.source, start, start + len(module))


def take(program: Program, part: tree.Import) -> None:
    """Bind the names that an import takes. Raises Failure where there is no such file."""
    fresh = [(name, alias or name) for name, alias in part.names]
    fresh = [pair for pair in fresh if _is_fresh(program, pair[1])]
    if program.library is None:
        limits = program.session.limits
        program.library = Library(program.module.source, program.kept, limits)
    try:
        home = program.library.load(program, part)
    except Failure as failure:
        raise _of_library(program, part, failure) from None
    if home is None:
        return
    for name, bound in fresh:
        try:
            _take(program, home, name, bound)
        except Failure as failure:
            program.session.report(failure.problem)


def _of_library(program: Program, part: tree.Import, failure: Failure) -> Failure:
    """The failure of `from torch import nn`, of which the zoo has nothing; what it names is told where it is
    used."""
    from nnspec.syntax.slips.habits import LIBRARIES, NO_IMPORT

    module, problem = part.module or "", failure.problem
    if module.split(".")[0] not in LIBRARIES or "from zoo." in problem.help.partition("…")[0]:
        return failure
    for name, alias in part.names:
        program.scope.names.pop((alias or name).id, None)
    return Failure(replace(problem, help=NO_IMPORT))


def _is_fresh(program: Program, bound: tree.Name) -> bool:
    """Whether a name can be bound, which it then is until there is more to say of it."""
    try:
        program.once(bound.id, bound.span, imported=True)
    except Failure as failure:
        program.session.report(failure.problem)
        return False
    program.imported[bound.id] = bound.span
    program.scope.bind(bound.id, POISON, bound.span)
    return True


def _take(program: Program, home: Program, name: tree.Name, bound: tree.Name) -> None:
    """Bind what the other file has under a name: a value, a model's parameters, a data part."""
    model = home.models.get(name.id)
    if model is not None:
        program.models[bound.id] = Model(bound.id, model.definition, model.base, model.fixed)
    data = home.find_data(name.id)
    if data is not None:
        program.borrowed[bound.id] = Borrowed(*data)
    if name.id in home.scope.names:
        program.scope.bind(bound.id, home.scope.names[name.id], bound.span)
    elif data is not None:
        del program.scope.names[bound.id]
    else:
        known = [*home.scope.names, *home.data]
        close = nearest(name.id, known)
        listed = ", ".join(f"`{n}`" for n in known[:12]) + (", …" if len(known) > 12 else "")
        fail(
            "NN212",
            f"{home.module.source.name} has no `{name.id}`",
            name.span,
            help=f"did you mean `{close}`?" if close else f"it has {listed}" if known else "",
        )
