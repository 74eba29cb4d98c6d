"""What PyTorch's tools do with a compiled model, each held against the model itself run eagerly.

`ABILITIES` has a check for each; it gets the model in evaluation and its inputs, and asserts. They are
run on a few models by `test_abilities.py`, on the whole zoo by `deep.py`.
"""

from __future__ import annotations

import copy
import io
import os
import pickle
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.nn.parallel import DistributedDataParallel
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from nnspec.compiler.variants import graph_of
from nnspec.exporting.formats import write_onnx
from nnspec.exporting.program import exported, sample_inputs, sample_sizes

Inputs = list[Tensor]


def inputs_of(model: Any) -> Inputs:
    """Drawn inputs of sizes that the model admits, near 40."""
    graph = graph_of(model)
    names = {name for value in graph.inputs for size in value.type.shape for name in _names(size)}
    sizes = sample_sizes(graph, sorted(names), {}, True)
    assert sizes is not None
    return [*sample_inputs(graph, sizes).values()]


def _names(size: Any) -> frozenset[str]:
    return frozenset() if isinstance(size, int) else size.symbols


def results(found: Any) -> list[Tensor]:
    """The tensors of one output, of several, or of those of a stored program."""
    return [leaf for leaf in tree_leaves(found) if isinstance(leaf, Tensor)]


def same(found: Any, wanted: Any, exact: bool = False) -> None:
    """The results are those of the model itself."""
    tolerance = {"rtol": 0.0, "atol": 0.0} if exact else {"rtol": 1e-4, "atol": 1e-4}
    torch.testing.assert_close(results(found), results(wanted), **tolerance)


# -- following and storing -------------------------------------------------------------------------


def fullgraph(model: nn.Module, inputs: Inputs) -> None:
    """`torch.compile` sees one graph."""
    torch._dynamo.reset()
    same(torch.compile(model, fullgraph=True, backend="eager")(*inputs), model(*inputs))


def export(model: nn.Module, inputs: Inputs) -> None:
    """`torch.export` leaves open the sizes that the spec admits."""
    made = exported(model, graph_of(model), {})
    for given in made.inputs:
        tensors = list(given.values())
        same(made.program.module()(*tensors), model(*tensors))


def fx(model: nn.Module, inputs: Inputs) -> None:
    same(torch.fx.symbolic_trace(model)(*inputs), model(*inputs))


def trace(model: nn.Module, inputs: Inputs) -> None:
    same(torch.jit.trace(model, tuple(inputs), check_trace=False)(*inputs), model(*inputs))


def onnx(model: nn.Module, inputs: Inputs) -> None:
    """The ONNX file is run by onnxruntime and compared; its names are the spec's."""
    import onnx as reader

    graph = graph_of(model)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.onnx"
        write_onnx(model, graph, {}, file)
        read = reader.load(str(file), load_external_data=False).graph
    assert [given.name for given in read.input] == [value.name for value in graph.inputs]
    assert [given.name for given in read.output] == [name for name, _ in graph.outputs]


def pickled(model: nn.Module, inputs: Inputs) -> None:
    same(pickle.loads(pickle.dumps(model))(*inputs), model(*inputs), exact=True)
    stream = io.BytesIO()
    torch.save(model, stream)
    stream.seek(0)
    same(torch.load(stream, weights_only=False)(*inputs), model(*inputs), exact=True)


def copied(model: nn.Module, inputs: Inputs) -> None:
    """A deep copy gives the same, and shares nothing."""
    twin = copy.deepcopy(model)
    same(twin(*inputs), model(*inputs), exact=True)
    places = {tensor.data_ptr() for tensor in model.state_dict().values() if tensor.numel()}
    assert not any(tensor.data_ptr() in places for tensor in twin.state_dict().values())


# -- making ----------------------------------------------------------------------------------------


class _Made(TorchDispatchMode):
    """Notes what is made elsewhere than on the meta device."""

    def __init__(self) -> None:
        super().__init__()
        self.elsewhere: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        found = func(*args, **(kwargs or {}))
        if any(tensor.device.type != "meta" for tensor in results(found)):
            self.elsewhere.append(str(func))
        return found


def made(cls: Any) -> None:
    """On the meta device nothing is allocated; each dtype is that which is asked for."""
    with _Made() as seen:
        model = cls(device="meta", dtype=torch.bfloat16)
    assert not seen.elsewhere, seen.elsewhere
    with torch.device("meta"):
        plain = cls()
    assert torch.get_default_dtype() is torch.float32
    for half, full in zip(model.state_dict().values(), plain.state_dict().values(), strict=True):
        assert half.is_meta
        assert full.is_meta
        assert half.dtype is (torch.bfloat16 if full.dtype is torch.float32 else full.dtype)


# -- several processes -----------------------------------------------------------------------------


@contextmanager
def group(rank: int = 0, world: int = 1, file: str = "") -> Iterator[None]:
    """A group of processes on the CPU; `file` is where they meet."""
    with tempfile.TemporaryDirectory() as folder:
        meeting = file or os.path.join(folder, "meeting")
        dist.init_process_group("gloo", f"file://{meeting}", rank=rank, world_size=world)
        try:
            yield
        finally:
            dist.destroy_process_group()


def gradients(model: nn.Module, inputs: Inputs) -> dict[str, Tensor]:
    """Those of the sum of all outputs, gathered where they are shards."""
    model.zero_grad()
    sum(result.float().sum() for result in results(model(*inputs))).backward()  # type: ignore[union-attr]
    found = {}
    for name, parameter in model.named_parameters():
        if parameter.grad is not None:
            grad: Any = parameter.grad
            found[name.removeprefix("module.")] = (
                grad.full_tensor() if hasattr(grad, "full_tensor") else grad
            ).clone()
    return found


def ddp(model: nn.Module, inputs: Inputs) -> None:
    """Gradients are the mean of those of the processes, which have the same inputs here."""
    wanted = gradients(model, inputs)
    found = gradients(DistributedDataParallel(copy.deepcopy(model)), inputs)
    _alike(found, wanted)


def fsdp(model: nn.Module, inputs: Inputs) -> None:
    """Each block is sharded by itself, and then the whole."""
    wanted, expected = gradients(model, inputs), model(*inputs)
    twin = copy.deepcopy(model)
    mesh = init_device_mesh("cpu", (dist.get_world_size(),))
    for block in blocks(twin):
        fully_shard(block, mesh=mesh)
    fully_shard(twin, mesh=mesh)
    same(twin(*inputs), expected)
    _alike(gradients(twin, inputs), wanted)


def blocks(model: nn.Module) -> list[nn.Module]:
    """The uses of the spec's own blocks that have parameters, innermost first."""
    home = type(model).__module__
    return [
        module
        for name, module in reversed([*model.named_modules()])
        if name and type(module).__module__ == home and any(True for _ in module.parameters())
    ]


def _alike(found: dict[str, Tensor], wanted: dict[str, Tensor]) -> None:
    assert found.keys() == wanted.keys()
    for name, grad in wanted.items():
        scale = max(1.0, float(grad.abs().max()))
        torch.testing.assert_close(found[name] / scale, grad / scale, rtol=1e-4, atol=1e-4)


ABILITIES: dict[str, Callable[[nn.Module, Inputs], None]] = {
    "pickle": pickled,
    "deepcopy": copied,
    "fx": fx,
    "trace": trace,
    "compile": fullgraph,
    "export": export,
    "onnx": onnx,
    "ddp": ddp,
    "fsdp": fsdp,
}
DISTRIBUTED = ("ddp", "fsdp")
