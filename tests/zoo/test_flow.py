"""RAFT against torchvision's."""

from __future__ import annotations

from typing import Any

import pytest

import nnspec
from tests.zoo import judge

torch = pytest.importorskip("torch")

NAMES = ("raft_large", "raft_small")


def built(models: Any, name: str, updates: int) -> Any:
    """torchvision's, with its list of flows as one tensor."""
    model = models.get_model(name, weights=None)
    flows = model.forward
    model.forward = lambda one, two: torch.stack(flows(one, two, num_flow_updates=updates))
    return model


@pytest.mark.parametrize("name", NAMES)
def test_published_figures(name: str, torchvision_models: Any) -> None:
    """They were counted with twelve updates, of images of 512 x 512."""
    found = judge.figures("raft", name, {"N": 1, "H": 512, "W": 512})
    for weights in torchvision_models.get_model_weights(name):
        assert found == (weights.meta["num_params"], weights.meta["_ops"])


@pytest.mark.parametrize("name", NAMES)
def test_names(name: str, torchvision_models: Any) -> None:
    judge.assert_same_names("raft", name, torchvision_models)


@pytest.mark.parametrize("name", NAMES)
def test_outputs_and_gradients(name: str, torchvision_models: Any) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        ours = judge.compiled("raft", name, num_flow_updates=2)
        theirs = built(torchvision_models, name, 2)
        judge.pair(ours, theirs)
        torch.manual_seed(0)
        images = torch.randn(2, 1, 3, 128, 136)
        judge.assert_same_outputs(ours, theirs, *images)
        judge.assert_same_gradients(ours, theirs, *images)
    finally:
        torch.set_num_threads(before)


def test_sizes(torchvision_models: Any) -> None:
    model = nnspec.check(judge.spec("raft", "raft_small")).models["raft_small"]
    theirs = built(torchvision_models, "raft_small", 1)
    seen = set()
    for height, width in ((128, 128), (128, 136), (127, 128), (120, 128), (128, 120), (132, 128)):
        wanted = judge.runs(theirs, *torch.zeros(2, 1, 3, height, width))
        assert model.admits({"N": 1, "H": height, "W": width}) == wanted, (height, width)
        seen.add(wanted)
    assert seen == {True, False}
