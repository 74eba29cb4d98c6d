"""What proving sizes adds to `nnspec check`: each model of the zoo, with it and without.

Seconds of CPU of the whole process, so that a busy machine does not count. Without proving, every model
admits any size. To reach: at most 0.1 s more for any model, and islpy unloaded where there is nothing that
conditions over several sizes would have to decide. One warm-up and 3 turns for each of about 200 models: 5
minutes.

    python benchmarks/proving.py [--only resnet50] [--json proving.json]
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys

from pairs import ROOT, Results, options

import nnspec
from nnspec.targets import zoo

CHECK = "import sys; from nnspec.cli import main; status = main(['check', {target!r}])\n"
WITHOUT = (
    "from nnspec import demands; from nnspec.sizes import Admitted\n"
    "demands.admitted = lambda graph, *_: Admitted((), (), (), (), {{}}, {{}}, ())\n"
)
LOADED = "print('islpy' if 'islpy' in sys.modules else '', file=sys.stderr); sys.exit(status)"
MOST = 0.1


def measured(code: str) -> tuple[float, bool]:
    """Seconds of CPU of a process that runs this, and whether it loaded islpy."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True,
        env={k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"},
    )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return spent, done.stderr.strip() == "islpy"


def main() -> None:
    arguments = options(__doc__).parse_args()
    results = Results(arguments)
    slow = loaded = 0
    for family, _, _ in zoo():
        for name, model in nnspec.check(f"zoo:{family}").models.items():
            if not results.wanted(name):
                continue
            check = CHECK.format(target=f"zoo:{family}:{name}") + LOADED
            turns = []
            for turn in range(1 + (arguments.turns or 3)):
                pair = [measured(check), measured(WITHOUT.format() + check)]
                if turn:
                    turns.append(pair)
            least = [min(pair[side][0] for pair in turns) for side in (0, 1)]
            with_islpy = turns[0][0][1]
            several = any(len(c.symbols) > 1 for c in model.admitted.conditions)
            more = least[0] - least[1]
            slow += more > MOST
            loaded += with_islpy and not several
            words = [f"proving {more:.3f} s"]
            words += ["TOO MUCH"] * (more > MOST) + ["islpy"] * with_islpy
            words += ["WITHOUT NEED"] * (with_islpy and not several)
            results.add(name, *least, least[1] / least[0], ", ".join(words))
    count = len(results.found)
    print(
        f"{count} models; {slow} of those measured now above {MOST} s, {loaded} load islpy for nothing"
    )


if __name__ == "__main__":
    main()
