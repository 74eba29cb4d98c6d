"""The generated source: formatted, clean, free of nnspec, and equal to PyTorch by hand."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import nnspec
from nnspec.compiler.source import complete, program_of, source_of
from nnspec.diagnostics import SpecError
from nnspec.source import Source

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402

ROOT = Path(__file__).parent.parent.parent
OWN = Path(__file__).parent / "attention.nn"
SPECS = [*sorted(ROOT.glob("specs/*.nn")), *sorted(ROOT.glob("tests/cases/accept/*.nn")), OWN]

RULES = ("--config", str(ROOT / "pyproject.toml"))


def text_of(path: Path) -> str:
    program = program_of(Source(path.read_text(), path.name, str(path)))
    return source_of(program, complete(program)).text


def spec_of(text: str) -> nnspec.compiler.spec.Spec:  # type: ignore[name-defined]
    from nnspec.compiler.spec import Spec

    return Spec(program_of(Source(text, "test.nn")))


def ruff(*words: str, text: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ruff", *words, "--stdin-filename", "model.py", "-"]
    return subprocess.run(command, input=text, text=True, capture_output=True, check=False)


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_source_is_formatted_and_clean(path: Path) -> None:
    pytest.importorskip("ruff")
    text = text_of(path)
    formatted = ruff("format", "--isolated", text=text)
    assert formatted.returncode == 0, formatted.stderr
    assert formatted.stdout == text
    checked = ruff("check", *RULES, text=text)
    assert checked.returncode == 0, checked.stdout


def test_ruff_would_object() -> None:
    pytest.importorskip("ruff")
    assert ruff("format", "--isolated", text="x = {  'a':1 }\n").stdout != "x = {  'a':1 }\n"
    assert ruff("check", *RULES, text="import os\n").returncode == 1


def test_source_passes_mypy(tmp_path: Path) -> None:
    """Of all families: `python -m tests.compiler.typed`."""
    pytest.importorskip("mypy")
    for family in ("resnet", "swin", "llama3", "t5", "fcos", "bert"):
        (tmp_path / f"{family}_model.py").write_text(text_of(ROOT / f"specs/{family}.nn"))
    (tmp_path / "twin.py").write_text("import torch\nx: int = torch.zeros(2).relu()\n")
    (tmp_path / "mypy.ini").write_text(
        "[mypy]\ndisallow_untyped_defs = true\ncheck_untyped_defs = true\nwarn_unreachable = true\n"
    )
    command = [sys.executable, "-m", "mypy", "--cache-dir", str(tmp_path / "cache"), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    problems = [line for line in done.stdout.splitlines() if ": error:" in line]
    assert [line.partition(":")[0] for line in problems] == ["twin.py"], done.stdout


def test_source_runs_without_nnspec() -> None:
    blocked = "import sys\nsys.modules['nnspec'] = None\n"
    used = "print(tuple(LeNet(classes=7)(torch.zeros(2, 1, 28, 28)).shape))\n"
    source = blocked + text_of(ROOT / "specs/lenet.nn") + used
    done = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, check=True, cwd="/"
    )
    assert done.stdout.strip() == "(2, 7)"


class LeNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5, padding=2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(400, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        x = F.max_pool2d(F.relu(self.conv1(image)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = F.relu(self.fc2(F.relu(self.fc1(x.flatten(1)))))
        return self.fc3(x)


class Attention(nn.Module):
    """As in the paper (Vaswani et al. 2017), with PyTorch's fused kernel as the judge."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.proj = nn.Linear(width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        n, t, d = x.shape
        q, k, v = (
            layer(x).view(n, t, self.heads, -1).transpose(1, 2)
            for layer in (self.query, self.key, self.value)
        )
        y = F.scaled_dot_product_attention(q, k, v, scale=0.5)
        return self.proj(y.transpose(1, 2).reshape(n, t, d))


