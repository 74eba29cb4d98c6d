"""Every builder of torchvision that the zoo has, judged in full: names, outputs and
gradients. CI judges the published figures and the names of every builder, and the rest of one of each
kind.

    nice python -m tests.zoo.deep                    # all but the largest; about half an hour
    nice python -m tests.zoo.deep regnet_y_128gf     # those that are named
    nice python -m tests.zoo.deep --log deep.log     # goes on where a run with this log was cut off
"""

from __future__ import annotations

import argparse
import time
import traceback
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.zoo import detectors, judge, test_classic, test_detection, test_flow, test_modern

#: the smallest inputs that leave no layer of a family idle
SHAPES: dict[str, tuple[int, ...]] = {
    **dict.fromkeys(("resnet", "regnet", "mobilenet_v2", "mobilenet_v3"), (2, 3, 33, 40)),
    **dict.fromkeys(("shufflenet_v2", "mnasnet", "efficientnet"), (2, 3, 33, 40)),
    **dict.fromkeys(("fcn", "lraspp", "deeplabv3"), (2, 3, 34, 40)),
    **dict.fromkeys(("swin", "swin_v2"), (2, 3, 60, 92)),
    **dict.fromkeys(("vit", "maxvit"), (1, 3, 224, 224)),
    "alexnet": (2, 3, 63, 67),
    "vgg": (2, 3, 32, 38),
    "squeezenet": (2, 3, 40, 47),
    "densenet": (2, 3, 40, 56),
    "convnext": (2, 3, 40, 64),
    "video_resnet": (2, 3, 5, 24, 28),
    "s3d": (1, 3, 14, 209, 212),
    "mvit": (1, 3, 16, 224, 224),
    "swin3d": (2, 3, 18, 40, 60),
}
#: over 600 million parameters: four times that is in memory at once
LARGEST = ("regnet_y_128gf", "vit_h_14")
#: their heads run in training only, in another order: `test_classic.py` judges them in full
OTHERWISE = ("googlenet", "inception_v3")
EQUAL = "equal"


def builders() -> Iterator[tuple[str, str]]:
    """File and name of each."""
    for families in (test_classic.FAMILIES, test_modern.FAMILIES):
        yield from ((file, name) for file, names in families.items() for name in names)
    yield from ((file, name) for name, file in test_detection.FILE.items())
    yield from (("raft", name) for name in test_flow.NAMES)


def pair(file: str, name: str, models: Any) -> tuple[Any, Any, tuple[Any, ...]]:
    """Our module, theirs, and inputs of both."""
    torch = import_module("torch")
    torch.manual_seed(0)
    if name in test_detection.FILE:
        theirs = detectors.published(models, name)
        size = 268 if file == "ssd" else 64
        return judge.compiled(file, name), theirs, detectors.inputs(theirs, 2, size, size + 6)
    if file == "raft":
        images = torch.randn(2, 1, 3, 128, 136)
        return judge.compiled(file, name), test_flow.built(models, name, 12), (*images,)
    theirs = judge.built(models, name, **test_modern.THEIRS.get(name, {}))
    return judge.compiled(file, name), theirs, (torch.randn(SHAPES[file]),)


def judged(file: str, name: str, models: Any) -> None:
    ours, theirs, inputs = pair(file, name, models)
    weights = theirs.state_dict()
    assert list(ours.state_dict()) == list(weights)
    assert [v.shape for v in ours.state_dict().values()] == [v.shape for v in weights.values()]
    judge.pair(ours, theirs)
    judge.assert_same_outputs(ours, theirs, *inputs)
    judge.assert_same_gradients(ours, theirs, *inputs)


def verdict(file: str, name: str, models: Any) -> str:
    try:
        judged(file, name, models)
    except AssertionError as error:
        return f"NOT EQUAL: {error}"
    except (
        Exception
    ) as error:  # one that breaks must not end the run: it is a verdict like any other
        traceback.print_exc()
        return f"NOT EQUAL: {type(error).__name__}: {error}"
    return EQUAL


def verdicts(log: Path | None) -> dict[str, str]:
    """What earlier runs have found, of each builder the last."""
    if log is None or not log.exists():
        return {}
    lines = (line.split(maxsplit=3) for line in log.read_text().splitlines())
    return {name: found for name, _, _, found in lines}


def main() -> int:
    """0 where all of them are equal."""
    parser = argparse.ArgumentParser(prog="python -m tests.zoo.deep")
    parser.add_argument("names", nargs="*", metavar="BUILDER")
    parser.add_argument(
        "--log", type=Path, help="keeps the verdicts; what is equal there is left out"
    )
    given = parser.parse_args()
    known = {name: file for file, name in builders()}
    unknown = [name for name in given.names if name not in known]
    if unknown:
        parser.error(f"the zoo has no builder {', '.join(unknown)}")
    import_module("nnspec.training")  # defines what some builds of torchvision lack
    models = import_module("torchvision.models")
    import_module("torch").set_num_threads(1)
    before = verdicts(given.log)
    failed = []
    for name in given.names or [n for n in known if n not in (*LARGEST, *OTHERWISE)]:
        if before.get(name) == EQUAL:
            continue
        began = time.perf_counter()
        found = " ".join(verdict(known[name], name, models).split())
        if found != EQUAL:
            failed.append(name)
        line = f"{name:40} {time.perf_counter() - began:6.1f} s  {found}"
        print(line, flush=True)
        if given.log is not None:
            with given.log.open("a") as file:
                file.write(f"{line}\n")
    print(f"{len(failed)} of them differ" if failed else "all of them are equal")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
