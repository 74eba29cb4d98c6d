"""What must hold of any text, and of a right spec."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path
from typing import Any

import nnspec
from nnspec.checking import check_source
from nnspec.cli.output import Style
from nnspec.format import formatted
from nnspec.report.model import ModelReport, NotAdmitted
from nnspec.report.problems import draw_all
from nnspec.report.text import draw
from nnspec.source import Source


def checked(text: str) -> bool:
    """Check and draw a text, in full, and lay it out; whether it is right."""
    report = check_source(text, "fuzz.nn")
    if report.diagnostics:
        assert "error" in draw_all(report.diagnostics, False) or report.ok
    for problem in report.diagnostics:
        for span in filter(None, [problem.span, *(label.span for label in problem.labels)]):
            assert 0 <= span.start <= span.end <= len(span.source.text)
    if report.ok:
        draw(report, "fuzz.nn", Style(False, 100), None)
        for model in report.models.values():
            _ = model.layers, model.memory, model.receptive_field, model.requires
    laid_out, problems = formatted(Source(text, "fuzz.nn"))  # holds the two trees to be the same
    if not problems:
        assert formatted(Source(laid_out, "fuzz.nn"))[0] == laid_out
    return report.ok


def runs(text: str, rng: random.Random) -> None:
    """A right spec does in PyTorch what its report says: its shapes, its parameters, the sizes it takes."""
    report = check_source(text, "fuzz.nn")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "fuzz.nn"
        file.write_text(text, encoding="utf-8")
        spec = nnspec.load(file)
        # what nobody uses is checked, and told of, and not computed in PyTorch
        whole = not any(problem.code == "NN603" for problem in report.diagnostics)
        for name, model in report.models.items():
            _run(getattr(spec, name)().eval(), model, rng, whole)


def _run(module: Any, model: ModelReport, rng: random.Random, whole: bool) -> None:
    import torch

    assert sum(p.numel() for p in module.parameters()) == model.params.total
    for _ in range(3):
        sizes = {symbol: rng.randrange(1, rng.choice([5, 33])) for symbol in model.all_symbols}
        inputs = [
            torch.zeros(_numbers(shape, sizes), dtype=torch.long)
            if tensor.dtype == "i64"
            else torch.randn(_numbers(shape, sizes))
            for tensor, shape in ((t, t.shape) for t in model.inputs.values())
        ]
        try:
            expected = [tensor.shape for tensor in model.at(sizes).outputs.values()]
        except NotAdmitted:
            expected = None
        if expected is None and not whole:
            continue
        found = _shapes(module, inputs)
        assert found == expected, f"at {sizes} PyTorch gives {found}, not {expected}"


def _shapes(module: Any, inputs: list[Any]) -> list[tuple[int, ...]] | None:
    """The shapes that a module gives; None where PyTorch refuses the inputs, or does what nnspec refuses.

    Some of PyTorch's functions pass a size of 0 on, and the next ones make NaN of it; and a size that comes
    out as 1 for a small image is stretched to that of the other operand.
    """
    import torch
    from torch.overrides import TorchFunctionMode

    lenient = False

    class Watch(TorchFunctionMode):
        def __torch_function__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            nonlocal lenient
            made = func(*args, **(kwargs or {}))
            if isinstance(made, torch.Tensor):
                lenient = lenient or made.numel() == 0
            if getattr(func, "__name__", "").strip("_") in ("add", "sub", "mul", "iadd", "imul"):
                shapes = {arg.shape for arg in args if isinstance(arg, torch.Tensor)}
                lenient = lenient or len({shape for shape in shapes if len(shape) == 4}) > 1
            return made

    try:
        with torch.no_grad(), Watch():
            found = module(*inputs)
    except (RuntimeError, ValueError, IndexError):
        return None
    if lenient:
        return None
    return [tuple(t.shape) for t in ((found,) if isinstance(found, torch.Tensor) else found)]


def _numbers(shape: Any, sizes: dict[str, int]) -> tuple[int, ...]:
    return tuple(sizes.get(str(size), size) for size in shape)
