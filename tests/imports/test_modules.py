"""Imported blocks and models in PyTorch: compiled, loaded, hooked."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import nnspec

from .files import BLOCKS, ROOT, write

TWO = {
    "main": 'from "left.nn" import Block as Left\nfrom "right.nn" import Block as Right\n\n'
    "block Block = linear(6) -> tanh\n\n"
    "model Main(width: int = 4):\n    input x: [N, 3]\n"
    "    return x -> a: Left(width) -> b: Right(width) -> c: Block -> d: Left(7)\n",
    "left": "fn f(n: int) = 2 * n\n\nblock Block(width: int):\n    input x: [N, C]\n"
    "    return x -> fc: linear(f(width)) -> relu\n",
    "right": "fn f(n: int) = 3 * n\n\nblock Block(width: int):\n    input x: [N, C]\n"
    "    return x -> fc: linear(f(width)) -> sigmoid\n",
}


def reference(torch: Any, module: Any, x: Any) -> Any:
    """What `TWO` says, in torch, with the module's weights."""
    weights = module.state_dict()

    def linear(x: Any, name: str) -> Any:
        return torch.nn.functional.linear(x, weights[f"{name}.weight"], weights[f"{name}.bias"])

    x = linear(x, "a.fc").relu()
    x = linear(x, "b.fc").sigmoid()
    x = linear(x, "c.0").tanh()
    return linear(x, "d.fc").relu()


def test_blocks_of_one_name_from_two_files(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    path = write(tmp_path, **TWO)
    report = nnspec.check(path)
    assert report.models["Main"].outputs["output"].shape == ("N", 14)
    for module in (nnspec.load(path).Main(), nnspec.load(path).Main(width=9)):
        x = torch.randn(5, 3)
        assert torch.equal(module(x), reference(torch, module, x))
    module = nnspec.load(path).Main(width=9)
    shapes = {name: tuple(weight.shape) for name, weight in module.state_dict().items()}
    assert (shapes["a.fc.weight"], shapes["b.fc.weight"]) == ((18, 3), (27, 18))
    assert sum(p.numel() for p in nnspec.load(path).Main().parameters()) == (
        report.models["Main"].params.total
    )


def test_the_compiled_file_stands_alone(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from nnspec.cli.calls import compile_source
    from nnspec.targets import find

    text = compile_source(find(str(write(tmp_path, **TWO))))
    assert text is not None
    assert "nnspec" not in text
    namespace: dict[str, Any] = {"__name__": "alone"}
    exec(text, namespace)
    module, x = namespace["Main"](), torch.randn(5, 3)
    assert torch.equal(module(x), reference(torch, module, x))


def test_a_model_of_the_zoo_with_a_block_of_ones_own(
    tmp_path: Path, torchvision_models: Any
) -> None:
    """torchvision's ResNet-18 with its basic block written here."""
    torch = pytest.importorskip("torch")
    basic = (ROOT / "specs" / "resnet.nn").read_text().split("block Bottleneck")[0]
    text = "from zoo.resnet import ResNet\n\n" + basic.split('"""')[2].strip() + "\n\n"
    text += "model mine = ResNet(BasicBlock, [2, 2, 2, 2], classes=7)\n"
    ours = nnspec.load(write(tmp_path, main=text)).mine().eval()
    theirs = torchvision_models.resnet18(num_classes=7).eval()
    ours.load_state_dict(theirs.state_dict())
    image = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        assert torch.equal(ours(image), theirs(image))


def test_imported_models_are_loaded_by_name(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    main = 'from "blocks.nn" import Net, wide as broad\n\nmodel big = Net(width=64)\n'
    path = write(tmp_path, main=main, blocks=BLOCKS)
    spec = nnspec.load(path)
    assert spec.broad.__name__ == "broad"
    assert nnspec.load(f"{path}:Net")(width=6).head.in_features == 12
    assert spec.big()(torch.zeros(2, 3)).shape == (2, 2)
    assert spec.broad().head.in_features == 64
    with pytest.raises(AttributeError, match="did you mean `broad`"):
        _ = spec.broa


def test_problems_of_an_imported_file_are_spec_errors(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    path = write(tmp_path, main='from "bad.nn" import Bad\n\nmodel M = Bad()\n', bad="block\n")
    with pytest.raises(nnspec.SpecError, match=r"bad\.nn:1:\d+: NN101"):
        nnspec.load(path)


def test_a_hooked_spec_imports_others(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    write(tmp_path, package__net='from "parts/blocks.nn" import Net\n\nmodel big = Net(width=64)\n')
    write(tmp_path, package__parts__blocks=BLOCKS)
    done = subprocess.run(
        [
            sys.executable, "-c",
            "import nnspec.hook, pickle\nfrom package.net import big\n"
            "print(type(pickle.loads(pickle.dumps(big()))) is big, big().head.in_features)",
        ],
        capture_output=True, text=True, cwd=tmp_path, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.stdout.split() == ["True", "128"], done.stderr
