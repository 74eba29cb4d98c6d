"""`extern`: checked without an import, compiled only where it is allowed, held to its declaration."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import nnspec
from nnspec.cli import main
from nnspec.diagnostics import SpecError
from nnspec.hook import install

SPEC = """\
extern Scan(state: int = 16, gain: float = 1.0) = "labpackage.ops:{name}":
    input x: [N, T, D]
    param A: [D, state]
    buffer steps: [state]
    return {result}

block Mixer(k: int):
    input x: [N, T, D]
    return x -> norm: layer_norm -> scan: Scan(k)

model Net(k: int = 4):
    input x: [N, T, 8]
    return x -> 2 * Mixer(k) -> scan: Scan(2, gain=0.5) -> linear(3)
"""

OPS = """\
import torch
from torch import nn


class Scan(nn.Module):
    def __init__(self, D, state, gain=1.0):
        super().__init__()
        self.A = nn.Parameter(torch.randn(D, state))
        self.register_buffer("steps", torch.arange(float(state)))
        self.gain = gain

    def forward(self, x):
        return self.gain * torch.cumsum(x * self.A.sum(1), 1)


class Nameless(Scan):
    def __init__(self, D, state, gain=1.0):
        super().__init__(D, state + 1, gain)


class Shorter(Scan):
    def forward(self, x):
        return super().forward(x)[:, 1:]


class Rounded(Scan):
    def forward(self, x):
        return super().forward(x).long()


