"""Every vision model of the zoo at every small size: what the checker admits, and what PyTorch runs.

`nice python -m tests.sizes.vision` compares them for each height from 1 to 320 with the width fixed,
for each width with the height fixed, for each number of frames of a video from 1 to 40, and where all
sizes are small. Small models come first.
`--models` takes some models or files, `--thin 10` every tenth size, and with `--log FILE` what is in the
file already is not judged again.

The judge is torchvision's module, and where torchvision has none the spec's own, on real tensors. Its
parts remember what came of a shape (`remembered.py`); that they judge as the whole does is held against
a module that remembers nothing, at the sizes where the verdict changes. Models that take seconds for a
size are asked on the device `meta`, where PyTorch computes shapes only, and at those sizes in earnest. A
model with sides for training is judged in training and in evaluation, each against what nnspec says of it.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from itertools import product
from pathlib import Path
from typing import Any

import torch

import nnspec
from nnspec.dims import evaluate
from nnspec.graph import Choice
from nnspec.report.model import ModelReport
from tests.sizes.remembered import REFUSALS, Memory, nothing_drawn
from tests.zoo import detectors, judge, test_classic, test_detection, test_flow, test_modern

SPECS = Path(__file__).parents[2] / "specs"
LARGEST, MOST_FRAMES = 320, 40
#: MACs at the smallest size, beyond which PyTorch is asked with tensors that have no values
HEAVY = 4_000_000_000
#: sizes of the other inputs, and of what stands beside an image in one
BESIDE = {"R": 3, "P": 2, "M": 2, "S": 3}

#: their size is a setting; torchvision's run wherever the number of patches comes out the same, turned images
#: among them, which the specs do not take
PINNED = ("mvit_v1_b", "mvit_v2_s")

Point = tuple[int, ...]


def seen(file: str) -> Iterator[tuple[int, str, str]]:
    """The models of a spec that see images or videos and can be checked as they are: MACs at the smallest
    size, file, name. Those of our own with one size, which PyTorch may take at others, are the spec's
    choice."""
    for name, report in nnspec.check(str(SPECS / f"{file}.nn")).models.items():
        shape = report.graph.inputs[0].type.shape
        theirs = name not in PINNED and published(file, name)
        if len(shape) > 3 and (theirs or not isinstance(shape[-1], int)):
            yield least_work(report), file, name


def least_work(report: ModelReport) -> int:
    """MACs at the smallest size that is judged."""
    other = {name: BESIDE.get(name, 1) for name in report.all_symbols if name not in "THW"}
    return evaluate(report.mac_sums[id(report.graph)], {**other, **start(report, False)})


def start(report: ModelReport, training: bool) -> dict[str, int]:
    """The smallest size of an image that the checker admits, axis by axis; of sizes that hang together and
    are large, one that is usual."""
    names = [str(s) for s in report.graph.inputs[0].type.shape[2:] if not isinstance(s, int)]
    every = (report.nearest(dict.fromkeys(names, wanted), training) for wanted in (1, 224))
    return next(near[0] for near in every if near)


def models() -> list[tuple[int, str, str]]:
    """What is judged, small models first."""
    return sorted(model for path in SPECS.glob("*.nn") for model in seen(path.stem))


def published(file: str, name: str) -> Callable[[], Any] | None:
    """What makes torchvision's module; None where it has none."""
    import_module("nnspec.training")  # defines what a torchvision without operators lacks
    models: Any = import_module("torchvision.models")
    if name in test_detection.FILE:
        return lambda: detectors.published(models, name)
    if name in test_flow.NAMES:
        return lambda: test_flow.built(models, name, 1)
    settings = {**test_classic.THEIRS, **test_modern.THEIRS}.get(name, {})
    if file in test_classic.FAMILIES or file in test_modern.FAMILIES:
        return lambda: judge.built(models, name, **settings)
    return None


