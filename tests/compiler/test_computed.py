"""What a `param` or `buffer` begins as when it is computed, and the order of declared layers."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from nnspec.compiler.source import complete, program_of, source_of  # noqa: E402
from nnspec.compiler.spec import Spec  # noqa: E402
from nnspec.source import Source  # noqa: E402

POSITIONS = """
model Net(width: int = 6, most: int = 9):
    input x: [N, T, width]
    angles = outer(arange(most), exp(arange(0, width, 2) / width * -log(10000.0)))
    buffer positions: [most, width] = rearrange(stack(sin(angles), cos(angles), dim=-1), "t c s -> t (c s)")
    param scale: [width] = expand(tensor([0.5]), [width])
    return scale * x + positions[:T]
"""

ORDER = """
model Net:
    input x: [N, 4]
    x = x -> first: linear(4)
    layer third = linear(4)
    layer second = linear(4)
    x = x -> second -> fourth: linear(4) -> third
    layer sixth = linear(4)
    return x -> fifth: linear(4) -> sixth
"""


def made(text: str, **settings: int) -> torch.nn.Module:
    return Spec(program_of(Source(text, "test.nn"))).Net(**settings)


def sinusoids(most: int, width: int) -> torch.Tensor:
    """Vaswani et al. 2017, section 3.5, entry by entry."""
    found = torch.empty(most, width)
    for place in range(most):
        for i in range(0, width, 2):
            angle = torch.tensor(place / 10000 ** (i / width))
            found[place, i], found[place, i + 1] = angle.sin(), angle.cos()
    return found


def test_it_is_computed_when_the_module_is_made() -> None:
    for width, most in ((6, 9), (4, 5)):
        net = made(POSITIONS, width=width, most=most)
        assert list(net.state_dict()) == ["scale", "positions"]
        assert torch.allclose(net.positions, sinusoids(most, width))
        assert torch.equal(net.scale, torch.full((width,), 0.5))
    x = torch.randn(2, 4, 4)
    assert torch.equal(net(x), 0.5 * x + net.positions[:4])


def test_it_can_be_loaded_and_is_made_where_the_module_is() -> None:
    net = made(POSITIONS)
    net.load_state_dict({name: value + 1 for name, value in net.state_dict().items()})
    assert torch.equal(net.scale, torch.full((6,), 1.5))
    with torch.device("meta"):
        assert all(value.is_meta for value in made(POSITIONS).state_dict().values())


def test_the_steps_are_not_run_again() -> None:
    program = program_of(Source(POSITIONS, "test.nn"))
    text = source_of(program, complete(program)).text
    assert text.count("torch.arange") == 2
    assert "arange" not in text[text.index("def forward") :]


def test_layers_stand_where_they_are_declared_or_else_first_used() -> None:
    """As in a hand-written constructor; `third` is used after `fourth`."""
    names = [key.partition(".")[0] for key in made(ORDER).state_dict() if key.endswith("weight")]
    assert names == ["first", "third", "second", "fourth", "sixth", "fifth"]