def function(x):
    return x
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the Python package, which leaves a mark when it is imported."""
    folder = tmp_path / "labpackage"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    mark = tmp_path / "imported"
    (folder / "ops.py").write_text(f"open({str(mark)!r}, 'w').close()\n{OPS}")
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in [name for name in sys.modules if name.startswith("labpackage")]:
        monkeypatch.delitem(sys.modules, name)
    importlib.invalidate_caches()
    return tmp_path


def spec(folder: Path, name: str = "Scan", result: str = "[N, T, D]") -> str:
    file = folder / f"{name}.nn"
    file.write_text(SPEC.format(name=name, result=result))
    return str(file)


def test_checking_imports_nothing(package: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = spec(package)
    report = nnspec.check(file)
    assert report.ok
    net = report.models["Net"]
    assert net.outputs["output"].shape == ("N", "T", 3)
    # twice a norm and a scan, the last scan, the linear layer
    assert net.params.total == 2 * (16 + 8 * 4) + 8 * 2 + (8 * 3 + 3)
    assert main(["check", file]) == 0
    assert "per sample (N = 1), without Scan (extern)" in capsys.readouterr().out
    assert main(["compile", file]) == 0
    assert "class Scan(labpackage.ops.Scan):" in capsys.readouterr().out
    assert not (package / "imported").exists()


def test_it_is_imported_only_where_that_is_allowed(package: Path) -> None:
    file = spec(package)
    with pytest.raises(SpecError, match="would import labpackage") as refused:
        nnspec.load(file).Net  # noqa: B018
    (problem,) = refused.value.problems
    assert problem.code == "NN218"
    assert problem.span is not None
    assert problem.span.line == 1
    assert "allow_extern=True" in problem.help
    assert not (package / "imported").exists()
    install()
    with pytest.raises(ImportError, match="would import labpackage"):
        importlib.import_module("Scan")
    assert not (package / "imported").exists()


def test_it_runs(package: Path) -> None:
    model = nnspec.load(spec(package), allow_extern=True).Net(k=3)
    torch.manual_seed(0)
    x = torch.randn(2, 5, 8)
    h = x
    for mixer in (model.Mixer_1, model.Mixer_2):
        h = torch.cumsum(mixer.norm(h) * mixer.scan.A.sum(1), 1)
    h = 0.5 * torch.cumsum(h * model.scan.A.sum(1), 1)
    assert torch.equal(model(x), model.linear_1(h))
    assert model.state_dict()["Mixer_2.scan.A"].shape == (8, 3)
    compiled = torch.compile(model, fullgraph=True, backend="eager")
    assert torch.equal(compiled(x), model(x))
    exported = torch.export.export(model, (x,)).module()
    assert torch.equal(exported(x), model(x))


def test_it_is_held_to_its_parameters(package: Path) -> None:
    with pytest.raises(TypeError, match=r"declared with \{'A': \(8, 4\)"):
        nnspec.load(spec(package, "Nameless"), allow_extern=True).Net()


@pytest.mark.parametrize("name", ["Shorter", "Rounded"])
def test_it_is_held_to_its_results(package: Path, name: str) -> None:
    model = nnspec.load(spec(package, name), allow_extern=True).Net()
    with pytest.raises(TypeError, match=r"declared to return \[N, T, D\], here \(1, 5, 8\)"):
        model(torch.zeros(1, 5, 8))


@pytest.mark.parametrize(
    ("name", "said"), [("Missing", "has no `Missing`"), ("function", "is no class of torch.nn")]
)
def test_what_is_not_there(package: Path, name: str, said: str) -> None:
    with pytest.raises(SpecError, match=said):
        nnspec.load(spec(package, name), allow_extern=True).Net  # noqa: B018


def test_a_package_that_is_not_there(tmp_path: Path) -> None:
    text = SPEC.format(name="Scan", result="[N, T, D]").replace("labpackage", "nosuchpackage")
    (tmp_path / "net.nn").write_text(text)
    with pytest.raises(SpecError, match="cannot be imported: No module named 'nosuchpackage'"):
        nnspec.load(tmp_path / "net.nn", allow_extern=True).Net  # noqa: B018


def test_several_results(package: Path) -> None:
    (package / "labpackage" / "two.py").write_text(
        "from torch import nn\n\n\nclass Two(nn.Module):\n    def forward(self, x, i):\n"
        "        return x[:, 0], i + 1\n"
    )
    file = package / "two.nn"
    file.write_text(
        'extern Two = "labpackage.two:Two":\n    input x: [N, C]\n    input i: i64[N]\n'
        "    return [N], i64[N]\n\nmodel Net:\n    input x: [N, 3]\n    input i: i64[N]\n"
        "    a, b = (x, i) -> Two\n    return a, b\n"
    )
    model = nnspec.load(file, allow_extern=True).Net()
    a, b = model(torch.eye(2, 3), torch.tensor([1, 2]))
    assert a.tolist() == [1, 0]
    assert b.tolist() == [2, 3]


def test_a_hostile_extern_runs_nothing(tmp_path: Path) -> None:
    """os.system is callable and in every Python: neither checking nor compiling touches it."""
    file = tmp_path / "net.nn"
    file.write_text(
        'extern Run(command: str = "touch done") = "os:system":\n    input x: [N, D]\n'
        "    return [N, D]\n\nmodel Net:\n    input x: [N, 3]\n    return x -> Run\n"
    )
    for words in (["check"], ["compile"], ["explain"], ["fmt", "--check"]):
        tail = ["Run_1"] if words == ["explain"] else []
        done = subprocess.run(
            [sys.executable, "-m", "nnspec", *words, "net.nn", *tail],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(Path(nnspec.__file__).parents[1])},
            check=False,
        )
        assert done.returncode == 0
    assert not (tmp_path / "done").exists()
    with pytest.raises(SpecError, match="would import os"):
        nnspec.load(file).Net  # noqa: B018


def test_training_asks_for_it(
    package: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(package)
    (package / "digits.nn").write_text(
        'extern Scan(state: int = 2) = "labpackage.ops:Scan":\n    input x: [N, T, D]\n'
        "    param A: [D, state]\n    buffer steps: [state]\n    return [N, T, D]\n\n"
        "model Net:\n    input image: [N, 1, 8, 8]\n"
        "    x = image[:, 0] -> Scan -> flatten\n    return logits = x -> linear(10)\n\n"
        "data Digits:\n    source = digits()\n    split = [train: 0.8, val: 0.2]\n\n"
        "train Net on Digits:\n    loss = cross_entropy(logits, label)\n"
        "    metrics = [accuracy(logits, label)]\n    optimizer = sgd(lr=0.01)\n    epochs = 1\n"
    )
    assert main(["train", "digits.nn"]) == 1
    assert "error[NN218]" in capsys.readouterr().out
    assert not (package / "runs").exists()
    assert main(["train", "digits.nn", "--allow-extern"]) == 0
    (run,) = (package / "runs" / "Net").iterdir()
    capsys.readouterr()
    assert main(["eval", str(run)]) == 1
    assert "would import labpackage.ops" in capsys.readouterr().out
    assert main(["eval", str(run), "--allow-extern"]) == 0
