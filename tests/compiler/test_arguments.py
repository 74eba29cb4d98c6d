"""What a block is given: fractions, layers and lists with sizes in them, against PyTorch by hand."""

from __future__ import annotations

import inspect
import pickle
import re
import sys
from collections import Counter

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from nnspec.compiler.source import program_of  # noqa: E402
from nnspec.compiler.spec import Spec  # noqa: E402
from nnspec.diagnostics import SpecError  # noqa: E402
from nnspec.source import Source  # noqa: E402


def net(text: str) -> type:
    found: type = Spec(program_of(Source(text, "test.nn"))).Net
    return found


FRACTIONS = """
block Scaled(p: float):
    input x: [N, C]
    y = x * C ** -1 + sqrt(C) / 3
    return y * (C * p) ** 0.5 - exp(-p) * log2(C + 1) -> linear(2 * C)

model Net(p: float = 0.5):
    input x: [N, 4]
    return x -> Scaled(p) -> Scaled(p / 3)
"""


def test_fractions_are_computed_by_one_class() -> None:
    cls = net(FRACTIONS)
    for p in (0.5, 0.25):
        module = cls(p=p).double()
        x = expected = torch.randn(3, 4, dtype=torch.float64)
        for width, q, layer in ((4, p, module.Scaled_1), (8, p / 3, module.Scaled_2)):
            root = torch.tensor([width, width * q, width + 1], dtype=torch.float64)
            y = expected / width + root[0].sqrt() / 3
            y = y * root[1].sqrt() - torch.tensor(-q).double().exp() * root[2].log2()
            expected = layer.linear_1(y)
        torch.testing.assert_close(module(x), expected, rtol=1e-6, atol=1e-6)
    text = inspect.getsource(sys.modules[cls.__module__])
    assert text.count("class Scaled") == 1
    assert "Scaled(8, p / 3)" in text
    assert "self.in_channels**-1" in text or "self.in_features**-1" in text


def test_a_fraction_that_decides_is_no_argument_of_a_class_for_another() -> None:
    text = (
        "block Some(p: float):\n    input x: [N, C]\n    for i in range(int(4 * p)):\n"
        "        x = x -> linear(C)\n    return x -> dropout(p)\n\n"
        "model Net:\n    input x: [N, 4]\n    return x -> Some(0.5) -> Some(0.75) -> Some(0.8)\n"
    )
    layers = [type(layer).__name__ for layer in net(text)().modules()]
    assert layers.count("Linear") == 2 + 3 + 3


FOREIGN = """
block Each(units: list):
    input x: [N, T]
    for unit in units:
        x = x -> unit
    return x + sum(arange(T))

block Inner(n: size):
    input x: [N, T]
    return x * 2 + sum(arange(n))

block Times(at: list, unit: layer):
    input x: [N, C]
    return x * at[0] * at[1] -> unit

model Net:
    input x: [N, 4]
    input z: [N, T]
    return x -> Each([Inner(T), Inner(T + 1)]) -> Times([T, 3], Inner(2 * T))
"""


def test_sizes_in_lists_and_layers_are_the_users() -> None:
    def upto(n: int) -> int:
        return n * (n - 1) // 2

    x, z = torch.randn(2, 4), torch.randn(2, 9)
    y = (x * 2 + upto(9)) * 2 + upto(10) + upto(4)
    expected = y * 9 * 3 * 2 + upto(18)
    torch.testing.assert_close(net(FOREIGN)()(x, z), expected)


def test_a_parameter_with_the_name_of_a_size_in_another_argument() -> None:
    text = (
        "block Add(n: size):\n    input x: [N, 4]\n    return x + n\n\n"
        "block Both(T: size, unit: layer):\n    input x: [N, 4]\n    return x * T -> unit\n\n"
        "model Net:\n    input x: [N, 4]\n    input z: [N, T]\n    return x -> Both({}, Add(T))\n"
    )
    x, z = torch.randn(2, 4), torch.randn(2, 9)
    torch.testing.assert_close(net(text.format("T"))()(x, z), x * 9 + 9)
    torch.testing.assert_close(net(text.format("5"))()(x, z), x * 5 + 9)
    with pytest.raises(SpecError, match="NN308: `T` of `Both` is also a size in another argument"):
        net(text.format("2 * T"))


LAYERS = """
block Residual(unit: layer):
    input x: [N, C]
    return x + (x -> unit)

block Hidden(width: int, p: float):
    input x: [N, C]
    return x -> linear(width) -> dropout(p) -> linear(C)

block Outer(width: int, p: float):
    input x: [N, C]
    return x -> Residual(linear(width) -> dropout(p) -> linear(C)) -> Residual(Hidden(2 * width, p / 2))

model Net(width: int = 16, p: float = 0.1):
    input x: [N, 4]
    return x -> Outer(width, p) -> Outer(8, 0.5)
"""


