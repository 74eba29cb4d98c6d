"""torchvision as the judge of the zoo: published figures, names, outputs, gradients."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import nnspec

SPECS = Path(__file__).parent.parent.parent / "specs"


def spec(file: str, name: str) -> str:
    return f"{SPECS / file}.nn:{name}"


def published_sizes(weights: Any) -> dict[str, int]:
    """The sizes at which torchvision counted: the crop; 520 x 520 for segmentation; 16 frames."""
    given = weights.transforms.keywords
    size = given.get("crop_size", given.get("resize_size"))
    height, width = size if isinstance(size, (tuple, list)) else (size, size)
    frames = {"T": 16} if "video" in type(weights).__module__ else {}
    return {"N": 1, **frames, "H": height, "W": width}


def figures(file: str, name: str, sizes: dict[str, int]) -> tuple[int, float] | None:
    """Parameters and GMACs of a spec for an input of these sizes; None where it takes no such input."""
    model = nnspec.check(spec(file, name)).models[name]
    for given in model.inputs.values():
        wanted = (*given.shape[:-2], sizes["H"], sizes["W"])
        if any(b not in (a, *free(model)) for a, b in zip(wanted, given.shape, strict=True)):
            return None
    at = model.at({key: size for key, size in sizes.items() if key in free(model)})
    assert at.params.total == at.params.trainable
    return at.params.total, round(at.macs / 1e9, 3)


def free(model: Any) -> set[str]:
    """The symbols in a model's inputs."""
    return {
        size for given in model.inputs.values() for size in given.shape if isinstance(size, str)
    }


def built(models: Any, name: str, **given: Any) -> Any:
    """A torchvision module without pretrained weights, also of its backbone."""
    return models.get_model(name, weights=None, **given)


@cache
def family(file: str) -> Any:
    """The models of a spec. Many tests make modules of them; compiling takes longer than all else."""
    return nnspec.load(f"{SPECS / file}.nn")


def compiled(file: str, name: str, **settings: Any) -> Any:
    return family(file).model(name)(**settings)


def assert_same_names(file: str, name: str, models: Any, **given: Any) -> None:
    """The same state dict in keys, order, shapes and dtypes. Nothing is allocated."""
    torch = import_module("torch")
    with torch.device("meta"):
        theirs = built(models, name, **given).state_dict()
        ours = compiled(file, name).state_dict()
    assert list(ours) == list(theirs)
    assert [(v.shape, v.dtype) for v in ours.values()] == [
        (v.shape, v.dtype) for v in theirs.values()
    ]


def pair(ours: Any, theirs: Any) -> tuple[Any, Any]:
    """Both with the same weights: torchvision's random ones, none of which is left at 0."""
    torch = import_module("torch")
    for (name, a), (_, b) in zip(ours.named_buffers(), theirs.named_buffers(), strict=True):
        assert torch.equal(a, b), f"{name} begins otherwise"
    generator = torch.Generator().manual_seed(0)
    weights = theirs.state_dict()
    buffers = dict(theirs.named_buffers())
    for key, value in weights.items():
        if key not in buffers or "running" in key:
            noise = 0.02 * torch.randn(value.shape, generator=generator)
            value.add_(noise.abs() if key.endswith("var") else noise)
    ours.load_state_dict(weights)
    return ours, theirs


def tensors(result: Any) -> list[Any]:
    """The outputs of a model in order."""
    if isinstance(result, dict):
        return list(result.values())
    return list(result) if isinstance(result, tuple) else [result]


def assert_same_outputs(ours: Any, theirs: Any, *inputs: Any) -> None:
    """Bit for bit, in evaluation."""
    torch = import_module("torch")
    ours.eval(), theirs.eval()
    with torch.no_grad():
        found, wanted = tensors(ours(*inputs)), tensors(theirs(*inputs))
    assert len(found) == len(wanted)
    for a, b in zip(found, wanted, strict=True):
        assert torch.equal(a, b), (a - b).abs().max()
        assert a.std() > 0, "the comparison would tell nothing"


def assert_same_gradients(ours: Any, theirs: Any, *inputs: Any) -> None:
    """Bit for bit in training under one seed, with what the batch norms have learned."""
    torch = import_module("torch")
    given = []
    for module in (ours, theirs):
        module.train()
        leaves = [x.clone().requires_grad_() for x in inputs]
        torch.manual_seed(1)
        outputs = tensors(module(*leaves))
        torch.manual_seed(2)
        sum((output * torch.randn_like(output)).sum() for output in outputs).backward()
        given.append([leaf.grad for leaf in leaves])
    assert all(torch.equal(*pair) for pair in zip(*given, strict=True))
    unequal = [
        (name, float((a.grad - b.grad).abs().max() / b.grad.abs().max()))
        for (name, a), (_, b) in zip(
            ours.named_parameters(), theirs.named_parameters(), strict=True
        )
        if a.grad is None or not torch.equal(a.grad, b.grad)
    ]
    assert not unequal
    for (name, a), (_, b) in zip(ours.named_buffers(), theirs.named_buffers(), strict=True):
        assert torch.equal(a, b), name


def runs(module: Any, *inputs: Any) -> bool:
    """Whether PyTorch accepts these inputs."""
    torch = import_module("torch")
    try:
        with torch.no_grad():
            module.eval()(*inputs)
    except (RuntimeError, AssertionError, ValueError):
        return False
    return True


def assert_admits(file: str, name: str, theirs: Any, shapes: Iterable[tuple[int, ...]]) -> None:
    """What a spec says of these input shapes is what torchvision does with them. Both kinds occur."""
    torch = import_module("torch")
    model = nnspec.check(spec(file, name)).models[name]
    (given,) = model.inputs.values()
    seen = set()
    for shape in shapes:
        sizes = {
            key: size for key, size in zip(given.shape, shape, strict=True) if key in free(model)
        }
        fits = all(a == b for a, b in zip(given.shape, shape, strict=True) if a not in free(model))
        wanted = runs(theirs, torch.randn(shape))
        assert (fits and model.admits(sizes)) == wanted, shape
        seen.add(wanted)
    assert seen == {True, False}
