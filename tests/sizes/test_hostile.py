"""Sizes that somebody made to hang the checker or to fill the memory: it ends, in time, in bounds.

Each spec is checked in a process of its own, which the system stops beyond the limits: an answer is a
report, whatever it says, and never a traceback.
"""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

resource = pytest.importorskip("resource")

#: seconds of CPU, and bytes of address space; a usual check takes 0.1 s and 40 MB
CPU = 20
MEMORY = 600 * 2**20

SYMBOLS = [f"S{number}" for number in range(40)]


def inputs(*shapes: str) -> str:
    lines = [f"    input x{number}: [{shape}]" for number, shape in enumerate(shapes)]
    return "\n".join(["model M:", *lines, ""])


def chain(first: str, step: str, times: int) -> str:
    """`v = first`, then `v = step` again and again."""
    return f"    v = {first}\n" + f"    v = {step}\n" * times


END = "    assert v >= 1\n    return x0\n"
LOOP = "    v = H\n    for i in range({times}):\n        v = {step}\n"

SPECS = {
    "a product of many symbols": inputs(", ".join(SYMBOLS))
    + f"    v = {' * '.join(SYMBOLS)}\n    v = v * v * v\n"
    + END,
    "a power of a sum": inputs("H, W, C") + chain("H + W + C + 1", "v * v", 12) + END,
    "a sum of many symbols, multiplied": inputs(", ".join(SYMBOLS))
    + chain(f"({' + '.join(SYMBOLS)})", "v * v", 6)
    + END,
    "a tower of powers": inputs("H, W") + "    v = 9**9**9**9 * H\n" + END,
    "huge numbers": inputs("H, W") + chain(f"H + {'9' * 29}", f"v * {'9' * 29}", 30) + END,
    "floors in floors": inputs("H, W") + LOOP.format(times=3000, step="(v * 3 + W) // 7 + 1") + END,
    "minima in maxima": inputs("H, W")
    + LOOP.format(times=500, step="min(max(v, W + i), 3 * v + i)")
    + END,
    "a maximum of a thousand": inputs("H, W")
    + "    v = max([(H * i + W) // (i + 1) for i in range(1000)])\n"
    + END,
    "choices in choices": inputs("H, W")
    + LOOP.format(times=300, step="v + i if v * i > W * i else v * 2 - W")
    + END,
    "remainders by coprime numbers": inputs("H, W")
    + "".join(
        f"    assert H % {p} == {p // 2} or W % {p} == 1\n" for p in (997, 1009, 1013, 1019, 1021)
    )
    + "    return x0\n",
    "many conditions on products": inputs(", ".join(SYMBOLS[:12]))
    + "".join(
        f"    assert {a} * {b} % {n + 2} == 0\n" for n, (a, b) in enumerate(pairwise(SYMBOLS[:12]))
    )
    + "    return x0\n",
    "choices between remainders, quotients and products": inputs("H, W")
    + "".join(f"    assert H % {n} == 1 or W // {n} > H or H * W == {n}\n" for n in range(2, 42))
    + "    return x0\n",
    "equations of a high degree": inputs("H, W")
    + "    assert H**7 - 3 * W**5 + H * W == 12345678901\n    return x0\n",
    "remainders of forty symbols, each with the next": inputs(", ".join(SYMBOLS))
    + "".join(
        f"    assert ({a} * 3 + {b}) % 7 == {n % 7}\n" for n, (a, b) in enumerate(pairwise(SYMBOLS))
    )
    + "    return x0\n",
    "sides in sides": inputs("N, 3, H, W")
    + "    v = x0\n"
    + "".join(
        f"    if H % {n} > W % {n + 1}:\n        v = v -> pad([0, 1])\n" for n in range(2, 42)
    )
    + "    return v -> max_pool2d(2)\n",
    "products under floors": inputs("A, B, C, D")
    + "".join(
        f"    assert (A * B + {n} * C) // (D + {n}) % {n + 2} == (B * C) // {n + 3}\n"
        for n in range(12)
    )
    + "    return x0\n",
    "numbers near 2**63": inputs("H, W")
    + f"    assert H * {2**63 - 1} - W * {2**63 + 1} == 1\n"
    + f"    assert (H * {2**63}) // {2**63 - 25} % {2**63 - 165} == W\n    return x0\n",
    "slices with bounds of symbols": inputs("N, H, W")
    + "    v = x0\n"
    + "".join(f"    v = v[:, H // {n}:H - W // {n + 1}]\n" for n in range(2, 12))
    + "    return v\n",
    "a ladder of reshapes": inputs("N, H, W")
    + "    v = x0 -> reshape([N, -1])\n"
    + "".join(
        f"    v = v -> reshape([N, -1, {p}]) -> transpose(1, 2) -> reshape([N, -1])\n"
        for p in (97, 101, 103, 107, 109, 113)
    )
    + "    return v -> reshape([N, H, -1])\n",
    "a thousand pools": inputs("N, 3, H, W")
    + "    h = x0\n    for i in range(1000):\n"
    + "        h = h -> max_pool2d(3, stride=2 - i % 2, padding=1)\n    return h\n",
}


@pytest.mark.skipif(sys.platform == "darwin", reason="its address space cannot be limited")
@pytest.mark.parametrize("name", SPECS)
def test_it_ends_within_bounds(name: str, tmp_path: Path) -> None:
    file = tmp_path / "hostile.nn"
    file.write_text(SPECS[name])

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (CPU, CPU))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))

    done = subprocess.run(
        [sys.executable, "-m", "nnspec", "check", str(file)],
        capture_output=True,
        text=True,
        preexec_fn=limited,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode in (0, 1), (done.returncode, done.stderr[-500:])
    assert "Traceback" not in done.stderr
    assert done.stdout


def test_the_bounds_are_kept_by_the_system() -> None:
    """The twin: what takes more is stopped."""
    for code, limit, bound in (
        ("while True: pass", resource.RLIMIT_CPU, 1),
        (f"bytes({2 * MEMORY})", resource.RLIMIT_AS, MEMORY),
    ):
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            preexec_fn=lambda limit=limit, bound=bound: resource.setrlimit(limit, (bound, bound)),
        )
        assert done.returncode != 0
