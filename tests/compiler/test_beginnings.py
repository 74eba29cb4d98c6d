"""`init=`: parameters begin as in the PyTorch that a person would write."""

from __future__ import annotations

import runpy
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import nnspec

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.utils._python_dispatch import TorchDispatchMode  # noqa: E402

from nnspec.compiler.source import program_of, source_of  # noqa: E402
from nnspec.compiler.spec import Spec  # noqa: E402
from nnspec.elaborate.initial import INITIALISERS  # noqa: E402
from nnspec.source import Source  # noqa: E402


def made(text: str, **settings: object) -> nn.Module:
    """The model `Net` of a spec, with the weights of seed 0."""
    cls = Spec(program_of(Source(text, "test.nn"))).Net
    torch.manual_seed(0)
    module: nn.Module = cls(**settings)
    return module


def same(ours: nn.Module, theirs: nn.Module) -> None:
    a, b = ours.state_dict(), theirs.state_dict()
    assert list(a) == list(b)
    for name, tensor in a.items():
        assert torch.equal(tensor, b[name]), name


def weightless(layer: type[nn.Module], *args: int, **kwargs: Any) -> Any:
    """A layer with the bias that PyTorch's documentation says, and a weight that nothing was drawn for."""
    made: Any = nn.utils.skip_init(layer, *args, **kwargs)
    bound = made.weight[0].numel() ** -0.5
    nn.init.uniform_(made.bias, -bound, bound)
    return made