class Vision:
    """A model of the zoo, with its judge."""

    def __init__(self, file: str, name: str, memory: Memory | None = None) -> None:
        target = str(SPECS / f"{file}.nn")
        self.name = name
        self.report: ModelReport = nnspec.check(f"{target}:{name}").models[name]
        self.make = published(file, name) or getattr(nnspec.load(target), name)
        #: "meta": tensors without values, for a model that is too heavy to run at every size
        self.device = "meta" if least_work(self.report) > HEAVY else "cpu"
        self.module = (memory or Memory()).give(self.made(), self.device)
        graphs = self.report.graph.subgraphs()
        two_sided = any(isinstance(node, Choice) for g in graphs for node in g.nodes)
        #: whether it is judged in evaluation, in training
        self.modes = (False, True) if two_sided else (False,)
        self.inputs = [(v.type.shape, v.type.dtype) for v in self.report.graph.inputs]
        #: the sizes of an image, or of a video: names, or numbers
        self.sizes = [s if isinstance(s, int) else str(s) for s in self.inputs[0][0][2:]]
        self.tried = self.admitted = 0

    def made(self) -> Any:
        with nothing_drawn():
            return self.make().eval()

    def admits(self, point: Point, training: bool) -> bool:
        """What the checker says."""
        pairs = list(zip(self.sizes, point, strict=True))
        known = {size: number for size, number in pairs if isinstance(size, str)}
        fits = all(size in (number, *known) for size, number in pairs)
        return fits and self.report.admits(known, training)

    def runs(self, point: Point, training: bool, module: Any = None) -> bool:
        """What PyTorch says; a module of one's own is asked with tensors that have values."""
        alone = module is not None
        module = module or self.module
        named = {**BESIDE, "N": len(self.modes)}
        image = self.inputs[0][0][2:]
        batch = []
        for shape, dtype in self.inputs:
            like = shape[2:] == image
            beside = [named.get(str(size), size) for size in (shape[:2] if like else shape)]
            given = [*beside, *(point if like else ())]
            kind = getattr(torch, _DTYPES[dtype])
            batch.append(torch.zeros(given, dtype=kind, device="cpu" if alone else self.device))
        try:
            with torch.no_grad():
                module.train(training)(*batch)
        except REFUSALS:
            return False
        return True

    def points(self, thin: int, training: bool) -> Iterator[Point]:
        """The sizes that are looked at."""
        found = start(self.report, training)
        first = tuple(size if isinstance(size, int) else found[size] for size in self.sizes)
        for axis in range(len(first)):
            last = LARGEST if axis >= len(first) - 2 else MOST_FRAMES
            edge = range(first[axis] - 2, first[axis] + 3)
            for size in sorted({*range(1, last + 1, thin), *(s for s in edge if s >= 1)}):
                yield (*first[:axis], size, *first[axis + 1 :])
        near = [sorted({*range(1, 13), *range(max(1, s - 3), s + 4)}) for s in first]
        near = [choices[:: max(1, thin // 2)] for choices in near]
        if len(near) > 2:
            near[0] = near[0][::4]
        yield from product(*near)

    def disagreements(self, thin: int = 1) -> Iterator[str]:
        self.tried = self.admitted = 0
        for training in self.modes:
            said: dict[Point, bool] = {}
            for point in self.points(thin, training):
                if point not in said:
                    said[point] = self.runs(point, training)
                    if said[point] != self.admits(point, training):
                        verdict = "runs" if said[point] else "refuses"
                        mode = "training" if training else "evaluation"
                        yield f"{self.name} at {point} in {mode}: PyTorch {verdict}"
            self.tried += len(said)
            self.admitted += sum(self.admits(point, training) for point in said)
            yield from self._parts_are_the_whole(said, thin, training)

    def _parts_are_the_whole(
        self, said: dict[Point, bool], thin: int, training: bool
    ) -> Iterator[str]:
        """The verdicts beside which another one stands, and the smallest sizes, of a module that
        remembers nothing."""
        edge = [
            point
            for point, runs in said.items()
            if any(said.get(beside, runs) != runs for beside in _beside(point))
        ]
        smallest = sorted(said, key=lambda p: (max(p), p))[:4]
        chosen = dict.fromkeys([*edge[:: max(thin, len(edge) // 10)], *smallest[::thin]])
        module = self.made()
        for point in chosen:
            if self.runs(point, training, module) != said[point]:
                yield f"{self.name} at {point}: the parts say the opposite of the whole"


_DTYPES = {"f32": "float32", "i64": "int64"}


def _beside(point: Point) -> Iterator[Point]:
    for axis in range(len(point)):
        for step in (-1, 1):
            yield (*point[:axis], point[axis] + step, *point[axis + 1 :])


HEAD = f"{'model':40} {'sizes':>6} {'admitted':>8} {'disagreements':>13} {'seconds':>8}"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="*", help="names of models or files; all without it")
    parser.add_argument("--thin", type=int, default=1)
    parser.add_argument("--log", type=Path, help="a file of rows that are judged already")
    wanted = parser.parse_args(arguments)
    rows = wanted.log.read_text().splitlines() if wanted.log and wanted.log.exists() else []
    done = {row.split()[0] for row in rows}
    print("\n".join([HEAD, *rows]), flush=True)
    memories: defaultdict[str, Memory] = defaultdict(Memory)
    for _, file, name in models():
        if name in done or (wanted.models and not {file, name} & set(wanted.models)):
            continue
        began = time.process_time()
        vision = Vision(file, name, memories[file])
        found = list(vision.disagreements(wanted.thin))
        seconds = time.process_time() - began
        row = f"{name:40} {vision.tried:6} {vision.admitted:8} {len(found):13} {seconds:8.1f}"
        print("\n".join([row, *found]), flush=True)
        rows.append(row)
        if wanted.log:
            with wanted.log.open("a") as log:
                log.write(f"{row}\n")
    wrong = [row.split()[0] for row in rows if row.split()[3] != "0"]
    print(f"{len(rows)} models, with disagreements: {', '.join(wrong) or 'none'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    torch.set_num_threads(1)
    sys.exit(main())
