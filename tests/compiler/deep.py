"""Hold the zoo against PyTorch's tools: `python -m tests.compiler.deep [--family resnet] [--skip onnx]`.

One model of each family, the one with the fewest parameters; `--every` takes all that have at most
`--most` million parameters. Prints a line for each model, with the first line of what went wrong;
the exit code is 1 with any. With `--log FILE` the lines are kept, and the models that have one are not
looked at again: a run that was cut off goes on where it stopped.
"""

from __future__ import annotations

import argparse
import gc
import sys
import time
import traceback
import warnings
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import torch

import nnspec
from nnspec.targets import zoo

from .abilities import ABILITIES, DISTRIBUTED, group, inputs_of, made


def models(families: list[str], every: bool, most: float) -> Iterator[str]:
    """The targets, family by family."""
    for family, _, _ in zoo():
        if families and family not in families:
            continue
        report = nnspec.check(f"zoo:{family}")
        sizes = {name: model.params.total for name, model in report.models.items()}
        small = sorted(
            (n for n, size in sizes.items() if size <= most * 1e6), key=sizes.__getitem__
        )
        yield from (f"zoo:{family}:{name}" for name in (small if every else small[:1]))


def failures(target: str, names: list[str]) -> Iterator[tuple[str, str]]:
    """The checks that a model does not pass, and why."""
    torch.manual_seed(0)
    cls = nnspec.load(target)
    try:
        made(cls)
    except Exception as error:
        yield "made", _first_line(error)
    model = cls().eval()
    inputs = inputs_of(model)
    for name in names:
        try:
            with torch.no_grad() if name not in DISTRIBUTED else nullcontext():
                ABILITIES[name](model, inputs)
        except Exception as error:
            yield name, _first_line(error)
        gc.collect()


def _first_line(error: Exception) -> str:
    return traceback.format_exception_only(error)[-1].strip().partition("\n")[0][:200]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--family", action="append", default=[], help="may be given again")
    parser.add_argument("--only", action="append", choices=ABILITIES, help="may be given again")
    parser.add_argument("--skip", action="append", choices=ABILITIES, default=[])
    parser.add_argument("--every", action="store_true", help="all models of a family")
    parser.add_argument("--most", type=float, default=140.0, help="millions of parameters")
    parser.add_argument(
        "--log", type=Path, help="a file for the lines; what it has is not run again"
    )
    arguments = parser.parse_args()
    log = arguments.log
    before = log.read_text().splitlines() if log and log.exists() else []
    names = [n for n in arguments.only or ABILITIES if n not in arguments.skip]
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    count, failed = len(before), sum(": fine (" not in line for line in before)
    done = {line.partition(" ")[0].removesuffix(":") for line in before}
    with group():
        for target in models(arguments.family, arguments.every, arguments.most):
            if target in done:
                continue
            start = time.perf_counter()
            found = [*failures(target, names)]
            count, failed = count + 1, failed + bool(found)
            line = (
                f"{target}: {'; '.join(': '.join(f) for f in found) or 'fine'} "
                f"({time.perf_counter() - start:.0f} s)"
            )
            print(line, flush=True)
            if log:
                with log.open("a") as file:
                    print(line, file=file)
    print(f"{count} models, {failed} with a failure")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
