"""Paired timings: the contestants take turns, and each turn gives one ratio."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parent.parent


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
