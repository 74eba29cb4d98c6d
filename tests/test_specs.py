"""The specs that come along: they check, and agree with what others publish."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import nnspec

SPECS = Path(__file__).parent.parent / "specs"

#: torchvision's published tables: parameters and GMACs of the IMAGENET1K_V1 weights (weights.meta)
PUBLISHED = {
    "resnet18": (11_689_512, 1.814),
    "resnet34": (21_797_672, 3.664),
    "resnet50": (25_557_032, 4.089),
    "resnet101": (44_549_160, 7.801),
    "resnet152": (60_192_808, 11.514),
}


@pytest.mark.parametrize("path", sorted(SPECS.glob("*.nn")), ids=lambda path: path.stem)
def test_every_spec_is_clean(path: Path) -> None:
    report = nnspec.check(str(path))
    assert report.ok, [problem.message for problem in report.diagnostics]
    assert report.models


@pytest.mark.parametrize("name", PUBLISHED)
def test_resnets_have_the_published_figures(name: str) -> None:
    model = nnspec.check(f"{SPECS / 'resnet.nn'}:{name}").models[name]
    parameters, gmacs = PUBLISHED[name]
    assert model.params.total == model.params.trainable == parameters
    assert round(model.at({"N": 1, "H": 224, "W": 224}).macs / 1e9, 3) == gmacs


@pytest.mark.parametrize("name", PUBLISHED)
def test_resnets_are_torchvisions(name: str, torchvision_models: Any) -> None:
    torch = pytest.importorskip("torch")

    torch.manual_seed(0)
    theirs = getattr(torchvision_models, name)().eval()
    ours = nnspec.load(f"{SPECS / 'resnet.nn'}:{name}")().eval()
    weights = theirs.state_dict()
    assert list(ours.state_dict()) == list(weights)
    assert [v.shape for v in ours.state_dict().values()] == [v.shape for v in weights.values()]
    ours.load_state_dict(weights)
    image = torch.randn(1, 3, 96, 128)
    with torch.no_grad():
        assert torch.equal(ours(image), theirs(image))


def test_the_published_figures_are_torchvisions_own(torchvision_models: Any) -> None:

    for name, (parameters, gmacs) in PUBLISHED.items():
        meta = torchvision_models.get_model_weights(name).IMAGENET1K_V1.meta
        assert (meta["num_params"], meta["_ops"]) == (parameters, gmacs)


def test_unet_requires_multiples_of_16_and_pytorch_agrees() -> None:
    torch = pytest.importorskip("torch")
    model = nnspec.check(str(SPECS / "unet.nn")).models["UNet"]
    assert model.requires == ["H % 16 == 0", "H >= 16", "W % 16 == 0", "W >= 16"]
    module = nnspec.load(str(SPECS / "unet.nn")).UNet(width=2).eval()
    for height in [*range(1, 70), 80, 96, 100]:
        try:
            with torch.no_grad():
                module(torch.zeros(1, 3, height, 32))
            runs = True
        except RuntimeError:
            runs = False
        assert model.admits({"N": 1, "H": height, "W": 32}) == runs, height


def test_lenet_has_the_papers_sizes() -> None:
    """LeCun et al. 1998, section II.B: C1 is 6@28x28, S2 6@14x14, C3 16@10x10, S4 16@5x5, 120, 84, 10."""
    layers = {
        layer.path: layer for layer in nnspec.check(str(SPECS / "lenet.nn")).models["LeNet"].layers
    }
    assert layers["conv1"].outputs[0].shape == ("N", 6, 28, 28)
    assert layers["conv2"].inputs[0].shape == ("N", 6, 14, 14)
    assert layers["conv2"].outputs[0].shape == ("N", 16, 10, 10)
    assert layers["fc1"].outputs[0].shape == ("N", 120)
    assert layers["conv1"].params == 156  # the paper: C1 contains 156 trainable parameters


def test_siamese_counts_the_encoder_once() -> None:
    torch = pytest.importorskip("torch")
    model = nnspec.check(str(SPECS / "siamese.nn")).models["Siamese"]
    module = nnspec.load(str(SPECS / "siamese.nn")).Siamese()
    assert model.params.total == sum(p.numel() for p in module.parameters())
    left, right = torch.randn(2, 1, 28, 28), torch.randn(2, 1, 28, 28)
    result = module(left, right)
    assert result._fields == ("distance", "a", "b")
    assert torch.equal(module(left, left).distance, torch.zeros(2))
