"""`nnspec compile --stubs`: mypy, which we did not write, knows a spec's parameters and inputs by them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("mypy")
ROOT = Path(__file__).parent.parent.parent

SPEC = """
model Net(width: int = 4, rate: float = 0.5, last: int = none):
    input x: [N, 3]
    input y: [N, 3]
    h = x + y -> fc: linear(width)
    return h, z = h -> dropout(rate)
"""
USE = """
import torch
from net import Net

net = Net(width=8, rate=0.1, device="meta", dtype=torch.bfloat16)
found = net(torch.ones(2, 3), torch.ones(2, 3))
found.h.shape, found.z.shape
"""
WRONG = {
    "Net(widht=8)": 'Unexpected keyword argument "widht" for "Net"',
    'Net(width="8")': 'Argument "width" to "Net" has incompatible type "str"',
    "net(torch.ones(2, 3))": 'Missing positional argument "y" in call to "__call__" of "Net"',
    "found.g": '"NetOutput" has no attribute "g"',
}


def run(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *words], cwd=folder, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip


def test_a_type_checker_catches_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "net.nn").write_text(SPEC)
    assert run("nnspec", "compile", "--stubs", "net.nn", folder=tmp_path).returncode == 0
    (tmp_path / "use.py").write_text(USE + "".join(f"{line}\n" for line in WRONG))
    done = run("mypy", "--follow-imports=skip", "use.py", folder=tmp_path)
    first = USE.count("\n") + 1
    told = [line for line in done.stdout.splitlines() if ": error:" in line]
    assert len(told) == len(WRONG), done.stdout
    for number, (line, wanted) in enumerate(zip(told, WRONG.values(), strict=True)):
        assert line.startswith(f"use.py:{first + number}: error: {wanted}")


def test_the_zoo_has_no_file_beside_it_to_write() -> None:
    done = run("nnspec", "compile", "--stubs", "zoo:lenet", folder=ROOT)
    assert "class LeNet(nn.Module):" in done.stdout
    assert not (ROOT / "specs" / "lenet.pyi").exists()
