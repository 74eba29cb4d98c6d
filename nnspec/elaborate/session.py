"""What one elaboration shares: the problems found, the graphs made, the budget, the hints.

In a formal elaboration (`formal.py`) some sizes are symbols that stand for known ones; `hints` holds
those, and `pinned` collects the symbols of which what they stand for decided something.
"""

from __future__ import annotations

from itertools import zip_longest

from nnspec.diagnostics import Failure, Label, Mismatch, Problem
from nnspec.dims import Dim, Undecided, compare, substitute, undivided
from nnspec.elaborate.values import Poisoned, key
from nnspec.limits import DEFAULTS
from nnspec.operators.binding import bind_settings
from nnspec.operators.definition import Inner, Use

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping, Sequence
    from typing import Any, NoReturn

    from nnspec.dims import Size
    from nnspec.graph import Graph
    from nnspec.limits import Limits
    from nnspec.operators.definition import Operator, Setting
    from nnspec.source import Span
    from nnspec.tensors import TensorType

#: the steps of a tensor that an operator takes and of a parameter that it has, of an item that a
#: comprehension computes, and of a function's call; one for others
TAKEN = 8
COMPUTED = 20
CALLED = 100
#: more problems than this are not told one by one
MOST_PROBLEMS = 100
#: a nearest name is sought for this many unknown ones: it takes a while, and few read further
MOST_HINTS = 20


