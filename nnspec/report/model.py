"""The report as Python objects: what `nnspec.check` gives, and what every format is made from.

Nothing is computed before it is asked for, and then once. Sizes are shown as an int, or as a str
that holds the expression ("N", "H // 2").
"""

from __future__ import annotations

from functools import cached_property

from nnspec import demands
from nnspec.analysis import macs, memory, params, receptive, requires
from nnspec.diagnostics import Failure, Problem
from nnspec.dims import Dim, SizeLimit, render, substitute
from nnspec.known import Known
from nnspec.records import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from nnspec.analysis.fold import Sums
    from nnspec.analysis.requires import Reason
    from nnspec.dims import Size
    from nnspec.graph import Graph, Node
    from nnspec.report.layers import Layer
    from nnspec.sizes import Admitted
    from nnspec.tensors import TensorType

    #: a size as the report gives it
    Shown = int | str


class Tensor(Record):
    """`f32 ("N", 3, 224, 224)`."""

    dtype: str
    shape: tuple[Shown, ...]


class Params(Record):
    total: Shown
    trainable: Shown


class Memory(Record):
    """Bytes. `activations`: what training keeps for the backward pass, for the batch that the
    inputs say; `peak`: the most that is alive at once at inference, None where sizes are
    symbols."""

    weights: Shown
    activations: Shown
    peak: int | None


class Section(Record):
    """A part of the file that is no model (data, train), as lines of a name and a text."""

    title: str
    lines: tuple[tuple[str, str], ...]


class NotAdmitted(Failure, ValueError):
    """Sizes were asked for that the model does not take; `problem` says why."""


class NoSuchSize(ValueError):
    """A size was given by a name that the model has not, or that is no size."""


class Report:
    """What checking a file found."""

    __slots__ = ("_blocks", "_graphs_of_blocks", "diagnostics", "models", "open", "sections")

    def __init__(
        self,
        diagnostics: Sequence[Problem],
        graphs: Mapping[str, Graph],
        sections: Sequence[Section] = (),
        open: Mapping[str, Sequence[str]] | None = None,
        blocks: Callable[[], Mapping[str, Graph]] | None = None,
    ) -> None:
        self.diagnostics = tuple(diagnostics)
        #: models that are not shown, with the parameters that they need
        self.open = dict(open or {})
        self.models = {name: ModelReport(graph) for name, graph in graphs.items()}
        self._graphs_of_blocks = blocks
        self._blocks: dict[str, ModelReport] | None = None
        self.sections = tuple(sections)

    def changed(
        self,
        diagnostics: Sequence[Problem] | None = None,
        models: Mapping[str, ModelReport] | None = None,
        sections: Sequence[Section] | None = None,
    ) -> Report:
        """A copy with some fields changed."""
        report = Report(self.diagnostics if diagnostics is None else diagnostics, {})
        report.models = dict(self.models if models is None else models)
        report.sections = self.sections if sections is None else tuple(sections)
        report.open, report._graphs_of_blocks = self.open, self._graphs_of_blocks
        return report

    @property
    def blocks(self) -> dict[str, ModelReport]:
        """Of a file without a model: its blocks, each by itself, for all sizes that its pattern allows; those
        that need numbers for that are left out."""
        if self._blocks is None:
            graphs = self._graphs_of_blocks() if self._graphs_of_blocks and self.ok else {}
            self._blocks = {}
            for name, graph in graphs.items():
                block = ModelReport(graph)
                try:
                    block.measure()
                except SizeLimit:
                    continue
                self._blocks[name] = block
        return self._blocks

    @property
    def ok(self) -> bool:
        """No errors (warnings may be there)."""
        return all(problem.severity != "error" for problem in self.diagnostics)

    def _repr_html_(self) -> str:
        """For notebooks."""
        from nnspec.report.html import report_html

        return report_html(self)

    def __repr__(self) -> str:
        state = "ok" if self.ok else f"{len(self.diagnostics)} problems"
        return f"<Report {state}: {', '.join(self.models) or 'no models'}>"


