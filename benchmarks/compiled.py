"""Compiled models against torchvision's own, the same weights and inputs, 12 models.

Forward (under `no_grad`), forward + backward in training, construction, and forward under `torch.compile`; to
reach: ours / torchvision at most 1.01, construction at most 1.0. About 15 minutes on 2 cores, 11 of them
`compile`; a GPU with `--device cuda`.

    python benchmarks/compiled.py [--measure forward] [--only resnet50] [--json compiled.json]
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

import torch
from pairs import Results, options, paired, seconds

import nnspec
import nnspec.training

#: model -> its family in the zoo
MODELS = {
    "alexnet": "alexnet",
    "convnext_tiny": "convnext",
    "densenet121": "densenet",
    "efficientnet_b0": "efficientnet",
    "mobilenet_v3_large": "mobilenet_v3",
    "regnet_y_400mf": "regnet",
    "resnet50": "resnet",
    "shufflenet_v2_x1_0": "shufflenet_v2",
    "squeezenet1_1": "squeezenet",
    "swin_t": "swin",
    "vgg11_bn": "vgg",
    "vit_b_16": "vit",
}
TURNS = {"forward": 15, "backward": 9, "construct": 9, "compile": 11}
LEAST = 0.02  # seconds of a turn: shorter calls are repeated

Run = Callable[[Any], object]


def runs(image: torch.Tensor) -> dict[str, Run]:
    def wait() -> None:
        if image.is_cuda:
            torch.cuda.synchronize()

    def forward(model: Any) -> None:
        with torch.no_grad():
            model(image)
        wait()

    def backward(model: Any) -> None:
        model.zero_grad()
        model(image).sum().backward()
        wait()

    return {"forward": forward, "backward": backward, "compile": forward}


def repeated(run: Run, model: Any, times: int) -> None:
    for _ in range(times):
        run(model)


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("--measure", action="append", choices=TURNS, help="may be given again")
    parser.add_argument("--device", default="cpu")
    arguments = parser.parse_args()
    results = Results(arguments)
    import_module(nnspec.training.__name__)  # before torchvision, which may lack operators
    peers = import_module("torchvision.models")
    torch.manual_seed(0)
    for name, family in MODELS.items():
        cls = nnspec.load(f"zoo:{family}:{name}")
        for measure in arguments.measure or TURNS:
            line = f"{name} {measure} {arguments.device}"
            if not results.wanted(line):
                continue
            turns = arguments.turns or TURNS[measure]
            build = getattr(peers, name)
            if measure == "construct":
                cls(), build()
                results.add(line, *paired(cls, build, turns))
                continue
            peer = build().train(measure == "backward").to(arguments.device)
            ours = cls().train(measure == "backward").to(arguments.device)
            ours.load_state_dict(peer.state_dict())
            image = torch.randn(2, 3, 224, 224, device=arguments.device)
            run = runs(image)[measure]
            if measure == "compile":
                ours, peer = (torch.compile(model, fullgraph=True) for model in (ours, peer))
            for model in (ours, peer, ours, peer):  # warm up
                run(model)
            times = max(1, round(LEAST / seconds(partial(run, ours))))
            pair = (partial(repeated, run, model, times) for model in (ours, peer))
            own, theirs, ratio = paired(*pair, turns)
            results.add(line, own / times, theirs / times, ratio)
            torch.compiler.reset()


if __name__ == "__main__":
    main()
