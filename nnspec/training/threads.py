"""How many of the processor's threads a step takes: what is fastest differs with model and machine."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch

#: seconds that a choice may cost; a step that is longer than a third of it takes every thread
BUDGET = 0.3
#: what PyTorch takes by itself: OMP_NUM_THREADS, or the number of cores
EVERY = torch.get_num_threads()


def fastest(step: Callable[[], object]) -> int:
    """One thread or every thread, by the faster of a few steps; starting the others costs time too.

    In turn, so that a busy moment of the machine meets both.
    """
    if EVERY == 1:
        return 1
    best = {EVERY: float("inf"), 1: float("inf")}
    step()  # the first one allocates
    end = time.perf_counter() + BUDGET
    while time.perf_counter() < end:
        for threads in best:
            torch.set_num_threads(threads)
            step()  # the threads wake up
            begun = time.perf_counter()
            step()
            best[threads] = min(best[threads], time.perf_counter() - begun)
            if best[threads] > BUDGET / 3:
                return EVERY
    return min(best, key=lambda threads: best[threads])
