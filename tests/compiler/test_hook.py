"""`import nnspec.hook`: specs import like modules."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")
ROOT = Path(__file__).parent.parent.parent


def run(code: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )


def test_a_spec_imports() -> None:
    done = run(
        "import nnspec.hook, torch\n"
        "from specs.lenet import LeNet\n"
        "import specs.resnet\n"
        "print(LeNet(classes=3)(torch.zeros(1, 1, 28, 28)).shape[1], 'resnet50' in dir(specs.resnet))",
        ROOT,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["3", "True"]


def test_a_model_with_a_parameter_that_has_no_default_imports(tmp_path: Path) -> None:
    (tmp_path / "toy.nn").write_text(
        "model A(width: int):\n    input x: [N, 4]\n    return x -> linear(width)\n"
    )
    code = "import nnspec.hook, toy; print(toy.A(3)(torch.ones(2, 4)).shape[1], dir(toy)); toy.A()"
    done = run(f"import torch; {code}", tmp_path)
    assert done.stdout.strip() == "3 ['A']"
    assert done.stderr.strip().endswith("TypeError: A needs width")


def test_python_wins_over_a_spec_of_the_same_name(tmp_path: Path) -> None:
    (tmp_path / "toy.nn").write_text("model A:\n    input x: [N, 4]\n    return x -> linear(2)\n")
    (tmp_path / "toy.py").write_text("A = 'python'\n")
    done = run("import nnspec.hook; from toy import A; print(A)", tmp_path)
    assert done.stdout.strip() == "python"
    (tmp_path / "toy.py").unlink()
    done = run("import nnspec.hook; from toy import A; print(A.__name__)", tmp_path)
    assert done.stdout.strip() == "A"


def test_an_edit_is_seen_at_once(tmp_path: Path) -> None:
    for width in (2, 3):
        (tmp_path / "toy.nn").write_text(
            f"model A:\n    input x: [N, 4]\n    return x -> fc: linear({width})\n"
        )
        done = run("import nnspec.hook; from toy import A; print(A().fc.out_features)", tmp_path)
        assert done.stdout.strip() == str(width)


def test_a_wrong_spec_is_an_import_error(tmp_path: Path) -> None:
    (tmp_path / "toy.nn").write_text(
        "model A:\n    input x: [N, 4]\n    return x -> conv2d(2, 3)\n"
    )
    done = run(
        "import nnspec.hook\ntry:\n    from toy import A\nexcept ImportError as error:\n    print(error)",
        tmp_path,
    )
    assert "NN303" in done.stdout, done.stderr
    (tmp_path / "fine.nn").write_text("model A:\n    input x: [N, 4]\n    return x -> relu\n")
    done = run("import nnspec.hook\nfrom fine import B", tmp_path)
    assert "ImportError: cannot import name 'B'" in done.stderr