def test_layers_with_numbers_of_a_block_are_arguments_of_another() -> None:
    module = net(LAYERS)()
    widths = [m.out_features for m in module.modules() if isinstance(m, torch.nn.Linear)]
    rates = [m.p for m in module.modules() if isinstance(m, torch.nn.Dropout)]
    assert widths == [16, 4, 32, 4, 8, 4, 16, 4]
    assert rates == [0.1, 0.05, 0.5, 0.25]


GIVEN = """
block Unit(width: int, act: layer = identity, scale: int = 1) =
    linear(scale * width) -> relu -> linear(width) -> act

block Pair(width: int, act: layer, last: layer = sigmoid):
    input x: [N, C]
    return x + (x -> units: (Unit(width, act) -> Unit(width, act, scale=2) -> Unit(width) -> last))

model Net:
    input x: [N, 4]
    x = x -> a: Pair(4, relu) -> b: Pair(4, hardswish) -> c: Pair(4, leaky_relu(0.3), last=tanh)
    return x -> 3 * Unit(4, tanh)
"""


class UnitByHand(nn.Sequential):
    def __init__(self, act: nn.Module, scale: int = 1) -> None:
        super().__init__(nn.Linear(4, 4 * scale), nn.ReLU(), nn.Linear(4 * scale, 4), act)


class NetByHand(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        layers = {"a": (nn.ReLU, nn.Sigmoid), "b": (nn.Hardswish, nn.Sigmoid)}
        layers["c"] = (lambda: nn.LeakyReLU(0.3), nn.Tanh)
        for name, (act, last) in layers.items():
            units = (UnitByHand(act()), UnitByHand(act(), 2), UnitByHand(nn.Identity()), last())
            self.add_module(name, nn.ModuleDict({"units": nn.Sequential(*units)}))
        for i in range(1, 4):
            self.add_module(f"Unit_{i}", UnitByHand(nn.Tanh()))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for pair in (self.a, self.b, self.c):
            x = x + pair["units"](x)
        for i in range(1, 4):
            x = getattr(self, f"Unit_{i}")(x)
        return x


def test_layers_that_a_block_is_given_are_arguments_of_its_class() -> None:
    cls = net(GIVEN)
    text = inspect.getsource(sys.modules[cls.__module__])
    names = re.findall(r"(?m)^class (\w+)", text)
    assert sorted(names) == ["Net", "Pair", "Unit"]
    assert "act: Callable[[], nn.Module] = nn.Identity" in text
    assert text.count("nn.ReLU(inplace=True)") == 2  # that of each unit, and what is given
    ours, theirs = cls(), NetByHand()
    assert list(ours.state_dict()) == list(theirs.state_dict())
    ours.load_state_dict(theirs.state_dict())
    x = torch.randn(3, 4)
    results = []
    for model in (ours, theirs):
        model.zero_grad()
        out = model(x)
        out.square().sum().backward()
        results.append([out.detach(), *(p.grad for p in model.parameters())])
    assert all(map(torch.equal, *results))
    kinds = [type(m) for m in ours.modules() if not [*m.children()] and not [*m.parameters()]]
    assert Counter(kinds) == Counter(
        type(m) for m in theirs.modules() if not [*m.children()] and not [*m.parameters()]
    )
    assert pickle.loads(pickle.dumps(ours))(x).equal(ours(x))


RESIDUAL = """
block Unit(width: int, stride: int = 1):
    input x: [N, C, L]
    param scale: [1] = constant(0.5)
    out = x -> conv: conv1d(width, 3, stride, padding=1)
    out = out * scale if width == 6 else out
    return x + out if stride == 1 and C == width else out

model Net:
    input x: [N, 4, L]
    return x -> a: Unit(4) -> b: Unit(4, stride=2) -> c: Unit(6) -> d: Unit(6) -> e: Unit(6, stride=2)
"""


def test_what_is_added_under_a_condition_is_added_in_one_class() -> None:
    cls = net(RESIDUAL)
    text = inspect.getsource(sys.modules[cls.__module__])
    assert re.findall(r"(?m)^class (\w+)", text) == ["Unit", "Net"]
    assert "self.use_add = stride == 1 and in_channels == width" in text
    model = cls()
    x = torch.randn(2, 4, 16, requires_grad=True)
    wanted = x
    for name, stride, adds in (
        ("a", 1, True), ("b", 2, False), ("c", 1, False), ("d", 1, True), ("e", 2, False),
    ):  # fmt: skip
        unit = getattr(model, name)
        out = nn.functional.conv1d(wanted, unit.conv.weight, unit.conv.bias, stride, padding=1)
        out = out * 0.5 if name in "cde" else out
        wanted = wanted + out if adds else out
    assert torch.equal(model(x), wanted)
    (ours,) = torch.autograd.grad(model(x).square().sum(), x)
    (theirs,) = torch.autograd.grad(wanted.square().sum(), x)
    assert torch.equal(ours, theirs)
