"""Specs that say what is expected of them: `# shape: N 64 56 56`, `# error[NN301]` and
`# warning[NN603]` at the line.

The shapes of the accepted ones are held against PyTorch: the compiled model runs on real tensors.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import nnspec
from nnspec.graph import CallNode, Graph, Value

CASES = Path(__file__).parent / "cases"
ACCEPT = sorted((CASES / "accept").glob("*.nn"))
REJECT = sorted((CASES / "reject").glob("*.nn"))
WARN = sorted((CASES / "warn").glob("*.nn"))


def expected(text: str, pattern: str) -> dict[int, list[str]]:
    """Line -> what its comment says."""
    return {
        number: re.findall(pattern, line)
        for number, line in enumerate(text.splitlines(), 1)
        if re.search(pattern, line)
    }


def values(graph: Graph) -> list[Value]:
    """Every tensor of the graph's own body, in order of execution."""
    return [*graph.inputs, *(value for node in graph.nodes for value in node.outputs)]


@pytest.mark.parametrize("path", REJECT, ids=lambda path: path.stem)
def test_reject(path: Path) -> None:
    text = path.read_text()
    report = nnspec.check(str(path))
    found: dict[int, list[str]] = {}
    for problem in report.diagnostics:
        if problem.severity == "error":
            assert problem.span is not None
            found.setdefault(problem.span.line, []).append(problem.code)
    assert found == expected(text, r"error\[(NN\d+)\]")
    assert not report.ok


@pytest.mark.parametrize("path", WARN, ids=lambda path: path.stem)
def test_warn(path: Path) -> None:
    report = nnspec.check(str(path))
    found: dict[int, list[str]] = {}
    for problem in report.diagnostics:
        assert problem.span is not None
        assert problem.severity == "warning", problem.message
        found.setdefault(problem.span.line, []).append(problem.code)
    assert found == expected(path.read_text(), r"warning\[(NN\d+)\]")
    assert report.ok
    assert report.models


@pytest.mark.parametrize("path", ACCEPT, ids=lambda path: path.stem)
def test_accept(path: Path) -> None:
    text = path.read_text()
    report = nnspec.check(str(path))
    assert not report.diagnostics, [problem.message for problem in report.diagnostics]
    shapes = expected(text, r"# shape: (.*)$")
    assert shapes or "return" in text
    last: dict[int, str] = {}
    for model in report.models.values():
        for value in values(model.graph):
            if value.span is not None and value.span.source.name == str(path):
                line = value.span.source.position(value.span.end)[0]
                last[line] = " ".join(str(size) for size in value.type.shape)
    assert {line: last.get(line) for line in shapes} == {
        line: wanted[0] for line, wanted in shapes.items()
    }


@pytest.mark.parametrize("path", ACCEPT, ids=lambda path: path.stem)
def test_accepted_models_run_in_pytorch_with_these_shapes(path: Path) -> None:
    torch = pytest.importorskip("torch")
    spec = nnspec.load(str(path))
    report = nnspec.check(str(path))
    for name, model in report.models.items():
        numbers = {symbol: 2 + i for i, symbol in enumerate(model.all_symbols)}
        fixed = model.at(numbers)
        inputs = [
            torch.zeros(tensor.shape, dtype=torch.long)
            if tensor.dtype == "i64"
            else torch.randn(*tensor.shape)
            for tensor in fixed.inputs.values()
        ]
        module = getattr(spec, name)()
        outputs = module(*inputs)
        outputs = (outputs,) if isinstance(outputs, torch.Tensor) else outputs
        assert [tuple(o.shape) for o in outputs] == [t.shape for t in fixed.outputs.values()]
        assert sum(p.numel() for p in module.parameters()) == fixed.params.total


def test_the_cases_use_every_kind_of_graph_node() -> None:
    kinds = set()
    for path in ACCEPT:
        for model in nnspec.check(str(path)).models.values():
            for graph in model.graph.subgraphs():
                kinds |= {type(node).__name__ for node in graph.nodes}
                kinds |= {"repeated" for node in graph.nodes if node.count > 1}
                kinds |= {"shared" for node in graph.nodes if node.shared}
                kinds |= {
                    "sequence"
                    for n in graph.nodes
                    if isinstance(n, CallNode) and n.graph.kind == "sequence"
                }
    assert kinds >= {"OpNode", "CallNode", "OwnParam", "repeated", "shared", "sequence"}
