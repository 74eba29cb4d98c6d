"""Whole processes: `nnspec check` of each of torchvision's builders against torchinfo on the same model.

Parameters, shapes and MACs, torchinfo's at the size that torchvision trained at. To reach: each at least 20
times faster. One warm-up and 3 turns for each of about 100 builders: an hour on 2 cores.

    python benchmarks/checked.py [--only resnet50] [--json checked.json]
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from pairs import Results, options, paired, run_process

import nnspec
from nnspec.targets import zoo

#: families whose builders load the weights of a backbone unless they are told not to
BACKBONES = (
    "fcn", "deeplabv3", "lraspp", "faster_rcnn", "mask_rcnn", "keypoint_rcnn", "retinanet", "fcos",
    "ssd", "ssdlite",
)  # fmt: skip
#: sides of the images where the weights name none; that of the other detectors is 800
UNSAID = {"ssd300": 300, "ssdlite320": 320, "raft": [520, 960]}
PEER = (
    "import nnspec.training, torchinfo; from torchvision import models; "
    "torchinfo.summary(models.get_model({name!r}, weights=None{more}), {shape}, verbose=1, device='cpu')"
)


def builders() -> Iterator[tuple[str, str, list[tuple[int, ...]]]]:
    """Each builder that the zoo has: its family, its name, the shapes of its inputs."""
    import_module("nnspec.training")  # before torchvision, which may lack operators
    models = import_module("torchvision.models")
    known = {*models.list_models()}
    for family, _, _ in zoo():
        for name, report in nnspec.check(f"zoo:{family}").models.items():
            found = next((n for n in known if n.rpartition("/")[2] == name), None)
            if found is not None:
                yield family, found, shapes(models, found, report)


def shapes(models: Any, name: str, report: Any) -> list[tuple[int, ...]]:
    """The inputs at the size of torchvision's first weights, in batches of one; where these say none, as
    for detection and optical flow, at the size that the builder scales images to."""
    meta = getattr(next(iter(models.get_model_weights(name))).transforms, "keywords", {})
    side = meta.get("crop_size", meta.get("resize_size", UNSAID.get(name.partition("_")[0], 800)))
    sides = list(side) if isinstance(side, (tuple, list)) else [side, side]
    found = []
    for given in report.inputs.values():
        sizes = (1, 3, *([16] if len(given.shape) == 5 else []), *(sides * 2)[:2])
        pairs = zip(given.shape, sizes, strict=True)
        found.append(tuple(s if isinstance(s, int) else size for s, size in pairs))
    return found


def main() -> None:
    arguments = options(__doc__).parse_args()
    results = Results(arguments)
    slow = 0
    for family, name, sizes in builders():
        if not results.wanted(name):
            continue
        more = ", weights_backbone=None" if family in BACKBONES else ""
        code = PEER.format(name=name, more=more, shape=sizes)
        target = f"zoo:{family}:{name.rpartition('/')[2]}"
        run_process("-m", "nnspec", "check", target)  # warm up
        try:
            run_process("-c", code)
        except subprocess.CalledProcessError:  # detectors want operators that some builds lack
            print(f"{name:<40} torchinfo cannot run it here", flush=True)
            continue
        own, theirs, ratio = paired(
            lambda target=target: run_process("-m", "nnspec", "check", target),
            lambda code=code: run_process("-c", code),
            arguments.turns or 3,
        )
        slow += ratio < 20
        results.add(name, own, theirs, ratio, "" if ratio >= 20 else "below 20")
    print(f"{len(results.found)} builders, {slow} of those measured now below 20")


if __name__ == "__main__":
    main()