class ByHand(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.utils.skip_init(nn.Conv2d, 3, 8, 3)  # nothing of PyTorch's own is drawn
        nn.init.kaiming_normal_(self.conv.weight, mode="fan_out", nonlinearity="relu")
        nn.init.zeros_(self.conv.bias)
        self.layers = nn.ModuleList(weightless(nn.Conv2d, 8, 8, 1) for _ in range(3))
        for layer in self.layers:
            nn.init.orthogonal_(layer.weight)
        others = [weightless(nn.Linear, 8, 8) for _ in range(3)]
        self.head = nn.Sequential(others[0], nn.ReLU(), *others[1:])
        nn.init.trunc_normal_(self.head[0].weight, std=0.02)
        for layer in self.head[2:]:
            nn.init.xavier_uniform_(layer.weight, gain=0.5)


TEXT = """
model Net:
    input x: [N, 3, H, W]
    how = [weight: kaiming_normal(mode="fan_out", nonlinearity="relu"), bias: zeros]
    x = x -> conv: conv2d(8, 3, init=how)
    for i in range(3):
        x = x -> layers[i]: conv2d(8, 1, init=[weight: orthogonal])
    x = mean(x, dim=[2, 3])
    return x -> head: (linear(8, init=[weight: trunc_normal(std=0.02)]) -> relu
        -> 2 * linear(8, init=[weight: xavier_uniform(0.5)]))
"""


def test_under_the_same_seed_the_tensors_are_those_of_pytorch_by_hand() -> None:
    ours = made(TEXT)
    torch.manual_seed(0)
    theirs = ByHand()
    same(ours, theirs)
    plain = made(TEXT.replace(", init=[weight: orthogonal]", ""))
    assert not torch.equal(plain.layers[0].weight, theirs.layers[0].weight)


class Writes(TorchDispatchMode):
    """How often each tensor is filled as a whole, and which were made off the meta device."""

    def __init__(self) -> None:
        super().__init__()
        self.filled: Counter[int] = Counter()  # by the place where it lies
        self.made: list[torch.Tensor] = []  # all are kept, so that no place is another's again

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if isinstance(result, torch.Tensor) and result.device.type != "meta":
            self.made.append(result)
            self.filled[result.data_ptr()] += func.overloadpacket in FILLING
        return result


FILLING = {
    getattr(torch.ops.aten, name)
    for name in ("uniform_", "normal_", "fill_", "zero_", "zeros", "ones", "full")
}

BEGUN = {
    "bert:BertForPreTraining": {"width": 32, "depth": 2, "heads": 4, "vocab": 50},
    "gpt2:GPT2": {"width": 32, "depth": 2, "heads": 4, "vocab": 50, "context": 20},
    "llama3:Llama3": {"width": 64, "depth": 1, "heads": 8, "hidden": 128, "vocab": 300},
    "t5:T5": {"width": 64, "depth": 1, "heads": 4, "hidden": 96, "size": 8, "vocab": 300},
    "lstm:lstm_small": {"vocab": 50},
    "dcgan:dcgan_generator": {},
    "ddpm:DDPM": {"width": 32, "scales": [1, 2], "attention": [1], "repeats": 1},
    "retinanet:retinanet_resnet50_fpn": {},
}


@pytest.mark.parametrize("target", BEGUN)
def test_no_weight_is_initialised_twice(target: str) -> None:
    cls = nnspec.load(f"zoo:{target}")
    cls(**BEGUN[target])  # what is read of the spec is read
    with Writes() as writes:
        model = cls(**BEGUN[target])
    filled = {name: writes.filled[p.data_ptr()] for name, p in model.named_parameters()}
    assert {n: times for n, times in filled.items() if times != 1} == {}
    if not target.startswith("bert"):  # `trunc_normal_` draws again, into tensors of its own
        held = {p.data_ptr() for p in (*model.parameters(), *model.buffers())}
        assert {place for place, times in writes.filled.items() if times} <= held


PARTS = """
model Net:
    input x: [T, N, 4]
    y, _, _ = x -> rnn: lstm(8, init=[bias_hh_l0: zeros])
    y = y -> norm: layer_norm(init=[weight: zeros]) -> rearrange("n t c -> n c t")
    y = y -> batch: batch_norm1d(init=[bias: ones]) -> conv: conv1d(4, 3, init=[weight: dirac])
    return y -> up: conv_transpose1d(3, 2, init=[bias: zeros])
"""


def test_nor_is_one_where_the_others_of_its_layer_begin_as_pytorchs() -> None:
    made(PARTS)
    with Writes() as writes:
        model = made(PARTS)
    for name, tensor in model.named_parameters():
        assert (name, writes.filled[tensor.data_ptr()]) == (name, 1)
    # what PyTorch's documentation says of the others
    uniform = {name: 8**-0.5 for name, _ in model.rnn.named_parameters(prefix="rnn")}
    uniform |= {"conv.bias": 24**-0.5, "up.weight": 4**-0.5}
    plain = {"norm.bias": 0, "batch.weight": 1, "batch.running_mean": 0, "batch.running_var": 1}
    state = model.state_dict()
    for name, value in plain.items():
        assert state[name].eq(value).all(), name
    said = {"rnn.bias_hh_l0": 0, "norm.weight": 0, "batch.bias": 1, "up.bias": 0}
    for name, value in said.items():
        assert state[name].eq(value).all(), name
    for name in uniform.keys() - said.keys():
        bound = uniform[name]
        assert bound / 3 < state[name].abs().max() <= bound, name
        assert state[name].unique().numel() == state[name].numel(), name


@pytest.mark.parametrize("target", BEGUN)
def test_on_the_meta_device_nothing_is_allocated(target: str) -> None:
    cls = nnspec.load(f"zoo:{target}")
    cls(**BEGUN[target], device="meta")
    with Writes() as writes:
        model = cls(**BEGUN[target], device="meta")
    assert {p.device.type for p in (*model.parameters(), *model.buffers())} == {"meta"}
    assert writes.made == []


def test_a_written_file_takes_a_device_and_a_dtype_too(tmp_path: Path) -> None:
    own = "model Net(dtype: int = 4):\n    input x: [N, 4]\n    return x -> linear(dtype)\n"
    for text in (PARTS, TEXT, own):
        program = program_of(Source(text, "test.nn"))
        path = tmp_path / "model.py"
        path.write_text(source_of(program, ["Net"]).text)
        net = runpy.run_path(str(path))["Net"]
        before = torch.get_default_dtype()
        with Writes() as writes:
            model = net(device="meta")
        assert {t.device.type for t in (*model.parameters(), *model.buffers())} == {"meta"}
        assert writes.made == []
        if text != own:
            model = net(dtype=torch.float64)
            assert {p.dtype for p in model.parameters()} == {torch.float64}
        assert torch.get_default_dtype() == before
        assert {p.dtype for p in net().parameters()} == {torch.float32}


#: settings that the initialiser needs, and a layer whose weight it can begin
OTHERS = {"constant": {"val": 0.5}, "sparse": {"sparsity": 0.5}}
LAYERS = {"dirac": ("conv1d(4, 3)", "[N, 4, L]", lambda: weightless(nn.Conv1d, 4, 4, 3))}


@pytest.mark.parametrize("name", INITIALISERS)
def test_every_initialiser(name: str) -> None:
    settings = OTHERS.get(name, {})
    layer, shape, by_hand = LAYERS.get(
        name, ("linear(4)", "[N, 4]", lambda: weightless(nn.Linear, 4, 4))
    )
    written = ", ".join(f"{key}={value}" for key, value in settings.items())
    call = f"{name}({written})" if settings else name
    begun = f"{layer[:-1]}, init=[weight: {call}])"
    ours = made(f"model Net:\n    input x: {shape}\n    return x -> fc: {begun}\n")
    torch.manual_seed(0)
    theirs = by_hand()
    getattr(nn.init, name + "_")(theirs.weight, **settings)
    assert torch.equal(ours.fc.weight, theirs.weight)
    assert torch.equal(ours.fc.bias, theirs.bias)


def test_torch_has_no_other_initialisers() -> None:
    every = {name[:-1] for name in dir(nn.init) if name.endswith("_") and name[0] != "_"}
    assert every == set(INITIALISERS)


def test_a_block_passes_it_on() -> None:
    text = """
block Part(width: int, std: float = 0.1, init: list = none) =
    linear(width, init=init) -> relu -> linear(width, init=[weight: normal(std=std)])

model Net(width: int = 4):
    input x: [N, 4]
    return x -> a: Part(width) -> b: Part(width, 0.2, init=[weight: zeros, bias: ones]) -> c: Part(width, 0.3)
"""
    ours = made(text)
    assert not ours.a[0].weight.eq(0).any()
    assert ours.b[0].weight.eq(0).all()
    assert ours.b[0].bias.eq(1).all()
    assert not ours.c[0].weight.eq(0).any()
    source = Spec(program_of(Source(text, "test.nn"))).Net.__module__
    large = made(text, width=400)
    assert large.__class__.__module__ == source  # one class for all widths
    for part, std in ((large.a, 0.1), (large.b, 0.2), (large.c, 0.3)):
        assert abs(part[2].weight.std().item() - std) < 0.01 * std * 3


def test_a_setting_of_the_name_init_stays_one() -> None:
    text = "model Net:\n    input x: [N, 4]\n    return x -> act: prelu({})\n"
    assert made(text.format("init=0.5")).act.weight.item() == 0.5
    assert made(text.format("init=[weight: constant(0.75)]")).act.weight.item() == 0.75


def test_copies_without_a_label_and_a_layer_under_a_condition() -> None:
    text = """
block Down(width: int):
    input x: [N, C]
    if C != width:
        x = x -> shortcut: linear(width, init=[weight: ones])
    return x -> norm: layer_norm(init=[weight: zeros])

model Net:
    input x: [N, 4]
    return x -> 3 * linear(4, init=[bias: constant(7)]) -> a: Down(4) -> b: Down(6)
"""
    ours = made(text)
    for number in (1, 2, 3):
        assert getattr(ours, f"linear_{number}").bias.eq(7).all()
    assert ours.b.shortcut.weight.eq(1).all()
    assert ours.a.norm.weight.eq(0).all()
    assert ours.b.norm.weight.eq(0).all()


def test_the_report_counts_the_same() -> None:
    plain, begun = "linear(8)", "linear(8, init=[weight: zeros, bias: ones])"
    text = "model Net:\n    input x: [N, 4]\n    return x -> fc: {}\n"
    figures = [nnspec.check_source(text.format(t)).models["Net"].params for t in (plain, begun)]
    assert figures[0] == figures[1]
