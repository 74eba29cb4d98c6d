"""A softmax before a loss that has its own (NN607)."""

from __future__ import annotations

from nnspec.analysis.lint.layers import source
from nnspec.diagnostics import Label, Problem
from nnspec.graph import CallNode, OpNode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from nnspec.graph import Graph, Value

SQUASHES = ("softmax", "log_softmax", "sigmoid")
#: loss -> what it does to the scores itself
OWN = {
    "cross_entropy": "softmax",
    "binary_cross_entropy_with_logits": "sigmoid",
}
#: operators that leave each value as it is
PASSES = (
    "flatten", "reshape", "squeeze", "unsqueeze", "transpose", "permute", "rearrange", "index",
    "identity", "dropout",
)  # fmt: skip


def losses(graph: Graph, model: Graph | None = None) -> Iterator[Problem]:
    """The warnings for the losses in a graph; the inputs of a train part's loss are outputs of `model`."""
    for node in graph.nodes:
        if not isinstance(node, OpNode) or node.operator.name not in OWN:
            continue
        squash = _squash(node.inputs[0], model)
        if squash is None:
            continue
        name, loss = squash.operator.name, node.operator.name
        yield Problem(
            "NN607",
            f"`{loss}` takes the scores as they are: it has a {OWN[loss]} of its own",
            node.span,
            labels=(Label(squash.span, f"this `{name}` comes before it"),),
            help=f"leave out the `{name}`; apply it where the predictions are used",
        )


def _squash(value: Value | None, model: Graph | None) -> OpNode | None:
    """The softmax that made the scores, whatever moved them about since."""
    while value is not None:
        if value.node is None and model is not None:
            value, model = dict(model.outputs).get(value.name), None
            continue
        if isinstance(value.node, CallNode) or value.node is None:
            found = source(value)
        else:
            found = value.node
        if not isinstance(found, OpNode):
            return None
        if found.operator.name in SQUASHES:
            return found
        if found.operator.name not in PASSES:
            return None
        value = found.inputs[0]
    return None
