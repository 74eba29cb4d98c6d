"""Paired timings: the contestants take turns, and each turn gives one ratio.

`Results` is what the scripts share beyond that: lines to read, and a JSON file that is written after each
figure, so that a script which is started again goes on where it stopped.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parent.parent


class Results:
    """What was measured: a line and a record for each name."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.only: list[str] = arguments.only
        self.file = Path(arguments.json) if arguments.json else None
        self.found: dict[str, dict[str, float]] = {}
        if self.file and self.file.exists():
            self.found = json.loads(self.file.read_text())

    def wanted(self, name: str) -> bool:
        """Whether a figure is asked for, and not in the file yet."""
        words = name.split()
        return name not in self.found and (not self.only or any(o in words for o in self.only))

    def add(self, name: str, own: float, theirs: float, ratio: float, more: str = "") -> None:
        """Seconds of ours and of the peer's, and the median of peer / ours."""
        self.found[name] = {"ours": own, "peer": theirs, "ratio": ratio}
        print(
            f"{name:<40} ours {own:8.4f} s  peer {theirs:8.4f} s  "
            f"ours / peer {1 / ratio:6.3f}  ({ratio:.1f} times as fast) {more}".rstrip(),
            flush=True,
        )
        if self.file:
            whole = self.file.with_suffix(".part")
            whole.write_text(json.dumps(self.found, indent=1))
            whole.replace(self.file)


def options(doc: str | None) -> argparse.ArgumentParser:
    """The options that all scripts have."""
    parser = argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", action="append", default=[], help="a model; may be given again")
    parser.add_argument("--turns", type=int, help="how often each figure is measured")
    parser.add_argument("--json", help="a file for the figures; what it has is not measured again")
    return parser


def run_process(*arguments: str) -> None:
    """Python with these arguments, as a user runs it: with its cache of compiled modules."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment,
        check=True,
        stdout=subprocess.DEVNULL,
    )


def seconds(run: Callable[[], object]) -> float:
    """How long one call takes."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def paired(
    ours: Callable[[], object], peer: Callable[[], object], turns: int
) -> tuple[float, float, float]:
    """Medians of (our seconds, the peer's seconds, peer / ours per turn); who begins alternates."""
    times: list[tuple[float, float]] = []
    for turn in range(turns):
        if turn % 2:
            theirs, own = seconds(peer), seconds(ours)
        else:
            own, theirs = seconds(ours), seconds(peer)
        times.append((own, theirs))
    return (
        statistics.median(own for own, _ in times),
        statistics.median(theirs for _, theirs in times),
        statistics.median(theirs / own for own, theirs in times),
    )
