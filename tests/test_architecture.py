"""What the house promises about itself: light imports, and checking without PyTorch."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SLOW = ("torch", "networkx", "pydantic", "rich", "dataclasses", "lark", "sympy", "numpy")


def loaded(code: str) -> set[str]:
    """The top-level modules that a fresh process has loaded after running the code."""
    code += "\nimport sys; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, env=environment
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split())


def test_import_is_light() -> None:
    bare = loaded("pass")
    assert not (loaded("import nnspec") - bare) & set(SLOW)


@pytest.mark.parametrize("spec", ["lenet", "resnet", "mlp"])
def test_checking_loads_nothing_slow(spec: str) -> None:
    code = f"import nnspec; assert nnspec.check('specs/{spec}.nn').ok"
    assert not (loaded(code) - loaded("pass")) & {*SLOW, "islpy"}


def operators_loaded(code: str) -> set[str]:
    """The modules below nnspec.operators that a fresh process has loaded after running the code."""
    code += "\nimport sys; print(*(n for n in sys.modules if n.startswith('nnspec.operators')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split())


def checked(body: str) -> str:
    spec = f"model M:\n    input x: [N, 8]\n    return x -> {body}\n"
    return f"import nnspec; assert nnspec.check_source({spec!r}).ok"


def test_only_operators_that_are_used_are_loaded() -> None:
    base = operators_loaded(checked("linear(4)"))
    assert "nnspec.operators.linear" in base
    unwanted = {"conv", "pool", "norm", "recurrent", "transformer", "losses", "einops", "attention"}
    assert not base & {f"nnspec.operators.{name}" for name in unwanted}


def test_the_twin_of_the_operators_fails() -> None:
    """An operator that is used is seen, with the file of its family."""
    base = operators_loaded(checked("linear(4)"))
    more = operators_loaded(checked("linear(4) -> layer_norm"))
    assert "nnspec.operators.norm" in more - base


def test_the_twin_fails() -> None:
    """The measure above does see what is loaded."""
    assert "dataclasses" in loaded("import dataclasses")


def test_checking_works_where_torch_cannot_be_imported() -> None:
    code = (
        "import sys\n"
        "for name in ('torch', 'torchvision', 'numpy', 'sklearn'): sys.modules[name] = None\n"
        "import nnspec\n"
        "for spec in ('lenet', 'digits', 'resnet', 'unet', 'siamese', 'mlp'):\n"
        "    report = nnspec.check(f'specs/{spec}.nn')\n"
        "    assert report.ok, report.diagnostics\n"
    )
    loaded(code)


def test_the_layers_hold() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports")],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_broken_layer_would_be_seen(tmp_path: Path) -> None:
    """A contract that is wrong on purpose fails, so the tool does look at our imports."""
    contract = tmp_path / "contract"
    contract.write_text(
        "[importlinter]\nroot_package = nnspec\n"
        "[importlinter:contract:upside-down]\nname = upside down\ntype = layers\n"
        "layers =\n    nnspec.source\n    nnspec.elaborate\n"
    )
    done = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--config", str(contract)],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.returncode != 0
    assert "BROKEN" in done.stdout


def test_nothing_of_the_house_is_ignored_by_git() -> None:
    """A pattern of .gitignore meant for what commands write must not swallow a room."""
    files = [str(f) for room in ("nnspec", "tests", "docs") for f in (ROOT / room).rglob("*.py")]
    command = ["git", "check-ignore", "--stdin"]
    done = subprocess.run(command, input="\n".join(files), capture_output=True, text=True, cwd=ROOT)
    if done.returncode == 128:
        pytest.skip("not a git checkout")
    assert done.stdout == ""
