"""Operators of other packages: a small real package on the path, with an entry point, as pip leaves it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "own-operators.md").read_text("utf-8")
LAYER = PAGE.partition("lab/layers.py\n")[2].partition("```")[0]
DEFINITION = re.search(r"^```python\n(.*?)^```", PAGE, re.M | re.S)[1]  # type: ignore[index]
SPEC = """\
model Gated:
    input image: [N, 6]
    logits = image -> gate(groups=2) -> linear(3)
    return logits

data Made:
    source = fake([6], classes=3, samples=64)

train Gated on Made:
    loss = cross_entropy(logits, label)
    epochs = 1
"""


def install(folder: Path, package: str, points: str, **files: str) -> None:
    """A package with its dist-info."""
    (folder / package).mkdir(exist_ok=True)
    for name, text in {"__init__": "", **files}.items():
        (folder / package / f"{name}.py").write_text(text, encoding="utf-8")
    info = folder / f"{package}-1.0.dist-info"
    info.mkdir(exist_ok=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[nnspec.operators]\n{points}\n")


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    """The folder of the package that the page shows."""
    install(tmp_path, "lab", "gate = lab.operators:Gate", layers=LAYER, operators=DEFINITION)
    (tmp_path / "net.nn").write_text(SPEC, encoding="utf-8")
    return tmp_path


def run(folder: Path, *words: str) -> tuple[int, str]:
    """A command in a process of its own that has the folder on its path."""
    environment = {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}", "NO_COLOR": "1"}
    done = subprocess.run(
        [sys.executable, "-m", *words], capture_output=True, text=True, cwd=folder, env=environment
    )
    return done.returncode, done.stdout + done.stderr


def test_check_compile_and_ops(lab: Path) -> None:
    status, told = run(lab, "nnspec", "check", "net.nn:Gated")
    assert status == 0, told
    assert re.search(r"gate_1 +gate\(groups=2\) +\[N, 6\] +9 +18", told)
    status, told = run(lab, "nnspec", "compile", "net.nn:Gated", "-o", "net.py")
    assert status == 0, told
    code = "import torch, net; print(tuple(net.Gated()(torch.rand(2, 6)).shape))"
    environment = {**os.environ, "PYTHONPATH": str(lab)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=lab, env=environment
    )
    assert done.stdout == "(2, 3)\n", done.stderr
    status, told = run(lab, "nnspec", "ops", "gate")
    assert status == 0 and "[2, 3, 8] -> gate(groups=4)" in told
    status, told = run(lab, "nnspec", "ops")
    assert status == 0 and re.search(r"^  gate +Each value times a gate", told, re.M)


def test_train(lab: Path) -> None:
    status, told = run(lab, "nnspec", "train", "net.nn")
    assert status == 0, told
    assert list(lab.glob("runs/Gated/*/last"))


def test_a_setting_that_does_not_fit(lab: Path) -> None:
    (lab / "net.nn").write_text(SPEC.replace("groups=2", "groups=4"), encoding="utf-8")
    status, told = run(lab, "nnspec", "check", "net.nn:Gated")
    assert status == 1 and "error[NN302]: groups=4 must divide the 6 values" in told


BROKEN = [
    ("gate = lab.nowhere:Gate", "", "cannot be loaded: ModuleNotFoundError"),
    ("gate = lab.operators:Gate", "1 / 0", "cannot be loaded: ZeroDivisionError"),
    ("gate = lab.operators:Gate", "Gate = 3", "is no class of operators"),
    ("gate = lab.operators:Gate", 'OTHER NAME', 'calls itself "other"'),
    ("gate = lab.operators:Gate", "RULE", "the rules of `gate`, of lab (lab.operators:Gate), fail"),
]  # fmt: skip


@pytest.mark.parametrize(("points", "code", "message"), BROKEN)
def test_a_broken_package_is_told(lab: Path, points: str, code: str, message: str) -> None:
    changed = {
        "OTHER NAME": DEFINITION.replace('name = "gate"', 'name = "other"'),
        "RULE": DEFINITION.replace("use.weighted()", "use.wieghted()"),
    }.get(code, code)
    install(lab, "lab", points, layers=LAYER, operators=changed)
    for words in (["check", "net.nn:Gated"], ["ops", "gate"]):
        status, told = run(lab, "nnspec", *words)
        assert "Traceback" not in told
        if words[0] == "check" or code != "RULE":
            assert status == 1 and message in told, told


def test_two_packages_with_one_name(lab: Path) -> None:
    install(lab, "other", "gate = other.operators:Gate", operators=DEFINITION)
    status, told = run(lab, "nnspec", "check", "net.nn:Gated")
    assert status == 1 and "two packages have an operator `gate`" in told


def test_own_names_stay(lab: Path) -> None:
    points = "relu = lab.operators:Gate\ngate = lab.operators:Gate"
    install(lab, "lab", points, layers=LAYER, operators="raise SystemExit('imported')")
    (lab / "net.nn").write_text("model M:\n    input x: [N, 6]\n    return x -> relu\n")
    status, told = run(lab, "nnspec", "check", "net.nn")
    assert status == 0, told


def test_packages_are_looked_at_only_for_unknown_names(lab: Path) -> None:
    code = (
        "import sys, nnspec\n"
        "nnspec.check('zoo:resnet18'); print('importlib.metadata' in sys.modules)\n"
        "nnspec.check('net.nn:Gated'); print('importlib.metadata' in sys.modules)\n"
    )
    (lab / "asks.py").write_text(code)
    status, told = run(lab, "asks")
    assert (status, told) == (0, "False\nTrue\n")


# -- pytest --nnspec-operators -----------------------------------------------------------------------


def run_tests(lab: Path, *words: str) -> tuple[int, str]:
    return run(lab, "pytest", "-p", "no:cacheprovider", "--nnspec-cases=40", *words)


def test_the_tests_run_on_a_package(lab: Path) -> None:
    status, told = run_tests(lab, "--nnspec-operators", "-v")
    assert status == 0, told
    assert "gate::random_uses PASSED" in told


WRONG = {
    "macs": ("product([*use.x.shape, ", "2 * product([*use.x.shape, ", "MACs"),
    "loose": ("if groups < 1", "if groups < -9", "fail here: ZeroDivisionError"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_definition_fails(lab: Path, name: str) -> None:
    right, wrong, reason = WRONG[name]
    assert right in DEFINITION
    files = {"layers": LAYER, "operators": DEFINITION.replace(right, wrong)}
    install(lab, "lab", "gate = lab.operators:Gate", **files)
    status, told = run_tests(lab, "--nnspec-operators=gate")
    assert status == 1 and reason in told, told


def test_an_unknown_name_is_told(lab: Path) -> None:
    status, told = run_tests(lab, "--nnspec-operators=gaet")
    assert status == 4 and "declared are: gate" in told
