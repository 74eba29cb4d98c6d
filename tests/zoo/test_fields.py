"""The zoo's models of sound, points, rays and graphs, by the papers' formulas."""

from __future__ import annotations

from typing import Any

import pytest

import nnspec
from tests.zoo import judge

torch = pytest.importorskip("torch")
by_hand = pytest.importorskip("tests.zoo.by_hand")
batch_norm, conv, line = by_hand.batch_norm, by_hand.conv, by_hand.line

pytestmark = pytest.mark.usefixtures("double_precision")


def wavenet(w: Any, wave: Any) -> Any:
    """Van den Oord et al. 2016, equation 2 and figure 4, with zeros before the first sample: the values at
    the end, which depend on none of these, are the model's."""
    x = conv(wave, w, "start_conv")
    total = 0.0
    for i in range(6):
        dilation = 2 ** (i % 3)
        before = torch.nn.functional.pad(x, (dilation, 0))
        y = torch.tanh(conv(before, w, f"filter_convs.{i}", dilation=dilation))
        y = y * torch.sigmoid(conv(before, w, f"gate_convs.{i}", dilation=dilation))
        total = total + conv(y, w, f"skip_convs.{i}")
        x = x + conv(y, w, f"residual_convs.{i}")
    x = conv(torch.relu(conv(torch.relu(total), w, "end_conv_1")), w, "end_conv_2")
    return x[:, :, 14:]


def test_wavenet_is_the_papers_by_hand() -> None:
    settings = {"layers": 3, "stacks": 2, "width": 4, "skip": 6, "end": 5, "classes": 8}
    module = judge.compiled("wavenet", "WaveNet", **settings)
    wave = torch.nn.functional.one_hot(torch.randint(0, 8, (2, 20)), 8).transpose(1, 2).double()
    by_hand.assert_by_hand(module, wavenet, wave)


def test_the_checker_finds_the_receptive_field_of_wavenet() -> None:
    """Three stacks of dilations 1, 2, 4, …, 512: 3 * 1023 samples before the present one (section 2.1: each
    block has a receptive field of 1024)."""
    model = nnspec.check(judge.spec("wavenet", "wavenet")).models["wavenet"]
    assert model.requires == ["T >= 3070"]
    assert model.outputs["logits"].shape == ("N", 256, "T - 3069")


def transformation(x: Any, w: Any, at: str) -> Any:
    """Qi et al. 2017, section 4.2, joint alignment network."""
    y = x
    for number in (1, 2, 3):
        y = torch.relu(batch_norm(conv(y, w, f"{at}.conv{number}"), w, f"{at}.bn{number}"))
    y = y.max(2).values
    for number in (1, 2):
        y = torch.relu(batch_norm(line(y, w, f"{at}.fc{number}"), w, f"{at}.bn{number + 3}"))
    size = x.shape[1]
    matrix = line(y, w, f"{at}.fc3").view(-1, size, size) + torch.eye(size)
    return torch.bmm(x.transpose(1, 2), matrix).transpose(1, 2)


def pointnet(w: Any, points: Any) -> Any:
    x = points
    if "feat.stn.fc3.weight" in w:
        x = transformation(x, w, "feat.stn")
    x = torch.relu(batch_norm(conv(x, w, "feat.conv1"), w, "feat.bn1"))
    if "feat.fstn.fc3.weight" in w:
        x = transformation(x, w, "feat.fstn")
    x = torch.relu(batch_norm(conv(x, w, "feat.conv2"), w, "feat.bn2"))
    x = batch_norm(conv(x, w, "feat.conv3"), w, "feat.bn3").max(2).values
    x = torch.relu(batch_norm(line(x, w, "fc1"), w, "bn1"))
    x = torch.relu(batch_norm(line(x, w, "fc2"), w, "bn2"))
    return line(x, w, "fc3")


@pytest.mark.parametrize("name", ["pointnet", "pointnet_vanilla"])
def test_pointnet_is_the_papers_by_hand(name: str) -> None:
    module = judge.compiled("pointnet", name)
    for part in module.modules():
        if isinstance(part, torch.nn.Dropout):
            part.p = 0.0
    by_hand.assert_by_hand(module, pointnet, torch.randn(4, 3, 5))


def test_pointnet_does_not_see_the_order_of_points() -> None:
    module = judge.compiled("pointnet", "pointnet").eval()
    points = torch.randn(2, 3, 9)
    with torch.no_grad():
        assert torch.allclose(module(points), module(points[:, :, torch.randperm(9)]), atol=1e-12)


def waves(x: Any, frequencies: int) -> Any:
    found = [x]
    for i in range(frequencies):
        found += [torch.sin(2**i * x), torch.cos(2**i * x)]
    return torch.cat(found, -1)


def nerf(w: Any, position: Any, direction: Any) -> Any:
    """Mildenhall et al. 2020, figure 7."""
    points = x = waves(position, 10)
    for i in range(8):
        if i == 5:
            x = torch.cat([points, x], -1)
        x = torch.relu(line(x, w, f"pts_linears.{i}"))
    density = torch.relu(line(x, w, "alpha_linear"))
    x = torch.cat([line(x, w, "feature_linear"), waves(direction, 4)], -1)
    x = torch.relu(line(x, w, "views_linears.0"))
    return torch.sigmoid(line(x, w, "rgb_linear")), density


def test_nerf_is_the_papers_by_hand() -> None:
    module = judge.compiled("nerf", "NeRF", width=16)
    direction = torch.nn.functional.normalize(torch.randn(9, 3))
    by_hand.assert_by_hand(module, nerf, torch.randn(9, 3), direction)


def gcn(w: Any, nodes: Any, adjacency: Any) -> Any:
    """Kipf & Welling 2017, equations 2 and 9."""
    a = adjacency + torch.eye(6)
    root = torch.diag(a.sum(1) ** -0.5)
    a = root @ a @ root
    x = torch.relu(a @ nodes @ w["gc1.weight"] + w["gc1.bias"])
    return a @ x @ w["gc2.weight"] + w["gc2.bias"]


def test_gcn_is_the_papers_by_hand() -> None:
    module = judge.compiled("gcn", "GCN", words=5, classes=3, hidden=4, p=0.0)
    links = torch.tensor([[0, 1], [1, 2], [2, 3], [3, 4], [4, 5], [5, 0], [0, 3]]).T
    adjacency = torch.zeros(6, 6)
    adjacency[links[0], links[1]] = adjacency[links[1], links[0]] = 1.0
    by_hand.assert_by_hand(module, gcn, torch.randn(6, 5), adjacency)
