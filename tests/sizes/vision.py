"""Every vision model of the zoo at every small size: what the checker admits, and what PyTorch runs.

`python -m tests.sizes.vision` compares them for each height from 1 to 320 with the width fixed, for
each number of frames of a video with the image fixed, and where all sizes are small. `--models` takes
some of them, `--thin 10` every tenth height.

The judge is torchvision's module on the meta device, which holds no values, and where torchvision has
none the spec's own module, narrowed, on the CPU. That the meta device judges as the CPU does is held
against the CPU at the sizes where the verdict changes. A model with sides for training is judged in
training and in evaluation, each against what nnspec says of it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from itertools import product
from pathlib import Path
from typing import Any

import torch

import nnspec
from nnspec.graph import Choice
from nnspec.report.model import ModelReport

SPECS = Path(__file__).parents[2] / "specs"
#: files whose models see no image, or an image of the one size that the spec declares
OTHERS = {"gpt2", "llama3", "mlp", "lenet", "digits", "vit", "maxvit"}
#: models that torchvision has not, with parameters that make them cheap
OWN: dict[str, dict[str, int]] = {"UNet": {"width": 2}, "Siamese": {}}
LARGEST = 320

Point = tuple[int, ...]


def names(file: str) -> list[str]:
    """The models of a spec that can be checked as they are."""
    return list(nnspec.check(str(SPECS / f"{file}.nn")).models)


def files() -> list[str]:
    return sorted(path.stem for path in SPECS.glob("*.nn") if path.stem not in OTHERS)


class Vision:
    """A model of the zoo, with its judge."""

    def __init__(self, file: str, name: str) -> None:
        target = str(SPECS / f"{file}.nn")
        self.name = name
        self.own = name in OWN
        settings = OWN.get(name, {})
        self.report: ModelReport = nnspec.check(f"{target}:{name}").models[name]
        self.make = lambda: getattr(nnspec.load(target), name)(**settings)
        if not self.own:
            import_module("nnspec.training")  # defines what a torchvision without operators lacks
            models: Any = import_module("torchvision.models")

            self.make = lambda: models.get_model(
                name, weights=None, **({"weights_backbone": None} if file in HEADS else {})
            )
        self.device = "cpu" if self.own else "meta"
        try:
            with torch.device(self.device):
                self.module = self.make()
        except NotImplementedError:  # its constructor computes with tensors
            self.module = self.make().to(self.device)
        graphs = self.report.graph.subgraphs()
        two_sided = any(isinstance(node, Choice) for g in graphs for node in g.nodes)
        #: whether it is judged in evaluation, in training
        self.modes = (False, True) if two_sided else (False,)
        shape = [value.type.shape for value in self.report.graph.inputs]
        self.channels = shape[0][1]
        self.inputs = len(shape)
        #: the names of the sizes of an image, or of a video
        self.sizes = [str(size) for size in shape[0][2:]]

    def admits(self, point: Point, training: bool) -> bool:
        """What the checker says."""
        return self.report.admits(dict(zip(self.sizes, point, strict=True)), training)

    def runs(self, point: Point, training: bool, module: Any = None, device: str = "") -> bool:
        """What PyTorch says."""
        module = module or self.module
        batch = [
            torch.zeros(2, self.channels, *point, device=device or self.device)
            for _ in range(self.inputs)
        ]
        try:
            with torch.no_grad():
                module.train(training)(*batch)
        except (RuntimeError, ValueError, AssertionError):
            return False
        return True

    def start(self, training: bool) -> Point:
        """The smallest size that the checker admits, axis by axis."""
        found = self.report.nearest(dict.fromkeys(self.sizes, 1), training)[0]
        return tuple(found[size] for size in self.sizes)

    def points(self, thin: int, training: bool) -> Iterator[Point]:
        """The sizes that are looked at."""
        start = self.start(training)
        image = len(start) - 2
        for axis in range(len(start)):
            if axis == len(start) - 1:
                continue  # the width is judged as the height is; both vary below
            last = LARGEST if axis == image else 40
            edge = range(start[axis] - 2, start[axis] + 3)
            for size in sorted({*range(1, last + 1, thin), *(s for s in edge if s >= 1)}):
                yield (*start[:axis], size, *start[axis + 1 :])
        near = [sorted({*range(1, 13), *range(max(1, s - 3), s + 4)}) for s in start]
        near = [choices[:: max(1, thin // 2)] for choices in near]
        if len(near) > 2:
            near[0] = near[0][::4]
        yield from product(*near)

    def disagreements(self, thin: int = 1) -> Iterator[str]:
        for training in self.modes:
            said: dict[Point, bool] = {}
            for point in self.points(thin, training):
                if point not in said:
                    said[point] = self.runs(point, training)
                    if said[point] != self.admits(point, training):
                        verdict = "runs" if said[point] else "refuses"
                        mode = "training" if training else "evaluation"
                        yield f"{self.name} at {point} in {mode}: PyTorch {verdict}"
            if self.device == "meta":
                yield from self._meta_is_the_cpu(said, thin, training)

    def _meta_is_the_cpu(self, said: dict[Point, bool], thin: int, training: bool) -> Iterator[str]:
        """The verdicts beside which another one stands, and the smallest sizes, on real tensors."""
        edge = [
            point
            for point, runs in said.items()
            if any(said.get(beside, runs) != runs for beside in _beside(point))
        ]
        chosen = dict.fromkeys([*edge[::thin], *sorted(said, key=lambda p: (max(p), p))[:20:thin]])
        module = self.make()
        for point in list(chosen)[:60]:
            if self.runs(point, training, module, "cpu") != said[point]:
                yield f"{self.name} at {point}: the CPU says the opposite of the meta device"


HEADS = {"fcn", "deeplabv3", "lraspp"}


def _beside(point: Point) -> Iterator[Point]:
    for axis in range(len(point)):
        for step in (-1, 1):
            yield (*point[:axis], point[axis] + step, *point[axis + 1 :])


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="*", help="names of models or files; all without it")
    parser.add_argument("--thin", type=int, default=1)
    wanted = parser.parse_args(arguments)
    wrong = count = 0
    for file in files():
        for name in names(file):
            if wanted.models and not {file, name} & set(wanted.models):
                continue
            vision = Vision(file, name)
            found = list(vision.disagreements(wanted.thin))
            print("\n".join(found) or f"{name}: agrees", flush=True)
            wrong += bool(found)
            count += 1
    print(f"{count} models, {wrong} with disagreements")
    return 1 if wrong else 0


if __name__ == "__main__":
    torch.set_num_threads(1)
    sys.exit(main())
