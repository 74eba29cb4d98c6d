"""Tensors made on the spot follow the module: its dtype, where they meet it, and its device."""

from __future__ import annotations

import pytest

from nnspec.compiler.source import program_of
from nnspec.operators import every
from nnspec.source import Source

torch = pytest.importorskip("torch")

#: makers of [4] or [4, 4], and what else comes out as f32 whatever the module is
MADE = {
    "arange": "arange(0.0, 4.0)",
    "blackman_window": "blackman_window(4)",
    "eye": "eye(4)",
    "fftfreq": "fftfreq(4)",
    "full": "full([N, 4], 0.5)",
    "hamming_window": "hamming_window(4)",
    "hann_window": "hann_window(4)",
    "linspace": "linspace(0.0, 1.0, 4)",
    "ones": "ones([N, 4])",
    "rand": "rand([N, 4])",
    "randn": "randn([N, 4])",
    "rfftfreq": "rfftfreq(6)",
    "tensor": "tensor([0.5, 1.5, 2.5, 3.5])",
    "zeros": "zeros([4])",
    "a mask": "2.0 * (arange(4)[:, none] == arange(4))",
    "a quotient": "arange(4) / 3",
    "a conversion": 'arange(4) -> to("f32")',
    "another's": 'arange(4) -> ones_like(dtype="f32")',
}
#: makers without tensors that make integers only
WHOLE = {"randint", "randperm", "tril_indices", "triu_indices"}

PLACES = {
    "added": "return x + made",
    "joined": "return concat(expand(made, [4, 4]), expand(x[:1], [4, 4]), dim=0)",
    "through a layer": "return made -> linear(4)",
    "through a composed layer": "return made -> (tanh -> linear(4) -> relu)",
    "to a block": "return made -> Doubled",
    "twice": "y = x + made\n    return (y -> tanh) * made",
    "times": "z = made -> 2 * linear(4)\n    return z",
}


def model(made: str, place: str) -> type:
    from nnspec.compiler.spec import Spec

    text = (
        "block Doubled:\n    input x: [..., 4]\n    return x -> linear(4)\n\n"
        f"model Net:\n    input x: [N, 4]\n    made = {made}\n    {PLACES[place]}\n"
    )
    found: type = Spec(program_of(Source(text, "test.nn"))).Net
    return found


def test_every_maker_is_here() -> None:
    makers = {o.name for o in every() if o.family in ("maker", "fft") and not o.tensors}
    assert makers - WHOLE <= MADE.keys()


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", MADE)
def test_what_is_made_follows_the_module(name: str, place: str) -> None:
    torch.manual_seed(0)
    module = model(MADE[name], place)()
    x = torch.randn(4, 4)
    wanted = module(x)
    assert wanted.dtype is torch.float32
    assert torch.fx.symbolic_trace(module)(x).shape == wanted.shape
    for dtype in (torch.bfloat16, torch.float64):
        found = module.to(dtype)(x.to(dtype))
        assert found.dtype is dtype
        if "rand" not in name:
            torch.testing.assert_close(found.float(), wanted, rtol=2e-2, atol=2e-2)
    assert module.to("meta")(x.to("meta", torch.float64)).is_meta


def test_angles_are_float32_until_they_meet_the_weights() -> None:
    """In bfloat16 the steps 1,000 and 1,001 would be one."""
    text = (
        "block Waves:\n    input t: i64[N]\n    return sin(t[:, none] / 1.0 * arange(1.0, 5.0))\n\n"
        "model Net:\n    input t: i64[N]\n    return t -> Waves -> linear(4)\n"
    )
    from nnspec.compiler.spec import Spec

    module = Spec(program_of(Source(text, "test.nn"))).Net().bfloat16()
    first, second = module(torch.tensor([1000, 1001]))
    assert first.dtype is torch.bfloat16
    assert not torch.equal(first, second)
