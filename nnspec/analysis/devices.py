"""Whether training fits: the most that each of several devices holds at one moment of a step.

With ddp each device has the whole model, and its gradients lie ready for the exchange. With fsdp it has a
part of weights, gradients and optimizer state; a unit (a block of the spec) comes together while it computes,
the next one on its heels, and its gradient is whole until it is divided. The rest stays whole from
forward to backward.
"""

from __future__ import annotations

from nnspec.analysis import memory, params
from nnspec.analysis.training import Flow, Training
from nnspec.graph import CallNode
from nnspec.recipe.plan import UNIT_SHARE
from nnspec.records import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from nnspec.dims import Size
    from nnspec.graph import Graph, Value


class Wanted(Record):
    """How it is to be trained: on so many devices, which each hold `copies` tensors as large as the weights
    beside them (optimizer, average); `scratch`: the update makes one more."""

    devices: int
    strategy: str
    copies: int
    averages: int
    scratch: bool
    half: bool = False  # computed under autocast


class Forecast(Record):
    """Bytes of one device at the worst moment of a step, which is the update or before it."""

    parts: tuple[tuple[str, int], ...]
    in_update: bool

    @property
    def total(self) -> int:
        return sum(size for _, size in self.parts)


def forecast(
    graph: Graph, loss: Graph | None, number: Callable[[Size], int], wanted: Wanted
) -> Forecast:
    """What a device holds at most. `number` gives the sizes, the batch's that of one device."""
    training = Training(number, wanted.half)
    step = training.step(graph, [Flow()] * len(graph.inputs))
    trained = 4 * number(params.params(graph)[id(graph)])
    whole = number(memory.weights(graph))
    inputs = sum(training.bytes(value) for value in graph.inputs)
    given = at_loss = 0
    if loss is not None:
        outputs = {name: n for n, (name, _) in enumerate(graph.outputs)}
        scores = {name: Flow(n in step.trained, n in step.halves) for name, n in outputs.items()}
        ends = training.step(loss, [scores.get(value.name, Flow()) for value in loss.inputs])
        at_loss = step.kept + _sizes(training, graph.outputs) + max(ends.forward, ends.backward)
        given = sum(training.bytes(v) for v in loss.inputs if v.name not in outputs)
    divide = wanted.devices if wanted.strategy == "fsdp" else 1
    several = wanted.devices > 1
    part = -(-trained // divide)
    fixed = [
        ("weights", part + whole - trained),
        ("optimizer state", wanted.copies * part),
        ("average", wanted.averages * part),
        ("batch", inputs + given),
    ]
    gathered = _gathered(graph, number) if divide > 1 else 0
    # gradients appear as backward goes on, those of fsdp as parts; those of ddp lie ready for the exchange
    forward = max(step.forward, at_loss)
    if several and divide == 1:
        kept = max(forward, step.backward - trained)
        before = [("activations", kept), ("gradients", part)]
    else:
        # what is a gradient in the peak of backward is not known: no less than this, whatever it is
        backward = step.backward // divide + forward * (divide - 1) // divide
        before = [("activations and gradients", max(forward, backward))]
    if divide > 1:
        before.append(("weights of blocks brought together", gathered))
    update = [("gradients", part)] + ([("of the update", part)] if wanted.scratch else [])
    in_update = sum(n for _, n in update) >= sum(n for _, n in before)
    parts = [*fixed, *(update if in_update else before)]
    return Forecast(tuple((name, size) for name, size in parts if size), in_update)


def _sizes(training: Training, outputs: list[tuple[str, Value]]) -> int:
    return sum(training.bytes(value) for _, value in outputs)


def _gathered(graph: Graph, number: Callable[[Size], int]) -> int:
    """Bytes of whole weights and gradients that a device has at once where each holds a part of the model."""
    total = params.params(graph)
    least = number(total[id(graph)]) / UNIT_SHARE
    rest: dict[int, int] = {}  # weights of a body that belong to no unit inside
    largest = 0
    for body in graph.subgraphs():
        own = number(total[id(body)])
        for node in body.nodes:
            if isinstance(node, CallNode) and not node.shared:
                inner = number(total[id(node.graph)])
                own -= node.count * (inner - rest[id(node.graph)])
        if body.kind == "block" and own >= least and body is not graph:
            largest, own = max(largest, own), 0
        rest[id(body)] = own
    return 4 * (rest[id(graph)] + 3 * largest)
