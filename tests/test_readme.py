"""What the README shows is what happens: its specs, outputs, Python and commands."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def run(*words: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
    return subprocess.run(
        [sys.executable, "-m", "nnspec", *words],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=environment,
        timeout=120,
    )


def shown(command: str) -> str:
    """The output that the README shows under `$ command`."""
    block = next(text for _, text in BLOCKS if text.startswith(f"$ {command}\n"))
    return block.partition("\n")[2]


def test_the_first_model_is_the_spec() -> None:
    assert (ROOT / "specs" / "lenet.nn").read_text().startswith(BLOCKS[0][1])


def test_the_first_output_is_what_check_prints() -> None:
    done = run("check", "specs/lenet.nn:LeNet")
    assert done.returncode == 0
    assert (
        done.stdout.partition("\n\ndata ")[0].strip()
        == shown("nnspec check specs/lenet.nn:LeNet").strip()
    )


def test_the_mistakes_are_what_check_prints(tmp_path: Path) -> None:
    spec = next(text for _, text in BLOCKS if text.startswith("model Small:"))
    (tmp_path / "small.nn").write_text(spec)
    done = run("check", "small.nn", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stdout.strip() == shown("nnspec check small.nn").strip()


def test_the_unet_line() -> None:
    line = next(
        line
        for line in run("check", "specs/unet.nn").stdout.splitlines()
        if line.startswith("sizes")
    )
    quoted = re.search(r"says `sizes  (.*?)`", README)
    assert quoted is not None
    assert " ".join(line.split()[1:]) == quoted[1]


def test_the_python_runs() -> None:
    pytest.importorskip("torch")
    code = next(text for language, text in BLOCKS if language == "python")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, env=environment
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == re.findall(r"print\(.*?\) +# (.*)", code)


def test_the_commands_are_those_of_ci() -> None:
    install = [line for line in README.splitlines() if line.startswith("pip install -c")]
    assert len(install) == 2
    assert "nnspec train specs/digits.nn" in install[0]
    assert install[1].split("#")[0].strip().endswith("&& pytest")
    assert "grep -E" in (ROOT / ".ci" / "run").read_text()


def test_training_the_digits_reaches_98_percent(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    done = run("train", str(ROOT / "specs" / "digits.nn"), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    best = re.search(r"best val accuracy ([\d.]+)%", done.stdout)
    assert best is not None
    assert float(best[1]) >= 98
    folder = re.search(r"nnspec eval (\S+)", done.stdout)
    assert folder is not None
    measured = run("eval", folder[1], cwd=tmp_path)
    assert measured.returncode == 0, measured.stderr
    assert "confusion" in measured.stdout


@pytest.mark.parametrize("link", re.findall(r"\]\(([\w./]+)\)", README))
def test_links_lead_somewhere(link: str) -> None:
    assert (ROOT / link).exists()