class Session:
    """The state that all bodies of one elaboration share."""

    __slots__ = (
        "_uses", "graphs", "hints", "known", "left", "limits", "nodes", "pinned", "problems", "ran", "spent",
        "stack", "steps", "trial",
    )  # fmt: skip

    def __init__(
        self,
        hints: Mapping[str, Size] | None = None,
        trial: bool = False,
        limits: Limits = DEFAULTS,
    ) -> None:
        self.limits = limits
        self.problems: list[Problem] = []
        self.graphs: dict[Hashable, Graph | None] = {}  # None: it failed, and the problem is told
        # the blocks being elaborated, with their place of use
        self.stack: list[tuple[str, Span]] = []
        self.known: set[tuple[Span | None, str]] = set()  # what is reported already
        self.ran: set[int] = set()  # the ids of the bodies and branches that were elaborated
        self.left: set[int] = set()  # of statements that were left because something before failed
        self.nodes = 0
        self.steps = 0
        self.spent = False  # of layers or steps there are none left
        self.hints = hints
        #: a block by itself (`alone.py`): its symbols are numbers wherever it is used
        self.trial = trial
        self.pinned: set[str] = set()
        self._uses: dict[Hashable, tuple[Use, tuple[TensorType, ...]]] = {}

    @property
    def formal(self) -> bool:
        return self.hints is not None

    def report(self, problem: Problem) -> None:
        """Record a problem, once: what a block does wrong in many uses is one mistake."""
        key = problem.span, problem.code if problem.span else problem.message
        if key in self.known:
            return
        self.known.add(key)
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(problem)
        elif len(self.problems) == MOST_PROBLEMS:
            message = f"there are more than {MOST_PROBLEMS} problems; the rest is left out"
            self.problems.append(Problem("NN402", message, problem.span))

    def count_node(self, span: Span) -> None:
        self.nodes += 1
        if self.nodes > self.limits.layers:
            self._spent(
                f"this spec makes more than {self.limits.layers:,} layers",
                span,
                "copies of one block are cheap, `n * Block(…)` in place of a loop; "
                + self.limits.way_out("layers"),
            )

    def count_steps(self, count: int, span: Span) -> None:
        self.steps += count
        if self.steps > self.limits.steps:
            self._spent(
                "the numbers and lists of this spec take more than "
                f"{self.limits.steps:,} steps to compute",
                span,
                self.limits.way_out("steps"),
            )

    def _spent(self, message: str, span: Span, way_out: str) -> NoReturn:
        """A budget is used up, which is told once: whatever comes after it would say the same."""
        if self.spent:
            raise Poisoned
        self.spent = True
        fail("NN402", message, span, help=way_out)

    # -- operators --------------------------------------------------------------------------------

    def used(
        self,
        operator: Operator,
        types: tuple[TensorType | None, ...],
        positional: Sequence[Any],
        keyword: Mapping[str, Any],
        scalars: Mapping[str, Any],
    ) -> tuple[Use, tuple[TensorType, ...]]:
        """The use of an operator on tensors of these types, and the types of its results.

        Layers of one kind mostly come in dozens: equal uses are inferred once. Mismatch where the
        operator refuses.
        """
        if self.formal:
            return self._formally_used(operator, types, positional, keyword, scalars)
        named = [(name, key(value)) for name, value in (*keyword.items(), *scalars.items())]
        same = (operator, types, tuple(map(key, positional)), tuple(named))
        known = self._uses.get(same)
        if known is None:
            settings = bind_settings(operator.name, operator.settings, positional, keyword)
            settings.update(scalars)
            use = Use(operator, types, settings, frozenset(keyword))
            try:
                results = operator.infer(use)
                for kind in results:
                    if any(isinstance(size, int) and size < 1 for size in kind.shape):
                        use.fail(f"the output of `{operator.name}` would be {kind}: without values")
                known = self._uses[same] = use, results
            except Undecided:
                raise Mismatch(
                    "NN308",
                    f"a setting of `{operator.name}` must be a number; here it depends on a size "
                    "that may be any",
                ) from None
        return known

    def _formally_used(
        self,
        operator: Operator,
        types: tuple[TensorType | None, ...],
        positional: Sequence[Any],
        keyword: Mapping[str, Any],
        scalars: Mapping[str, Any],
    ) -> tuple[Use, tuple[TensorType, ...]]:
        """Rules see the numbers behind formal settings, the generated code sees the settings."""
        settings = bind_settings(operator.name, operator.settings, positional, keyword)
        settings.update(scalars)
        settings.update({s.name: self.pin(settings[s.name]) for s in operator.settings if s.fixed})
        plain = {s.name: self._plain(s, settings[s.name]) for s in operator.settings}
        plain.update({name: self.value_of(value) for name, value in scalars.items()})
        given = frozenset(keyword)
        behind = Use(operator, types, plain, given)
        behind.pin = self.pin
        results = tuple(self.simplest(kind) for kind in operator.infer(behind))
        return Use(operator, types, settings, given), results

    def _plain(self, setting: Setting, value: Any) -> Any:
        """What a rule sees of a setting: sizes stay names, other numbers are what they stand for."""
        if isinstance(value, Inner):
            plain = {
                s.name: self._plain(s, value.settings[s.name]) for s in value.operator.settings
            }
            return Inner(value.operator, plain, value.given)
        return value if "size" in setting.kind or setting.kind == "list" else self.value_of(value)

    # -- formal elaboration -----------------------------------------------------------------------------

    def pin(self, value: Any) -> Any:
        """What a formal size stands for; other values as they are."""
        if isinstance(value, Dim) and self.hints is not None:
            self.pinned |= value.symbols & self.hints.keys()
            return substitute(value, self.hints)
        return value

    def fractions(self, op: str, left: Any, right: Any) -> tuple[Any, Any]:
        """The sides of an operation that makes fractions; formal sizes as fractions that remember them."""
        if self.hints is None:
            return left, right
        if op == "**" and isinstance(left, (int, Dim)) and isinstance(right, (int, Dim)):
            if isinstance(right, Dim):
                return self.pin(left), self.pin(right)
            return (left if right >= 0 else self._fraction(left)), right
        return self._fraction(left), self._fraction(right)

    def fraction(self, name: str, value: Any) -> Any:
        """`sqrt(value)` of a formal number as such; None for what is no function of this kind, or no such
        number."""
        from nnspec.elaborate.fractions import FUNCTIONS, FormalFloat, function

        value = self._fraction(value)
        if not isinstance(value, FormalFloat):
            return None
        if name == "float":
            return value
        return function(name, value) if name in FUNCTIONS else None

    def _fraction(self, value: Any) -> Any:
        if not isinstance(value, Dim):
            return value
        from nnspec.elaborate.fractions import FormalFloat

        known = self.value_of(value)
        return FormalFloat.of_size(known, value) if isinstance(known, int) else known

    def pin_floats(
        self, settings: Sequence[Setting], positional: Sequence[Any], keyword: Mapping[str, Any]
    ) -> tuple[list[Any], dict[str, Any]]:
        """The arguments for these settings; where one is a float, no formal size."""
        real = {s.name for s in settings if "float" in s.kind and "size" not in s.kind}
        places = [s.name in real for s in settings]
        return (
            [
                self._pin_all(v) if r else v
                for v, r in zip_longest(positional, places[: len(positional)])
            ],
            {name: self._pin_all(v) if name in real else v for name, v in keyword.items()},
        )

    def _pin_all(self, value: Any) -> Any:
        if isinstance(value, (list, tuple)):
            return [self._pin_all(item) for item in value]
        return self.pin(value)

    def value_of(self, value: Any) -> Any:
        """Like `pin`, without recording that it mattered."""
        if isinstance(value, Dim) and self.hints is not None:
            return substitute(value, self.hints)
        if isinstance(value, (list, tuple)):
            return type(value)(self.value_of(item) for item in value)
        return value

    def simplest(self, type: TensorType) -> TensorType:
        """A type whose sizes are `D` where they are `heads * (D // heads)` and that comes out even."""

        def divides(by: Size, size: Size) -> bool:
            return compare("==", self.value_of(size) % self.value_of(by), 0) is True

        return type.with_shape([undivided(size, divides) for size in type.shape])


def fail(
    code: str,
    message: str,
    span: Span | None,
    *,
    label: str = "",
    labels: tuple[Label, ...] = (),
    notes: tuple[str, ...] = (),
    help: str = "",
) -> NoReturn:
    """Give up on a value, with the problem that says why."""
    raise Failure(Problem(code, message, span, label, labels, notes, help))


def placed(mismatch: Mismatch, span: Span, labels: tuple[Label, ...] = ()) -> Failure:
    """A rule's refusal, with the place that only its caller knows."""
    return Failure(
        Problem(
            mismatch.code, mismatch.message, span, "", labels, tuple(mismatch.notes), mismatch.help
        )
    )


def guard(compute: Callable[[], Any], span: Span) -> Any:
    """The value, with the place where it cannot be computed."""
    try:
        return compute()
    except Mismatch as mismatch:
        raise placed(mismatch, span) from None
