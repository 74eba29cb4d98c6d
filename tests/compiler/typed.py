"""The compiled file of every family of the zoo under mypy: `python -m tests.compiler.typed`.

Prints what mypy finds; the exit code is mypy's. A minute on one core.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from .test_source import ROOT, text_of


def main() -> int:
    with TemporaryDirectory() as folder:
        for path in sorted(ROOT.glob("specs/*.nn")):
            (Path(folder) / f"{path.stem}_model.py").write_text(text_of(path))
        settings = ("--disallow-untyped-defs", "--check-untyped-defs", "--warn-unreachable")
        settings += ("--ignore-missing-imports",)  # of the packages of externs
        command = [sys.executable, "-m", "mypy", "--config-file", "", *settings, "."]
        return subprocess.run(command, cwd=folder, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
