"""How checking grows: long specs in a fresh process, a short one again and again as an editor does.

To reach: 20,000 lines with every layer written out in 3 s, 40,000 in at most 2.1 times that; Llama 3 405B in
0.10 s; the second check of 300 lines in one process in 20 ms.
"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

from pairs import run_process, seconds

import nnspec

TURNS = 7


def spec(lines: int) -> str:
    """A model of that many lines: convolutions, norms, activations, residual sums, no block."""
    steps = (
        "    h = h -> c{i}: conv2d(16, 3, padding=1) -> b{i}: batch_norm2d -> relu",
        "    s{i} = h -> d{i}: conv2d(16, 1)",
        "    h = relu(h + s{before})",
        "    h = h -> dropout(0.1)",
    )
    text = ["model Net:", "    input x: [N, 16, 64, 64]", "    h = x -> conv2d(16, 3, padding=1)"]
    text += [steps[i % 4].format(i=i, before=i - 1) for i in range(lines - 4)]
    return "\n".join([*text, "    return h"]) + "\n"


def process(*words: str) -> float:
    """Seconds of `nnspec check` as a whole process; the median."""
    code = "import sys; from nnspec.cli import main; sys.exit(main())"
    run_process("-c", code, "check", *words)
    return statistics.median(
        seconds(lambda: run_process("-c", code, "check", *words)) for _ in range(TURNS)
    )


def main() -> None:
    print(f"python -c pass: {bare():.3f} s")
    for target in ("specs/resnet.nn:resnet50", "specs/llama3.nn:llama3_405b"):
        print(f"{target}: {process(target):.3f} s")
    with tempfile.TemporaryDirectory() as folder:
        times = {}
        for lines in (20_000, 40_000):
            file = Path(folder) / f"{lines}.nn"
            file.write_text(spec(lines))
            times[lines] = process(str(file))
            print(f"{lines:,} lines: {times[lines]:.2f} s")
    print(f"40,000 lines / 20,000 lines: {times[40_000] / times[20_000]:.2f}")
    text = spec(300)
    nnspec.check_source(text)
    again = statistics.median(seconds(lambda: nnspec.check_source(text)) for _ in range(21))
    print(f"300 lines, again in one process: {1000 * again:.1f} ms")


def bare() -> float:
    return statistics.median(seconds(lambda: run_process("-c", "pass")) for _ in range(TURNS))


if __name__ == "__main__":
    main()
