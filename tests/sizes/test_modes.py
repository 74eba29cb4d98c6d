"""`if training:` and the sizes: what is said of training and of evaluation, against PyTorch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import nnspec
from nnspec.cli import main
from nnspec.exporting.dynamic import admitted
from nnspec.report.model import NotAdmitted

AUXILIARY = """
block Auxiliary:
    input x: [N, C, H, W]
    return x -> avg_pool2d(5, stride=3) -> conv2d(4, 3) -> adaptive_avg_pool2d(1) -> flatten

model M:
    input image: [N, 3, H, W]
    x = image -> first: conv2d(4, 3, stride=2)
    late = x -> adaptive_avg_pool2d(1) -> flatten
    if training:
        late = late + (x -> aux: Auxiliary)
    else:
        late = x -> max_pool2d(4) -> adaptive_avg_pool2d(1) -> flatten
    return late
"""


def by_hand(module: nn.Module, image: Tensor) -> Tensor:
    """The same, with PyTorch's own functions and the module's weights."""
    weights: dict[str, Tensor] = module.state_dict()
    x = F.conv2d(image, weights["first.weight"], weights["first.bias"], 2)
    if module.training:
        kernel, bias = (weights[f"aux.conv2d_1.{name}"] for name in ("weight", "bias"))
        F.adaptive_avg_pool2d(F.conv2d(F.avg_pool2d(x, 5, 3), kernel, bias), 1)
    else:
        x = F.max_pool2d(x, 4)
    return F.adaptive_avg_pool2d(x, 1).flatten(1)


def runs(module: nn.Module, height: int, training: bool) -> bool:
    module.train(training)
    image = torch.randn(2, 3, height, 40)
    said = []
    for call in (module, lambda image: by_hand(module, image)):
        try:
            with torch.no_grad():
                call(image)
            said.append(True)
        except RuntimeError:
            said.append(False)
    assert len(set(said)) == 1, "the compiled module and the one written by hand"
    return said[0]


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    Path("net.nn").write_text(AUXILIARY)
    return "net.nn"


def test_each_mode_at_every_height(spec: str) -> None:
    model = nnspec.check(spec).models["M"]
    module = nnspec.load(spec).M()
    for height in range(1, 60):
        trains, evaluates = (runs(module, height, training) for training in (True, False))
        point = {"N": 2, "H": height, "W": 40}
        assert model.admits(point, training=True) == trains, height
        assert model.admits(point, training=False) == evaluates, height
        assert model.admits(point) == (trains and evaluates), height
        for mode, taken in (("training", trains), ("evaluation", evaluates)):
            words = " and ".join(model.modes[mode].requires)
            assert eval(words, {}, point) == taken, (mode, height)


def test_both_are_said(spec: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", spec]) == 0
    shown = capsys.readouterr().out
    assert "H >= 23 and W >= 23 in training, H >= 9 and W >= 9 in evaluation; any N" in shown
    assert "because      `conv2d(4, 3)` at net.nn:4:44 needs" in shown
    assert "in evaluation: `max_pool2d(4)` at net.nn:13:21 needs" in shown
    assert main(["check", spec, "--sizes", "H=12,W=30"]) == 1
    shown = capsys.readouterr().out
    assert "`M` does not take H = 12, W = 30 in training\n" in shown
    assert "in evaluation it takes H >= 9 and W >= 9\n" in shown


def test_one_mode_alone(spec: str, capsys: pytest.CaptureFixture[str]) -> None:
    """At a size that evaluation alone takes: its figures, and nothing of training's layers."""
    assert main(["check", spec, "--mode", "evaluation", "--sizes", "H=12,W=30"]) == 0
    shown = capsys.readouterr().out
    assert "H = 12, W = 30; in evaluation" in shown
    assert "avg_pool2d(5" not in shown
    assert "backward" not in shown
    assert main(["check", spec, "--mode", "evaluation"]) == 0
    shown = capsys.readouterr().out
    assert "H >= 9 and W >= 9; any N; in evaluation" in shown
    assert "--sizes H=224,W=224 --mode evaluation" in shown
    assert main(["check", spec, "--mode", "training", "--sizes", "H=12,W=30"]) == 1
    assert "`M` does not take H = 12, W = 30\n" in capsys.readouterr().out
    assert main(["check", spec, "--mode", "evaluation", "--nearest", "H=7,W=9"]) == 0
    assert (
        capsys.readouterr().out == "M: does not take H=7,W=9; the nearest that it takes: H=9,W=9\n"
    )
    module = nnspec.load(spec).M()
    at = nnspec.check(spec).models["M"].at({"N": 2, "H": 12, "W": 30}, training=False)
    shapes = []
    for layer in (module.first, module):
        layer.register_forward_hook(lambda *found: shapes.append(tuple(found[-1].shape)))
    module.eval()(torch.zeros(2, 3, 12, 30))
    assert [at.layers[0].outputs[0].shape, at.outputs["late"].shape] == shapes
    assert all(layer.only != "training" for layer in at.layers)


def test_in_python(spec: str) -> None:
    model = nnspec.check(spec).models["M"]
    assert model.requires == ["H >= 23", "W >= 23"]
    assert model.nearest({"H": 3}) == [{"H": 23}]
    assert model.nearest({"H": 3}, training=False) == [{"H": 9}]
    assert {reason.requires for reason in model.reasons_in_evaluation} == {("H >= 9", "W >= 9")}
    with pytest.raises(NotAdmitted, match="does not take H = 12 in training"):
        model.at({"H": 12})


def test_where_they_are_the_same() -> None:
    assert nnspec.check("zoo:googlenet").models["googlenet"].modes == {}
    assert nnspec.check("zoo:resnet18").models["resnet18"].modes == {}


def test_a_program_is_of_evaluation() -> None:
    graph = nnspec.check_source(AUXILIARY).models["M"].graph
    assert admitted(graph, exact=True).requires == ("H >= 9", "W >= 9")


@pytest.mark.parametrize(("training", "least"), [(True, 299), (False, 75)])
def test_inception(training: bool, least: int, torchvision_models: Any) -> None:
    """torchvision's own, on the meta device, whose convolutions and pools check what the CPU's check."""
    report = nnspec.check("zoo:inception_v3").models["inception_v3"]
    with torch.device("meta"):
        module = torchvision_models.inception_v3(weights=None, init_weights=False)
    module.train(training)
    for height in (least - 1, least, least + 1):
        try:
            module(torch.zeros(2, 3, height, least, device="meta"))
            taken = True
        except (RuntimeError, ValueError):
            taken = False
        assert taken == (height >= least)
        assert report.admits({"H": height, "W": least}, training=training) == taken
