"""Layers under one label that run one after the other become one `nn.Sequential`.

    for j in range(n):
        x = x -> features[i][j]: Block(width)

is in a graph a node for each layer, `features.1.0`, `features.1.1`, …; a person writes
`self.features = nn.Sequential(…)` and calls it once. The keys of the state dict are the same.
"""

from __future__ import annotations

from itertools import groupby, pairwise

from nnspec.graph import CallNode, Graph, Node, OpNode, OwnParam, Value


def gather(graph: Graph) -> None:
    """Put each container whose layers are such a chain in the place of its layers."""
    before = {id(node): node for node in graph.nodes}
    _gather(graph, 1)
    holder = {id(node): node for node in graph.nodes}
    for node in graph.nodes:
        if isinstance(node, CallNode) and node.graph.definition is None:
            holder.update((inner, node) for inner in _inside(node) if inner in before)
    graph.declared = [
        (name, None if after is None else holder.get(id(after), after))
        for name, after in graph.declared
    ]


def _inside(node: CallNode) -> list[int]:
    found: list[int] = []
    for inner in node.graph.nodes:
        found.append(id(inner))
        if isinstance(inner, CallNode) and inner.graph.definition is None:
            found += _inside(inner)
    return found


def _gather(graph: Graph, depth: int) -> None:
    """The containers that a path's first `depth` parts name; where one is no chain, those in it."""
    containers: dict[tuple[str, ...], list[Node]] = {}
    for node in graph.nodes:
        for path in (node.path, node.alias):
            if len(path) > depth:
                containers.setdefault(path[:depth], []).append(node)
    for path, nodes in containers.items():
        if _is_chain(graph, nodes, depth):
            _replace(graph, nodes, _sequence(nodes, path, depth))
    if any(len(node.path) > depth + 1 for node in graph.nodes):
        _gather(graph, depth + 1)


def _is_chain(graph: Graph, nodes: list[Node], depth: int) -> bool:
    """Whether these are all layers of a container, and each takes the one result of the one before."""
    if not all(map(_is_plain, nodes)):
        return False
    used = [value for node in graph.nodes for value in node.inputs]
    used += [value for _, value in graph.outputs]
    for earlier, later in pairwise(nodes):
        result = earlier.outputs[0]
        if later.inputs[0] is not result or sum(value is result for value in used) != 1:
            return False
    steps = [node for node in graph.nodes if not isinstance(node, OwnParam)]
    first = next(number for number, node in enumerate(steps) if node is nodes[0])
    together = steps[first : first + len(nodes)]
    return together == nodes and _in_order([node.path for node in nodes], depth)


def _is_plain(node: Node) -> bool:
    """Whether a node is one layer of its own that takes one tensor and gives one."""
    if not node.labelled or node.shared or node.alias or node.recomputed or node.count > 1:
        return False
    if node.when is not None:
        return False
    if len(node.inputs) != 1 or len(node.outputs) != 1:
        return False
    if isinstance(node, OpNode):
        made = node.operator.module(node.use)
        return made is not None and made.plain
    return isinstance(node, CallNode)


def _in_order(paths: list[tuple[str, ...]], depth: int) -> bool:
    """Whether the layers of each container inside stand together."""
    names = [name for name, _ in groupby(paths, lambda path: path[depth])]
    if len(names) != len(set(names)):
        return False
    inside = [[*each] for _, each in groupby(paths, lambda path: path[depth])]
    return all(len(each[0]) == depth + 1 or _in_order(each, depth + 1) for each in inside)


def _sequence(nodes: list[Node], path: tuple[str, ...], depth: int) -> CallNode:
    """A composed layer of these; `path` is where it lives."""
    graph = Graph("sequence", "sequence")
    source, result = nodes[0].inputs[0], nodes[-1].outputs[0]
    assert source is not None
    for name, group in groupby(nodes, lambda node: node.path[depth]):
        inside = [*group]
        step = inside[0] if len(inside[0].path) == depth + 1 else None
        graph.nodes.append(step or _sequence(inside, (name,), depth + 1))
    current = Value(source.type, None, 0, source.name, source.span)
    graph.inputs = [current]
    for node in graph.nodes:
        node.path, node.inputs = node.path[-1:], (current,)
        current = node.outputs[0]
    graph.outputs = [("output", current)]
    made = CallNode(graph, (source,), path, nodes[0].span)
    made.labelled = True
    made.outputs = (Value(result.type, made, 0, result.name, result.span),)
    return made


def _replace(graph: Graph, nodes: list[Node], made: CallNode) -> None:
    """The composed layer stands where the first of its layers stood."""
    old, new = nodes[-1].outputs[0], made.outputs[0]
    gone = {id(node) for node in nodes[1:]}
    graph.nodes = [
        made if node is nodes[0] else node for node in graph.nodes if id(node) not in gone
    ]
    for node in graph.nodes:
        if node is not made:
            node.inputs = tuple(new if value is old else value for value in node.inputs)
    graph.outputs = [(name, new if value is old else value) for name, value in graph.outputs]
