"""The most bytes that are alive at one moment of a training step: forward, backward, update.

Forward, a tensor lives until its last reader, or until the backward pass of the first that has kept it.
Backward goes through the same steps in the opposite order: it frees what a step has kept and the gradients of
its results, and makes those of its inputs and weights. Computed body by body, as the peak at inference: of a
body its callers know what it adds to what they hold. A view shares its base's memory.
"""

from __future__ import annotations

from nnspec.analysis import saved
from nnspec.graph import CallNode, Choice, OpNode, OwnParam
from nnspec.records import Record, replace
from nnspec.tensors import is_float

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nnspec.dims import Size
    from nnspec.graph import Graph, Node, Value

    #: what has memory of its own: the id of a value, and the number of the copy that makes it
    Key = tuple[int, int]

#: operators whose inputs get the gradient of the result as it is
_PASSING = ("add", "identity")
#: views of which the backward pass makes a whole tensor around the part
_PARTS = ("chunk", "split", "unbind", "index", "expand")


class Step(Record):
    """What running a body, or a use of an operator, does to memory; bytes.

    `kept_inputs` and `kept_results` are the numbers of the tensors that it keeps for the backward pass,
    `kept` the bytes of what it keeps besides. `forward` is the most that it has at once on the way, its
    results among it, `backward` the most on the way back: what it has kept of its own, gradients. `views` are
    results that lie in the memory of an input.
    """

    kept_inputs: frozenset[int] = frozenset()
    kept_results: frozenset[int] = frozenset()
    kept: int = 0
    forward: int = 0
    backward: int = 0
    gradients: int = 0  # of its weights
    views: dict[int, int] = {}  # noqa: RUF012  (result -> input)
    trained: frozenset[int] = frozenset()  # results that have a gradient
    halves: frozenset[int] = frozenset()  # results in the lower precision
    passing: bool = False  # its inputs get the gradient of the result as it is


class Flow(Record):
    """What is known of a tensor that comes in: whether it has a gradient, and the lower precision."""

    trained: bool = False
    half: bool = False


class _Run:
    """A step at its place in a body."""

    __slots__ = ("gradients", "inputs", "outputs", "step")

    def __init__(
        self, step: Step, inputs: tuple[Key | None, ...], outputs: tuple[Key, ...], gradients: int
    ) -> None:
        self.step, self.inputs, self.outputs = step, inputs, outputs
        self.gradients = gradients  # none where a layer is used again


class _Gradient:
    """The gradient of a tensor, which several may have together."""

    __slots__ = ("bytes", "shared")

    def __init__(self, bytes: int) -> None:
        self.bytes, self.shared = bytes, 1

    def again(self) -> _Gradient:
        self.shared += 1
        return self

    def released(self) -> int:
        """One has it no more; the bytes that this frees."""
        self.shared -= 1
        return 0 if self.shared else self.bytes


class Training:
    """The memory of training one graph, at the sizes that `number` gives."""

    def __init__(self, number: Callable[[Size], int], half: bool = False) -> None:
        """`half`: under autocast to a precision of two bytes."""
        self.number, self.half = number, half
        self.found: dict[tuple[int, tuple[Flow, ...]], Step] = {}

    def bytes(self, value: Value, half: bool = False) -> int:
        return self.number(value.type.bytes) // (2 if half else 1)

    def step(self, graph: Graph, flows: Sequence[Flow]) -> Step:
        """What a body does, with inputs such as these. Bodies are done before those that call them, so that
        the depth of a spec does not matter."""
        wanted = [(graph, tuple(flows))]
        while wanted:
            body = _Body(self, *wanted[-1])
            missing = body.walk()
            if missing:
                wanted += missing
            else:
                self.found[id(wanted[-1][0]), wanted[-1][1]] = body.step()
                wanted.pop()
        return self.found[id(graph), tuple(flows)]

    def of_node(self, node: OpNode, flows: Sequence[Flow]) -> Step:
        """What a use of an operator does."""
        trained = [flow.trained for flow in flows]
        # a tied weight gets a gradient at each of its uses, which are added in the end
        own = [param for param in node.params.values() if param.trainable]
        weights = sum(self.number(param.type.bytes) for param in own)
        weighted = any(param.trainable for param in node.params.values())
        inputs, results = saved.tensors(node.use, trained, weighted)
        learns = weighted or any(trained)
        types = tuple(value.type for value in node.outputs)
        kept = self.number(node.operator.workspace(node.use.again(), types)) if learns else 0
        view = node.operator.shares(node.use)
        autocast = node.operator.autocast if self.half else ""
        low = autocast == "low" or (not autocast and self._all_half(node, flows))
        if autocast == "low":
            matrices = [p for p in node.params.values() if p.trainable and len(p.shape) > 1]
            kept = kept // 2 + sum(self.number(param.type.bytes) for param in matrices) // 2
        if autocast:  # it works on copies, of which each use makes its own
            other = {n for n in inputs if _is_float(node, n) and flows[n].half is not low}
            inputs -= other
            kept += sum(self.bytes(_given(node, n), low) for n in other)
        halves = frozenset(n for n, v in enumerate(node.outputs) if low and v.type.dtype == "f32")
        made = 0
        if not view:
            made = sum(self.bytes(value, n in halves) for n, value in enumerate(node.outputs))
        floats = [n for n, value in enumerate(node.outputs) if is_float(value.type.dtype)]
        return Step(
            frozenset(inputs),
            frozenset(results),
            kept,
            made + kept,
            0,
            weights,
            dict.fromkeys(range(len(types)), 0) if view else {},
            frozenset(floats if learns else ()),
            halves,
            node.operator.name in _PASSING or (view and node.operator.name not in _PARTS),
        )

    def _all_half(self, node: OpNode, flows: Sequence[Flow]) -> bool:
        """Whether the numbers that meet here are all in the lower precision."""
        numbers = [flow.half for n, flow in enumerate(flows) if _is_float(node, n)]
        return self.half and bool(numbers) and all(numbers)


