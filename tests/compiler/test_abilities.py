"""Compiled models go through PyTorch's tools: small ones of several families here, the zoo in `deep.py`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

import nnspec

from .abilities import ABILITIES, DISTRIBUTED, inputs_of, made

ROOT = Path(__file__).parent.parent.parent

#: residual, attention with tied weights, skips by concatenation, windows, two inputs; all small
MODELS: dict[str, dict[str, Any]] = {
    "zoo:resnet18": {},
    "zoo:gpt2:GPT2": {"width": 32, "depth": 2, "heads": 2, "vocab": 64},
    "zoo:unet:UNet": {"width": 4, "depth": 2},
    "zoo:vit:ViT": {"patch": 8, "width": 32, "depth": 2, "heads": 2, "size": 16},
    "zoo:siamese:Siamese": {},
}


FAMILIES = {
    "resnet18": "resnet",
    "densenet121": "densenet",
    "efficientnet_b0": "efficientnet",
    "mobilenet_v2": "mobilenet_v2",
    "vit_b_32": "vit",
}


@pytest.fixture(scope="module", params=MODELS)
def model(request: pytest.FixtureRequest) -> Any:
    torch.manual_seed(0)
    return nnspec.load(request.param)(**MODELS[request.param]).eval()


@pytest.mark.parametrize("ability", [n for n in ABILITIES if n not in (*DISTRIBUTED, "onnx")])
def test_abilities(model: Any, ability: str) -> None:
    with torch.no_grad():
        ABILITIES[ability](model, inputs_of(model))


@pytest.mark.parametrize(
    "target", ["zoo:resnet18", "zoo:swin_t", "zoo:gpt2:gpt2", "zoo:llama3:llama3_8b"]
)
def test_on_the_meta_device_nothing_is_allocated(target: str) -> None:
    made(nnspec.load(target))


def test_a_tensor_elsewhere_would_be_seen() -> None:
    class Careless(torch.nn.Module):
        def __init__(self, device: str, dtype: torch.dtype) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch.zeros(3, device="cpu"))

    with pytest.raises(AssertionError, match=r"aten\.zeros"):
        made(Careless)


@pytest.mark.parametrize("name", FAMILIES)
def test_no_weight_is_drawn_more_often_than_torchvision_draws_it(
    name: str, torchvision_models: Any
) -> None:
    ours, theirs = nnspec.load(f"zoo:{FAMILIES[name]}:{name}")(), torchvision_models.get_model(name)
    for (key, own), (_, peer) in zip(
        ours.named_parameters(), theirs.named_parameters(), strict=True
    ):
        assert own._version <= peer._version, key
    for module in ours.modules():
        if isinstance(module, torch.nn.Conv2d | torch.nn.Linear):
            assert module.weight._version == 1  # one `uniform_`


def test_two_processes(tmp_path: Path) -> None:
    """Data parallel, and sharded by block, on two processes that meet in a file."""
    code = (
        "import sys, torch\n"
        "import nnspec\n"
        "from tests.compiler.abilities import ddp, fsdp, group, inputs_of\n"
        "from tests.compiler.test_abilities import MODELS\n"
        "torch.set_num_threads(1)\n"
        "with group(int(sys.argv[1]), 2, sys.argv[2]):\n"
        "    for target in ('zoo:gpt2:GPT2', 'zoo:unet:UNet'):\n"
        "        torch.manual_seed(0)\n"
        "        model = nnspec.load(target)(**MODELS[target]).eval()\n"
        "        ddp(model, inputs_of(model))\n"
        "        fsdp(model, inputs_of(model))\n"
        "print('all equal')\n"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(rank), str(tmp_path / "meeting")],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        for rank in range(2)
    ]  # fmt: skip
    told = [process.communicate(timeout=300)[0] for process in started]
    assert all(text.endswith("all equal\n") for text in told), told
