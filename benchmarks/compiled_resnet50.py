"""Eager forward, and forward + backward, of the compiled ResNet-50 against torchvision's.

To reach: a ratio of our time to torchvision's of at most 1.02.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import torch
from pairs import paired

import nnspec
import nnspec.training

ROOT = Path(__file__).parent.parent


def main() -> None:
    torch.manual_seed(0)
    import_module(nnspec.training.__name__)  # before torchvision, which may lack operators
    peer = import_module("torchvision.models").resnet50()
    ours = nnspec.load(str(ROOT / "specs/resnet.nn")).resnet50()
    ours.load_state_dict(peer.state_dict())
    image = torch.randn(2, 3, 224, 224)

    def forward(model: torch.nn.Module) -> None:
        with torch.no_grad():
            model(image)

    def both(model: torch.nn.Module) -> None:
        model.zero_grad()
        model(image).sum().backward()

    for name, run, turns in (("forward", forward, 31), ("forward + backward", both, 15)):
        run(ours), run(peer)  # warm up
        own, theirs, ratio = paired(lambda run=run: run(ours), lambda run=run: run(peer), turns)
        print(
            f"{name}: ours {own:.4f} s, torchvision {theirs:.4f} s, ours / torchvision {1 / ratio:.3f}"
        )


if __name__ == "__main__":
    main()