def _is_float(node: OpNode, number: int) -> bool:
    """Whether an input is of the dtype that autocast changes."""
    value = node.inputs[number]
    return value is not None and value.type.dtype == "f32"


def _given(node: OpNode, number: int) -> Value:
    value = node.inputs[number]
    assert value is not None
    return value


class _Body:
    """One walk through a body, forward and back. Memory is known by keys: a view has that of its base."""

    def __init__(self, training: Training, graph: Graph, flows: Sequence[Flow]) -> None:
        self.training, self.graph = training, graph
        given = list(zip(graph.inputs, flows, strict=True))
        self.learns = {id(value) for value, flow in given if flow.trained}
        self.half = {id(value) for value, flow in given if flow.half}
        self.keys: dict[int, Key] = {id(value): (id(value), 0) for value in graph.inputs}
        self.held: dict[Key, int] = {}  # the bytes of what is made here
        self.size: dict[Key, int] = {
            (id(value), 0): training.bytes(value, flow.half) for value, flow in given
        }
        self.runs: list[_Run] = []
        self.with_gradient: set[Key] = {(number, 0) for number in self.learns}

    def walk(self) -> list[tuple[Graph, tuple[Flow, ...]]]:
        """Lay the steps out one after another; the bodies that have to be known before, if there are any."""
        missing: list[tuple[Graph, tuple[Flow, ...]]] = []
        for node in self.graph.nodes:
            if not node.runs(training=True, number=self.training.number):
                continue
            if isinstance(node, Choice):
                side = node.region.takes(training=True, number=self.training.number)
                source = node.source(side is True)
                self.keys[id(node.outputs[0])] = self.keys[id(source)]
                for marks in (self.learns, self.half):
                    if id(source) in marks:
                        marks.add(id(node.outputs[0]))
                continue
            step = self._of(node, missing)
            if node.recomputed and not missing:
                step = self._again(node, step)
            if not missing:
                self._lay_out(node, step)
            for number, value in enumerate(node.outputs):
                if number in step.trained:
                    self.learns.add(id(value))
                if number in step.halves:
                    self.half.add(id(value))
        return missing

    def _of(self, node: Node, missing: list[tuple[Graph, tuple[Flow, ...]]]) -> Step:
        flags = tuple(Flow(id(v) in self.learns, id(v) in self.half) for v in node.inputs)
        if isinstance(node, OpNode):
            return self.training.of_node(node, flags)
        if isinstance(node, CallNode):
            found = self.training.found.get((id(node.graph), flags))
            if found is not None:
                return found
            missing.append((node.graph, flags))
        every = frozenset(range(len(node.outputs)))
        if not isinstance(node, OwnParam):
            return Step(trained=every)
        size = self.training.number(node.param.type.bytes) if node.param.trainable else 0
        return Step(gradients=size, trained=every if node.param.trainable else frozenset())

    def _again(self, node: Node, step: Step) -> Step:
        """A step of which only the inputs are kept: it is run again on the way back."""
        results = sum(self.training.bytes(v, n in step.halves) for n, v in enumerate(node.outputs))
        return replace(
            step,
            kept_inputs=frozenset(n for n, value in enumerate(node.inputs) if value is not None),
            kept_results=frozenset(),
            kept=0,
            backward=results + max(step.forward, step.backward),
        )

    def _lay_out(self, node: Node, step: Step) -> None:
        inputs = [None if value is None else self.keys[id(value)] for value in node.inputs]
        for copy in range(node.count):
            outputs: list[Key] = []
            for number, value in enumerate(node.outputs):
                source = inputs[step.views[number]] if number in step.views else None
                key = (id(value), copy) if source is None else source
                if source is None:
                    self.size[key] = self.training.bytes(value, number in step.halves)
                    self.held[key] = 0 if isinstance(node, OwnParam) else self.size[key]
                outputs.append(key)
                if number in step.trained:
                    self.with_gradient.add(key)
                self.keys[id(value)] = key
            gradients = 0 if node.shared else step.gradients
            self.runs.append(_Run(step, tuple(inputs), tuple(outputs), gradients))
            inputs = [*outputs[:1], *inputs[1:]]  # the next copy takes what this one gives

    def step(self) -> Step:
        """What the body does as a whole."""
        kept_by: dict[Key, int] = {}  # the first step that keeps it, and so the last that frees it
        read_by: dict[Key, int] = {}
        for at, run in enumerate(self.runs):
            for number, key in enumerate(run.inputs):
                if key is not None:
                    read_by[key] = at
                    if number in run.step.kept_inputs:
                        kept_by.setdefault(key, at)
            for number in run.step.kept_results:
                kept_by.setdefault(run.outputs[number], at)
        outputs = [self.keys[id(value)] for _, value in self.graph.outputs]
        inputs = {self.keys[id(value)]: number for number, value in enumerate(self.graph.inputs)}
        forward = self._forward(kept_by, read_by, outputs)
        trained = frozenset(
            n for n, (_, value) in enumerate(self.graph.outputs) if id(value) in self.learns
        )
        results = {key for key in outputs if key in self.held}
        own = {key: first for key, first in kept_by.items() if key in self.held}
        for key in results:  # the caller holds them
            own.pop(key, None)
        backward, gradients, kept = self._backward(own, {outputs[n] for n in trained})
        return Step(
            frozenset(inputs[key] for key in kept_by if key in inputs),
            frozenset(n for n, key in enumerate(outputs) if key in kept_by and key in self.held),
            kept,
            forward,
            backward,
            gradients,
            {n: inputs[key] for n, key in enumerate(outputs) if key in inputs},
            trained,
            frozenset(n for n, (_, v) in enumerate(self.graph.outputs) if id(v) in self.half),
        )

    def _forward(self, kept_by: dict[Key, int], read_by: dict[Key, int], outputs: list[Key]) -> int:
        alive = most = 0
        lasting = {*kept_by, *outputs}
        for at, run in enumerate(self.runs):
            most = max(most, alive + run.step.forward)
            own = [key for key in dict.fromkeys(run.outputs) if key in self.held]
            own = [key for key in own if key not in run.inputs]
            alive += run.step.kept + sum(self.held[key] for key in own)
            for key in {*own, *(key for key in run.inputs if key is not None)}:
                if key in self.held and key not in lasting and read_by.get(key, at) == at:
                    alive -= self.held[key]
        return most

    def _backward(self, kept_by: dict[Key, int], ends: set[Key]) -> tuple[int, int, int]:
        """The most on the way back; the gradients of weights; what is kept when it begins."""
        kept = sum(run.step.kept for run in self.runs) + sum(self.held[key] for key in kept_by)
        freed: dict[int, int] = {}  # after a step
        for key, first in kept_by.items():
            freed[first] = freed.get(first, 0) + self.held[key]
        gradients = {key: _Gradient(self.size[key]) for key in ends}
        alive = kept + sum(gradient.bytes for gradient in gradients.values())
        most, weights = alive, 0
        for at in range(len(self.runs) - 1, -1, -1):
            run = self.runs[at]
            given = [key for key in dict.fromkeys(run.outputs) if key in gradients]
            if given:
                during, grown = self._back_through(run, given, gradients)
                most = max(most, alive + during)
                alive += grown
                weights += run.gradients
            alive -= run.step.kept + freed.get(at, 0)
        return most, weights, kept

    def _back_through(
        self, run: _Run, given: list[Key], gradients: dict[Key, _Gradient]
    ) -> tuple[int, int]:
        """Take the gradients of results, give those of inputs and weights. By how much memory grows: on the
        way, and in the end, besides what the step has kept."""
        step = run.step
        taken = [key for key in given if key not in run.inputs]  # a view has that of its base
        grown, added = run.gradients, 0
        for key in dict.fromkeys(run.inputs):
            if key is None or key in given or key not in self.with_gradient:
                continue
            old, size = gradients.get(key), self.size[key]
            passes = step.passing and len(taken) == 1 and gradients[taken[0]].bytes == size
            if old is None and passes:
                gradients[key] = gradients[taken[0]].again()
                continue
            if not passes:
                added += size  # until it is added to what is there
            if old is None or old.shared > 1:  # in place only where nobody else has it
                if old is not None:
                    old.shared -= 1
                gradients[key] = _Gradient(size)
                grown += size
                added -= 0 if passes or old is not None else size
        during = grown + added
        if step.backward:  # a body, which frees what it has kept while it makes gradients
            inside = step.backward - sum(gradients[key].bytes for key in taken)
            during = max(inside, during) - step.kept
        for key in taken:
            grown -= gradients.pop(key).released()
        return during, grown
