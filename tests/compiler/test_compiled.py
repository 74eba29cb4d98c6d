"""Compiled models: plain modules, whose source a careful person could have written."""

from __future__ import annotations

import copy
import inspect
import io
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import nnspec

torch = pytest.importorskip("torch")

ROOT = Path(__file__).parent.parent.parent
SPECS = sorted((ROOT / "specs").glob("*.nn")) + sorted((ROOT / "tests/cases/accept").glob("*.nn"))


def sources() -> list[tuple[str, str]]:
    """Name and source of every model of the zoo and of the accepted cases."""
    from nnspec.compiler.spec import program_of, source_of
    from nnspec.source import Source

    found = []
    for path in SPECS:
        program = program_of(Source(path.read_text(), str(path), str(path)))
        names = [model.name for model in program.models.values() if not model.missing]
        found.append((path.stem, source_of(program, names).text))
    return found


@pytest.mark.parametrize(("stem", "text"), sources(), ids=lambda value: value[:12])
def test_the_source_is_clean(stem: str, text: str, tmp_path: Path) -> None:
    """ruff finds nothing, its formatter changes nothing, and no line is too long."""
    file = tmp_path / f"{stem}.py"
    file.write_text(text)
    ruff = str(Path(sys.executable).parent / "ruff")
    lint = subprocess.run(
        [ruff, "check", "--isolated", str(file)], capture_output=True, text=True, check=False
    )
    assert lint.returncode == 0, lint.stdout
    layout = subprocess.run(
        [ruff, "format", "--isolated", "--diff", str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert layout.returncode == 0, layout.stdout


def test_the_written_file_runs_where_there_is_no_nnspec(tmp_path: Path) -> None:
    file = tmp_path / "lenet.py"
    done = subprocess.run(
        [sys.executable, "-m", "nnspec", "compile", "specs/lenet.nn", "-o", str(file)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert done.returncode == 0
    code = (
        "import sys; sys.modules['nnspec'] = None\n"
        "import torch, lenet\n"
        "print(tuple(lenet.LeNet(classes=7)(torch.zeros(2, 1, 28, 28)).shape))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True,
        env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
    )  # fmt: skip
    assert run.stdout.strip() == "(2, 7)"


def model(target: str, **settings: Any) -> Any:
    torch.manual_seed(0)
    return nnspec.load(str(ROOT / "specs" / target))(**settings).eval()


def test_the_loaded_class_is_that_very_source() -> None:
    cls = nnspec.load(str(ROOT / "specs/lenet.nn:LeNet"))
    assert issubclass(cls, torch.nn.Module)
    assert inspect.getsource(cls) in dict(sources())["lenet"]


def test_lenet_is_the_hand_written_one() -> None:
    class LeNet(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1 = torch.nn.Conv2d(1, 6, 5, padding=2)
            self.conv2 = torch.nn.Conv2d(6, 16, 5)
            self.fc1 = torch.nn.Linear(400, 120)
            self.fc2 = torch.nn.Linear(120, 84)
            self.fc3 = torch.nn.Linear(84, 10)

        def forward(self, x: Any) -> Any:
            x = torch.max_pool2d(torch.relu(self.conv1(x)), 2)
            x = torch.max_pool2d(torch.relu(self.conv2(x)), 2).flatten(1)
            return self.fc3(torch.relu(self.fc2(torch.relu(self.fc1(x)))))

    ours, theirs = model("lenet.nn:LeNet"), LeNet()
    assert list(ours.state_dict()) == list(theirs.state_dict())
    theirs.load_state_dict(ours.state_dict())
    image = torch.randn(3, 1, 28, 28)
    assert torch.equal(ours(image), theirs(image))


def test_parameters_are_constructor_arguments() -> None:
    spec = nnspec.load(str(ROOT / "specs/unet.nn"))
    assert spec.UNet(classes=5, width=4).head.out_channels == 5
    shallow = spec.UNet(width=4, depth=2)  # depth shapes the model: it is compiled anew
    assert isinstance(shallow, torch.nn.Module)
    assert len(shallow.down) == 2
    assert shallow(torch.zeros(1, 3, 8, 8)).shape == (1, 2, 8, 8)
    with pytest.raises(TypeError, match="did you mean 'width'"):
        spec.UNet(widht=4)
    with pytest.raises(AttributeError, match="did you mean `UNet`"):
        spec.Unet  # noqa: B018


def test_a_parameter_that_the_spec_refuses_is_refused() -> None:
    with pytest.raises(nnspec.SpecError, match="out_features must be at least 1"):
        nnspec.load(str(ROOT / "specs/lenet.nn:LeNet"))(classes=0)


def test_a_wrong_spec_does_not_load(tmp_path: Path) -> None:
    file = tmp_path / "wrong.nn"
    file.write_text("model A:\n    input x: [N, 4]\n    return x -> conv2d(3, 3)\n")
    with pytest.raises(nnspec.SpecError, match="NN303"):
        nnspec.load(str(file)).A  # noqa: B018


@pytest.mark.parametrize("target", ["lenet.nn:LeNet", "digits.nn:DigitsCNN", "resnet.nn:resnet18"])
def test_it_is_an_ordinary_module(target: str) -> None:
    """pickle, deepcopy, save and load, torch.compile without a break, export, fx."""
    module = model(target)
    size = {"lenet": (2, 1, 28, 28), "digits": (2, 1, 8, 8), "resnet": (2, 3, 64, 64)}
    image = torch.randn(size[target.partition(".")[0]])
    with torch.no_grad():
        expected = module(image)
        for twin in (pickle.loads(pickle.dumps(module)), copy.deepcopy(module)):
            assert torch.equal(twin(image), expected)
        buffer = io.BytesIO()
        torch.save(module, buffer)
        buffer.seek(0)
        assert torch.equal(torch.load(buffer, weights_only=False)(image), expected)
        compiled = torch.compile(module, fullgraph=True, backend="eager")
        assert torch.equal(compiled(image), expected)
        assert torch.equal(torch.fx.symbolic_trace(module)(image), expected)
        exported = torch.export.export(module, (image,)).module()
        assert torch.allclose(exported(image), expected, atol=1e-5)


def test_a_deep_copy_has_weights_of_its_own() -> None:
    module = model("lenet.nn:LeNet")
    twin = copy.deepcopy(module)
    with torch.no_grad():
        twin.conv1.weight.zero_()
    assert module.conv1.weight.abs().sum() > 0


def test_a_traceback_shows_the_source() -> None:
    import traceback

    try:
        model("lenet.nn:LeNet")(torch.zeros(1, 1, 10, 10))
    except RuntimeError as error:
        text = "".join(traceback.format_exception(error))
    assert "x = F.max_pool2d(F.relu(self.conv2(x), inplace=True), 2)" in text


def test_a_parameter_of_0_decides_as_0_in_the_compiled_module(tmp_path: Path) -> None:
    """Names stand for integers of at least 1; a 0 or -1 must not be taken for one of them."""
    file = tmp_path / "zero.nn"
    file.write_text(
        "block Act(p: int):\n    input x: [N, 8]\n    if p > 0:\n        x = x -> relu\n    else:\n"
        "        x = x -> tanh\n    return x\n\n"
        "block Wide(p: int):\n    input x: [N, 8]\n    return x -> linear(max(p, 1))\n\n"
        "block Tower(depth: int):\n    input x: [N, D]\n    if depth > 0:\n"
        "        x = x -> linear(8) -> Tower(depth - 1)\n    return x\n\n"
        "model M:\n    input x: [N, 8]\n    a = x -> Act(0)\n    b = x -> Act(-3)\n"
        "    c = x -> Act(1)\n    d = x -> Wide(0)\n    e = x -> Tower(3)\n    return a, b, c, d, e\n"
    )
    module = nnspec.load(f"{file}:M")()
    x = torch.randn(2, 8)
    a, b, c, d, e = module(x)
    assert torch.equal(a, torch.tanh(x))
    assert torch.equal(b, torch.tanh(x))
    assert torch.equal(c, torch.relu(x))
    assert d.shape == (2, 1)
    assert e.shape == (2, 8)
    assert sum(parameter.numel() for parameter in module.parameters()) == 9 + 3 * (8 * 8 + 8)
