"""The files that a model is handed on as, each written whole or not at all."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from nnspec.dims import render
from nnspec.exporting.program import Exported, exported
from nnspec.graph import Graph
from nnspec.training.errors import RunError
from nnspec.training.run import save_tensors

#: how far another runtime's outputs may be from PyTorch's, relative and absolute
RELATIVE, ABSOLUTE = 1e-3, 1e-4


class Written:
    """Remarks on a file that was written; `narrower`: the sizes that it takes, where they are not all
    that the spec admits."""

    def __init__(self, remark: str, narrower: str = "") -> None:
        self.remark, self.narrower = remark, narrower


def write_safetensors(
    module: nn.Module, graph: Graph, fixed: Mapping[str, int], file: Path
) -> Written:
    """The state dict: `safetensors.torch.load_file` reads it."""
    state = dict(module.state_dict())
    save_tensors(file, state)
    return Written(f"{len(state)} tensors: the state dict of `{graph.name}`")


def write_pt2(module: nn.Module, graph: Graph, fixed: Mapping[str, int], file: Path) -> Written:
    """An exported program: `torch.export.load(file).module()` runs it, without nnspec.

    Several outputs come back as a dictionary, by their names.
    """
    made = exported(module, graph, fixed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _whole(file, lambda path: torch.export.save(made.program, path))
    return Written("torch.export.load reads it", made.narrower)


def write_onnx(module: nn.Module, graph: Graph, fixed: Mapping[str, int], file: Path) -> Written:
    """An ONNX model, with the names of the spec; where onnxruntime is there, it is run and compared
    with PyTorch. RunError where its outputs differ, and the file is not written."""
    _needs("onnx", "onnxscript")
    made = exported(module, graph, fixed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            program: Any = torch.onnx.export(made.program, dynamo=True, verbose=False)
        except Exception as error:  # an operator that ONNX has not, told in many ways
            reason = str(error).strip().partition("\n")[0]
            raise RunError(f"`{graph.name}` cannot be said in ONNX: {reason}") from None
    _name(program, graph, fixed)
    remarks: list[str] = []

    def write(path: Path) -> None:
        program.save(path)
        remarks.append(_compared(module, made, path))

    _whole(file, write)
    return Written(remarks[0], made.narrower)


def _name(program: Any, graph: Graph, fixed: Mapping[str, int]) -> None:
    """Inputs, outputs and their sizes are called as in the spec."""
    import onnx_ir

    def shape(sizes: Any) -> Any:
        return onnx_ir.Shape([fixed.get(s, s) if isinstance(s, str) else s for s in sizes])

    for value, given in zip(program.model.graph.inputs, graph.inputs, strict=True):
        value.name, value.shape = given.name, shape([_shown(s) for s in given.type.shape])
    taken = {given.name for given in graph.inputs}
    for value, (name, result) in zip(program.model.graph.outputs, graph.outputs, strict=True):
        if name not in taken:  # an input that is also an output keeps its one name
            value.name = name
        if not fixed:
            value.shape = shape([_shown(s) for s in result.type.shape])


def _shown(size: Any) -> int | str:
    return size if isinstance(size, int) else render(size)


def _compared(module: nn.Module, made: Exported, file: Path) -> str:
    """How far onnxruntime's outputs are from PyTorch's. RunError where that is too far."""
    try:
        import onnxruntime
    except ImportError:
        return "not compared with PyTorch: onnxruntime is not installed"
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    names = [given.name for given in session.get_inputs()]
    farthest = 0.0
    for inputs in made.inputs:
        values = inputs.values()
        found = session.run(None, {n: v.numpy() for n, v in zip(names, values, strict=True)})
        with torch.inference_mode():
            result = module.eval()(*values)
        wanted = [result] if isinstance(result, Tensor) else list(result)
        for ours, theirs in zip(wanted, map(torch.from_numpy, found), strict=True):
            farthest = max(farthest, _distance(ours, theirs))
    return f"onnxruntime gives what PyTorch gives (largest difference {farthest:.1g})"


def _distance(ours: Tensor, theirs: Tensor) -> float:
    """The largest difference. RunError where it is too large."""
    alike = ours.shape == theirs.shape
    if not alike or not torch.allclose(ours.to(theirs.dtype), theirs, RELATIVE, ABSOLUTE):
        raise RunError("onnxruntime and PyTorch do not agree on this model", "nothing is written")
    return float((ours.double() - theirs.double()).abs().max()) if ours.numel() else 0.0


def _needs(*packages: str) -> None:
    from importlib.util import find_spec

    missing = [package for package in packages if find_spec(package) is None]
    if missing:
        raise RunError(
            f"ONNX needs {' and '.join(missing)}, not installed here",
            'pip install "nnspec[export]"',
        )


def _whole(file: Path, write: Callable[[Path], object]) -> None:
    """Write beside, then put in place."""
    neighbour = file.with_name(f".{os.getpid()}.{file.name}")
    try:
        write(neighbour)
        os.replace(neighbour, file)
    except OSError as error:
        raise RunError(f"{file} cannot be written: {error.strerror or error}") from None
    finally:
        neighbour.unlink(missing_ok=True)


#: ending of the file -> what writes it
WRITERS: dict[str, Callable[[nn.Module, Graph, Mapping[str, int], Path], Written]] = {
    "onnx": write_onnx,
    "pt2": write_pt2,
    "safetensors": write_safetensors,
}