class ModelReport:
    """What is known of one model, or of a block by itself. `sizes` are the numbers in place of symbols;
    `training` says of which mode alone, None: of both."""

    def __init__(
        self,
        graph: Graph,
        sizes: Mapping[str, int] | None = None,
        training: bool | None = None,
    ) -> None:
        self.graph = graph
        self.training = training
        self.sizes = dict(sizes or {})
        self._shown: dict[Dim, Shown] = {}
        self._per_sample: dict[Dim, Size] = {}

    @property
    def name(self) -> str:
        return self.graph.name

    def _repr_html_(self) -> str:
        """For notebooks."""
        from nnspec.report.html import model_html

        return model_html(self)

    # -- sizes -------------------------------------------------------------------------------------

    def fix(self, size: Size) -> Size:
        """The size with the numbers of `sizes` in it."""
        return size if isinstance(size, int) or not self.sizes else substitute(size, self.sizes)

    def show(self, size: Size) -> Shown:
        """The size as the report gives it: short under what the sizes must satisfy."""
        if isinstance(size, int):
            return size
        shown = self._shown.get(size)  # the layers of a model have few sizes between them
        if shown is None:
            fixed = self.fix(size)
            shown = fixed if isinstance(fixed, int) else render(self.known.write(fixed))
            self._shown[size] = shown
        return shown

    @cached_property
    def known(self) -> Known:
        """What the sizes that the model takes have in common."""
        found = self.admitted
        return Known(found.progressions, found.together, found.given)

    def tensor(self, type: TensorType) -> Tensor:
        return Tensor(type.dtype, tuple(self.show(size) for size in type.shape))

    @cached_property
    def all_symbols(self) -> tuple[str, ...]:
        """The symbols of the inputs, in order of appearance; of a block by itself its parameters, too."""
        found: dict[str, None] = {}
        for value in self.graph.inputs:
            for size in value.type.shape:
                found.update(dict.fromkeys(self.symbols_of(size)))
        for argument in self.graph.arguments.values():
            if isinstance(argument, Dim):
                found.update(dict.fromkeys(self.symbols_of(argument)))
        return tuple(found)

    @staticmethod
    def symbols_of(size: Size) -> list[str]:
        """The names in a size."""
        return [] if isinstance(size, int) else sorted(size.symbols)

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols that have no number yet."""
        return tuple(name for name in self.all_symbols if name not in self.sizes)

    @cached_property
    def batch(self) -> str | None:
        """The symbol of the batch: the first size of the first input, where that is a free
        symbol.
        """
        if not self.graph.inputs or not self.graph.inputs[0].type.shape:
            return None
        first = self.graph.inputs[0].type.shape[0]
        shown = None if isinstance(first, int) else render(first)
        return shown if shown in self.symbols else None

    def per_sample(self, size: Size) -> Size:
        """The size for a batch of one, where the batch is a symbol."""
        if isinstance(size, int):
            return size
        found = self._per_sample.get(size)
        if found is None:
            found = self.fix(size)
            if self.batch is not None:
                found = substitute(found, {self.batch: 1})
            self._per_sample[size] = found
        return found

    def measure(self) -> None:
        """Compute what can be too big to be computed: dims.SizeLimit where it is."""
        _ = self.param_sums, self.mac_sums, self.weight_bytes, self.activation_bytes, self.admitted

    # -- facts -------------------------------------------------------------------------------------

    @cached_property
    def inputs(self) -> dict[str, Tensor]:
        return {value.name: self.tensor(value.type) for value in self.graph.inputs}

    @cached_property
    def outputs(self) -> dict[str, Tensor]:
        return {name: self.tensor(value.type) for name, value in self.graph.outputs}

    @cached_property
    def param_sums(self) -> Sums:
        return params.params(self.graph)

    @cached_property
    def mac_sums(self) -> Sums:
        return macs.macs(self.graph)

    @cached_property
    def params(self) -> Params:
        total = self.show(self.param_sums[id(self.graph)])
        return Params(total, total)

    @cached_property
    def macs(self) -> Shown:
        return self.show(self.mac_sums[id(self.graph)])

    @cached_property
    def memory(self) -> Memory:
        peak = self._peak(self.sizes) if not self.symbols else None
        return Memory(self.show(self.weight_bytes), self.show(self.activation_bytes), peak)

    @cached_property
    def weight_bytes(self) -> Size:
        return memory.weights(self.graph)

    @cached_property
    def activation_bytes(self) -> Size:
        return 0 if self.training is False else memory.activations(self.graph)

    @cached_property
    def peak_per_sample(self) -> int | None:
        """The peak at inference for a batch of one; None where other sizes are symbols."""
        if [name for name in self.symbols if name != self.batch]:
            return None
        return self._peak({**self.sizes, **({self.batch: 1} if self.batch else {})})

    def _peak(self, sizes: Mapping[str, int]) -> int:
        def number(size: Size) -> int:
            fixed = size if isinstance(size, int) else substitute(size, sizes)
            assert isinstance(fixed, int), "every symbol has its number here"
            return fixed

        return memory.peak(self.graph, number)

    @cached_property
    def receptive_field(self) -> tuple[int, ...] | None:
        """Per spatial axis, of the first output; None where it sees no window."""
        window = receptive.of_graph(self.graph, receptive.windows(self.graph))
        return None if window is None else window.sizes

    # -- the sizes that the model takes ------------------------------------------------------------

    @cached_property
    def admitted(self) -> Admitted:
        """The sizes that it takes in training and in evaluation, or in the one mode."""
        return demands.admitted(self.graph, self.training)

    @cached_property
    def modes(self) -> dict[str, Admitted]:
        """The sizes that it takes in "training" and in "evaluation", where an `if training:` makes them
        differ; else nothing."""
        alone = self.training is not None
        if alone or not self.admitted.requires or not demands.has_modes(self.graph):
            return {}
        found = {
            "training": demands.admitted(self.graph, True),
            "evaluation": demands.admitted(self.graph, False),
        }
        trained, evaluated = found.values()
        same = (trained.requires, trained.unproved) == (evaluated.requires, evaluated.unproved)
        return {} if same else found

    def _admitted_in(self, training: bool | None) -> Admitted:
        """The sizes of one mode, or of both."""
        if training is None or not self.modes:
            return self.admitted
        return self.modes["training" if training else "evaluation"]

    @cached_property
    def conflict(self) -> Problem | None:
        """The problem that no size satisfies the model, where that is so."""
        return requires.conflict(self.graph, self.admitted) if self.all_symbols else None

    def broken_budgets(self) -> list[Problem]:
        """The problems of the budgets that the model states and does not keep."""
        if not self.graph.budgets:
            return []
        from nnspec.analysis import budgets

        known, batch = self.all_symbols, self.batch
        problems = [
            budgets.problem(self.graph, budget, known, batch, self.admitted, self._figures)
            for budget in self.graph.budgets
        ]
        return [problem for problem in problems if problem is not None]

    def _figures(self, sizes: Mapping[str, int]) -> dict[str, Size]:
        """What a budget may speak of; memory is that of inference: weights and the peak."""
        every = {**self.sizes, **sizes}
        sums = {"params": self.param_sums[id(self.graph)], "macs": self.mac_sums[id(self.graph)]}
        whole = set(self.all_symbols) <= every.keys()
        sums["memory"] = self.weight_bytes + (
            self._peak(every)
            if whole
            else self.activation_bytes  # of which only the symbols matter
        )
        return {name: substitute(size, every) for name, size in sums.items()}

    @property
    def requires(self) -> list[str]:
        """What the sizes must satisfy: `["H % 16 == 0", "H >= 16"]`; empty: any size does. Where training
        and evaluation differ (`modes`), it is what both take."""
        return list(self.admitted.requires)

    @cached_property
    def reasons(self) -> tuple[Reason, ...]:
        """Where `requires` comes from: the places in the spec that together demand exactly it."""
        return tuple(requires.reasons(self.graph, self.admitted, self.training))

    @cached_property
    def reasons_in_evaluation(self) -> tuple[Reason, ...]:
        """The same of evaluation alone, where training needs more."""
        found = self.modes.get("evaluation")
        return tuple(requires.reasons(self.graph, found, False)) if found else ()

    def names_in(self, text: str) -> set[str]:
        """The symbols of this model that a condition's text speaks of."""
        import re

        return set(re.findall(r"[^\W\d]\w*", text)) & set(self.all_symbols)

    def unanswered(self, conditions: Iterable[str]) -> list[str]:
        """Those of the conditions that speak of a symbol without a number."""
        return [text for text in conditions if self.names_in(text) & set(self.symbols)]

    def admits(self, sizes: Mapping[str, int], training: bool | None = None) -> bool:
        """Does the model take these sizes? In training and in evaluation, unless `training` says which.
        Sizes that are left out may be what they need to be.
        """
        self._known(sizes)
        return not self._admitted_in(training).refused_by({**self.sizes, **sizes})

    def nearest(
        self, sizes: Mapping[str, int], training: bool | None = None
    ) -> list[dict[str, int]]:
        """The admitted sizes nearest to these, the nearest first: `[{"H": 224}, {"H": 240}]` for 225;
        the sizes themselves where they are admitted; empty where none was found. `training` as in `admits`.
        """

        from nnspec.nearest import nearest_sizes

        self._known(sizes)
        return nearest_sizes(self._admitted_in(training), sizes, self.sizes)

    def at(self, sizes: Mapping[str, int], training: bool | None = None) -> ModelReport:
        """The same report with numbers in place of symbols. NotAdmitted where the model does not
        take them, in training or in evaluation; in one of them alone where `training` says which.
        """
        if training is not None and training != self.training:
            return ModelReport(self.graph, self.sizes, training).at(sizes)
        self._known(sizes)
        every = {**self.sizes, **sizes}
        refused = requires.refusal(self.graph, self.admitted, every, self.modes)
        if refused is not None:
            raise NotAdmitted(refused)
        report = ModelReport(self.graph, every, self.training)
        report.__dict__.update(
            {
                name: self.__dict__[name]
                for name in ("param_sums", "mac_sums", "admitted", "modes", "all_symbols")
                if name in self.__dict__
            }
        )
        return report

    def _known(self, sizes: Mapping[str, int]) -> None:
        for name, size in sizes.items():
            if name not in self.all_symbols:
                known = ", ".join(self.all_symbols)
                raise NoSuchSize(
                    f"{self.name} has no size `{name}`"
                    + (f"; its sizes are {known}" if known else ": all its sizes are fixed")
                )
            if not isinstance(size, int) or isinstance(size, bool) or size < 1:
                raise NoSuchSize(f"the size {name} is an integer of at least 1, not {size!r}")

    def leaves_out(self, node: Node) -> bool:
        """Whether a node is the other mode's, which knows other sizes."""
        return self.training is not None and not node.runs(self.training)

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """Every use of an operator, in order of execution, those in blocks too."""
        from nnspec.report.layers import layers

        return tuple(layers(self))