class Block(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(width)
        self.attn = Attention(width, heads)
        self.ln_2 = nn.LayerNorm(width)
        self.mlp = nn.ModuleDict(
            {"c_fc": nn.Linear(width, 4 * width), "c_proj": nn.Linear(4 * width, width)}
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp["c_proj"](F.gelu(self.mlp["c_fc"](self.ln_2(x))))


class Tiny(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.h = nn.Sequential(Block(16, 2), Block(16, 2), Block(16, 2))
        self.ln_f = nn.LayerNorm(16)
        self.Block_1 = Block(16, 2)
        self.Block_2 = Block(16, 2)
        self.out = nn.Sequential(nn.Linear(16, 4), nn.ReLU(), nn.Linear(4, 2))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.Block_2(self.Block_1(self.ln_f(self.h(x))))
        return self.out(y.tanh().tanh().tanh()[:, 0])


def agree(ours: nn.Module, theirs: nn.Module) -> None:
    assert list(ours.state_dict()) == list(theirs.state_dict())
    ours.load_state_dict(theirs.state_dict())
    ours.eval()
    theirs.eval()


def test_lenet_is_the_one_written_by_hand() -> None:
    ours, theirs = nnspec.load(str(ROOT / "specs/lenet.nn")).LeNet(), LeNet()
    agree(ours, theirs)
    image = torch.randn(3, 1, 28, 28)
    assert torch.equal(ours(image), theirs(image))


def test_a_transformer_is_the_one_written_by_hand() -> None:
    ours, theirs = nnspec.load(str(OWN)).Tiny(), Tiny()
    agree(ours, theirs)
    x = torch.randn(2, 7, 16)
    result = ours(x)
    assert result._fields == ("first", "y")
    torch.testing.assert_close(result.first, theirs(x))


def test_the_uses_of_a_block_share_a_class() -> None:
    text = text_of(ROOT / "specs/resnet.nn")
    names = [line for line in text.splitlines() if line.startswith("class ")]
    assert len(names) == 2 + 10  # blocks and models, with one class each
    assert "if stride != 1 or in_channels != 4 * planes:" in text


def test_a_block_is_what_its_arguments_say() -> None:
    module = sys.modules[nnspec.load(str(ROOT / "specs/resnet.nn")).resnet50.__module__]
    assert module.Bottleneck(64, 16).downsample is None
    assert module.Bottleneck(64, 16, stride=2)(torch.zeros(1, 64, 8, 8)).shape == (1, 64, 4, 4)
    assert module.Bottleneck(32, 16)(torch.zeros(1, 32, 8, 8)).shape == (1, 64, 8, 8)


BRANCHES = """
block Scaled(p: float):
    input x: [N, C]
    return x -> linear(C) -> dropout(p {op})

model Net(p: float = 0.5):
    input x: [N, 4]
    return x -> Scaled(p)
"""


def test_a_fraction_is_an_argument_only_where_nothing_is_computed_with_it() -> None:
    plain = spec_of(BRANCHES.replace("{op}", "")).Net
    assert plain(p=0.25).Scaled_1.dropout.p == 0.25
    assert "nn.Dropout(p)" in text_at(plain)
    computed = spec_of(BRANCHES.replace("{op}", "/ 2")).Net
    assert computed(p=0.25).Scaled_1.dropout.p == 0.125
    assert computed().Scaled_1.dropout.p == 0.25
    rooted = spec_of(BRANCHES.replace("p {op}", "sqrt(p)")).Net
    assert rooted(p=0.25).Scaled_1.dropout.p == 0.5


def text_at(cls: type) -> str:
    import inspect

    return inspect.getsource(sys.modules[cls.__module__])


def test_weights_of_unknown_size_are_a_problem_with_its_place() -> None:
    text = "model Net:\n    input x: [N, D]\n    return x -> fc: linear(3)\n"
    with pytest.raises(SpecError, match=r"test.nn:3:\d+: NN308: the weights of `linear` would"):
        _ = spec_of(text).Net


def test_names_that_python_needs_are_moved_aside() -> None:
    text = (
        "model Net:\n    input lambda: [N, 4]\n    input torch: [N, 4]\n"
        "    class = relu(lambda) + torch\n    l = tanh(class)\n    return exp(l + class)\n"
    )
    a, b = torch.randn(2, 4), torch.randn(2, 4)
    expected = F.relu(a) + b
    assert torch.equal(spec_of(text).Net()(a, b), (expected.tanh() + expected).exp())


def test_a_layer_whose_result_is_unused_runs_all_the_same() -> None:
    text = (
        "model Net:\n    input x: [N, 4]\n    y = x -> bn: batch_norm1d\n    z = relu(y)\n"
        "    return tanh(x)\n"
    )
    module = spec_of(text).Net()
    x = torch.randn(8, 4)
    assert torch.equal(module(x), x.tanh())
    assert module.bn.num_batches_tracked == 1
    assert "relu" not in text_at(type(module))
