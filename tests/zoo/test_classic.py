"""The zoo's classic image classifiers against torchvision, from AlexNet to RegNet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import nnspec
from tests.zoo import judge

FAMILIES = {
    "alexnet": ["alexnet"],
    "vgg": [f"vgg{n}{norm}" for n in (11, 13, 16, 19) for norm in ("", "_bn")],
    "squeezenet": ["squeezenet1_0", "squeezenet1_1"],
    "densenet": ["densenet121", "densenet161", "densenet169", "densenet201"],
    "resnet": [
        *(f"resnet{depth}" for depth in (18, 34, 50, 101, 152)),
        *("resnext50_32x4d", "resnext101_32x8d", "resnext101_64x4d"),
        *("wide_resnet50_2", "wide_resnet101_2"),
    ],
    "googlenet": ["googlenet"],
    "inception_v3": ["inception_v3"],
    "mobilenet_v2": ["mobilenet_v2"],
    "mobilenet_v3": ["mobilenet_v3_large", "mobilenet_v3_small"],
    "shufflenet_v2": [f"shufflenet_v2_x{width}" for width in ("0_5", "1_0", "1_5", "2_0")],
    "mnasnet": [f"mnasnet{width}" for width in ("0_5", "0_75", "1_0", "1_3")],
    "regnet": [
        *(f"regnet_{kind}_{n}mf" for kind in "xy" for n in (400, 800)),
        *(f"regnet_{kind}_{n}gf" for kind in "xy" for n in ("1_6", "3_2", 8, 16, 32)),
        "regnet_y_128gf",
    ],
}
BUILDERS = [(file, name) for file, names in FAMILIES.items() for name in names]
FILE = {name: file for file, name in BUILDERS}
#: settings of torchvision's builder: weights that are drawn slowly are not needed here
THEIRS = {name: {"init_weights": False} for name in ("googlenet", "inception_v3")}

#: a small input for one builder of each kind
SMALL = {
    "alexnet": (2, 3, 63, 67),
    "vgg11_bn": (2, 3, 32, 38),
    "squeezenet1_0": (2, 3, 40, 47),
    "squeezenet1_1": (2, 3, 40, 47),
    "densenet121": (2, 3, 40, 56),
    "resnet18": (2, 3, 33, 40),
    "resnext50_32x4d": (2, 3, 33, 40),
    "regnet_x_400mf": (2, 3, 33, 40),
    "regnet_y_400mf": (2, 3, 33, 40),
    "mobilenet_v2": (2, 3, 33, 40),
    "mobilenet_v3_large": (2, 3, 33, 40),
    "mobilenet_v3_small": (2, 3, 33, 40),
    "shufflenet_v2_x0_5": (2, 3, 33, 40),
    "mnasnet0_5": (2, 3, 33, 40),
}

#: input shapes around the least that a family takes
AROUND = {
    "alexnet": [(1, 3, 63, 63), (1, 3, 62, 63), (1, 3, 63, 62), (1, 1, 63, 63)],
    "vgg11_bn": [(1, 3, 32, 32), (1, 3, 31, 32), (1, 3, 32, 31), (1, 4, 32, 32)],
    "squeezenet1_0": [(1, 3, h, w) for h in range(18, 24) for w in (20, 21, 22)],
    "squeezenet1_1": [(1, 3, h, w) for h in range(14, 20) for w in (16, 17, 18)],
    "densenet121": [(1, 3, h, w) for h in (28, 29, 32) for w in (28, 29, 33)],
    "resnet18": [(1, 3, 1, 1), (1, 3, 17, 2), (1, 1, 32, 32)],
    "regnet_y_400mf": [(1, 3, 1, 1), (1, 3, 17, 2), (1, 1, 32, 32)],
    "mobilenet_v2": [(1, 3, 1, 1), (1, 3, 17, 2), (1, 1, 32, 32)],
    "mobilenet_v3_small": [(1, 3, 1, 1), (1, 3, 17, 2), (1, 1, 32, 32)],
    "shufflenet_v2_x0_5": [(1, 3, 1, 1), (1, 3, 17, 2), (1, 1, 32, 32)],
    "mnasnet0_5": [(1, 3, 1, 1), (1, 3, 17, 2), (1, 1, 32, 32)],
}


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """Small tensors: several threads would wait for each other."""
    torch = pytest.importorskip("torch")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def without_aux(name: str, folder: Path) -> str:
    """A spec of that name without auxiliary heads, as a file for the judge (less its suffix)."""
    lines = f"from zoo.{name} import {name} as Whole\nmodel {name} = Whole(aux_logits=false)\n"
    (folder / "plain.nn").write_text(lines, encoding="utf-8")
    return str(folder / "plain")


by_name = pytest.mark.parametrize(("file", "name"), BUILDERS, ids=[name for _, name in BUILDERS])


@by_name
def test_published_figures(file: str, name: str, torchvision_models: Any, tmp_path: Path) -> None:
    """Of all weights that were published."""
    if name == "googlenet":  # it was published without its auxiliary heads
        file = without_aux(name, tmp_path)
    for weights in torchvision_models.get_model_weights(name):
        found = judge.figures(file, name, judge.published_sizes(weights))
        assert found == (weights.meta["num_params"], weights.meta["_ops"])


@by_name
def test_names(
    file: str, name: str, torchvision_models: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch = pytest.importorskip("torch")
    params = torchvision_models.regnet.BlockParams
    computed = params.from_init_params

    def on_the_cpu(**given: Any) -> Any:  # torchvision computes RegNet's widths with tensors
        with torch.device("cpu"):
            return computed(**given)

    monkeypatch.setattr(params, "from_init_params", on_the_cpu)
    judge.assert_same_names(file, name, torchvision_models, **THEIRS.get(name, {}))


@pytest.mark.parametrize("name", SMALL)
def test_outputs_and_gradients(name: str, torchvision_models: Any) -> None:
    torch = pytest.importorskip("torch")
    ours = judge.compiled(FILE[name], name)
    theirs = judge.built(torchvision_models, name)
    judge.pair(ours, theirs)
    x = torch.randn(SMALL[name], generator=torch.Generator().manual_seed(0))
    judge.assert_same_outputs(ours, theirs, x)
    judge.assert_same_gradients(ours, theirs, x)


@pytest.mark.parametrize("name", AROUND)
def test_sizes(name: str, torchvision_models: Any) -> None:
    theirs = judge.built(torchvision_models, name)
    judge.assert_admits(FILE[name], name, theirs, AROUND[name])


def gradients(module: Any, x: Any) -> tuple[list[Any], list[Any]]:
    """What a module gives in training, and the gradients of its parameters."""
    torch = pytest.importorskip("torch")
    torch.manual_seed(1)
    outputs = judge.tensors(module.train()(x))
    sum((output**2).sum() for output in outputs).backward()
    return outputs, [p.grad for p in module.parameters()]


@pytest.mark.parametrize("name", ["googlenet", "inception_v3"])
class TestAuxiliaryHeads:
    """GoogLeNet and Inception v3 predict more than once, in training only."""

    def test_with_them(self, name: str, torchvision_models: Any) -> None:
        torch = pytest.importorskip("torch")
        ours = judge.compiled(name, name)
        theirs = judge.built(torchvision_models, name, init_weights=False)
        judge.pair(ours, theirs)
        size = 299 if name == "inception_v3" else 64  # the head of Inception v3 takes no less
        x = torch.randn((2, 3, size, size), generator=torch.Generator().manual_seed(0))
        with torch.no_grad():
            logits, *early = ours.eval()(x)
            assert torch.equal(logits, theirs.eval()(x))
        assert [bool(aux.any()) for aux in early] == [False] * len(early)
        if name == "inception_v3":
            judge.assert_same_gradients(ours, theirs, x)
        else:  # its heads run last here: what meets before them is added up in another order
            outputs, found = gradients(ours.double(), x.double())
            wanted_outputs, wanted = gradients(theirs.double(), x.double())
            assert all(torch.equal(*pair) for pair in zip(outputs, wanted_outputs, strict=True))
            torch.testing.assert_close(found, wanted, rtol=1e-9, atol=1e-9)

    def test_without_them(self, name: str, torchvision_models: Any, tmp_path: Path) -> None:
        torch = pytest.importorskip("torch")
        file = without_aux(name, tmp_path)
        ours = judge.compiled(file, name)
        theirs = judge.built(torchvision_models, name, aux_logits=False, init_weights=False)
        assert list(ours.state_dict()) == list(theirs.state_dict())
        judge.pair(ours, theirs)
        size = 75 if name == "inception_v3" else 40
        x = torch.randn((2, 3, size, size + 9), generator=torch.Generator().manual_seed(0))
        judge.assert_same_outputs(ours, theirs, x)
        judge.assert_same_gradients(ours, theirs, x)
        least, _ = torchvision_models.get_model_weights(name).IMAGENET1K_V1.meta["min_size"]
        around = [(1, 3, least + h, least + w) for h, w in ((0, 0), (-1, 0), (0, -1), (1, 2))]
        judge.assert_admits(file, name, theirs, around)

    def test_sizes_are_those_that_training_takes(self, name: str, torchvision_models: Any) -> None:
        torch = pytest.importorskip("torch")
        with torch.device("meta"):
            theirs = judge.built(torchvision_models, name, init_weights=False).train()
        model = nnspec.check(judge.spec(name, name)).models[name]
        seen = set()
        for height in (14, 15, 16, 297, 298, 299, 300):
            try:
                theirs(torch.empty(2, 3, height, 299, device="meta"))
                runs = True
            except RuntimeError:
                runs = False
            assert model.admits({"N": 2, "H": height, "W": 299}) == runs, height
            seen.add(runs)
        assert seen == {True, False}
