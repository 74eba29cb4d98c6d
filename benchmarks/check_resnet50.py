"""Whole process, cold: parameters and shapes of ResNet-50, nnspec against torchinfo and the meta device.

To reach: at most 0.08 s, at least 60 times faster than torchinfo. The process does what the `nnspec` script
does; `python -m` would import half of `importlib` first, and older installers' scripts import `re`.
"""

from __future__ import annotations

from pairs import paired, run_process

TORCHVISION = "import nnspec.training; from torchvision import models; "
SCRIPT = "import sys; from nnspec.cli import main; sys.exit(main())"
PEERS = {
    "torchinfo": TORCHVISION
    + "import torchinfo; torchinfo.summary(models.resnet50(), (1, 3, 224, 224))",
    "meta device + FlopCounterMode": TORCHVISION
    + "import torch\nfrom torch.utils.flop_counter import FlopCounterMode\n"
    "with torch.device('meta'): model, x = models.resnet50(), torch.empty(1, 3, 224, 224)\n"
    "with FlopCounterMode(display=False) as counter: model(x)\n"
    "print(sum(p.numel() for p in model.parameters()), counter.get_total_flops() // 2)",
    "python -c pass": "pass",
}


def main() -> None:
    for words in (
        ["specs/resnet.nn:resnet50"],
        ["specs/resnet.nn:resnet50", "--sizes", "H=224,W=224"],
    ):
        print(f"nnspec check {' '.join(words)}")
        for name, code in PEERS.items():
            own, theirs, ratio = paired(
                lambda words=words: run_process("-c", SCRIPT, "check", *words),
                lambda code=code: run_process("-c", code),
                turns=11 if name == "python -c pass" else 5,
            )
            print(f"  {own:.3f} s   {name}: {theirs:.3f} s   {ratio:.1f} times as long")


if __name__ == "__main__":
    main()
