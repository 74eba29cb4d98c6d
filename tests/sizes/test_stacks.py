"""A slice of tests/sizes/stacks.py, and that it finds what is wrong."""

from __future__ import annotations

import pytest
import torch

import nnspec
from tests.sizes import stacks


@pytest.mark.parametrize("part", range(4))
def test_the_checker_says_what_pytorch_does(part: int) -> None:
    torch.set_num_threads(1)
    for number in range(100 * part, 100 * part + 100):
        made = stacks.stack(1, number)
        if made.steps:
            assert list(stacks.disagreements(made)) == [], made.spec


def test_a_wrong_rule_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without one condition of each model the comparison fails."""
    from nnspec.report.model import ModelReport

    whole = ModelReport.admits
    monkeypatch.setattr(ModelReport, "admits", lambda self, sizes: True)
    made = [stacks.stack(1, number) for number in range(100)]
    assert any(list(stacks.disagreements(one)) for one in made if one.steps)
    monkeypatch.setattr(ModelReport, "admits", whole)


@pytest.mark.parametrize("number", [75, 285])
def test_a_side_that_cannot_hold_is_not_left_out(number: int) -> None:
    """Stacks with an equation that is false in the only side that some size comes to."""
    made = stacks.stack(21, number)
    assert list(stacks.disagreements(made)) == [], made.spec


def test_what_is_left_out_follows_from_what_is_said() -> None:
    """A condition that follows from the demands must follow from their shorter words, too."""
    made = stacks.stack(31, 5124)
    assert list(stacks.disagreements(made)) == [], made.spec


def test_equations_beside_products_are_decided() -> None:
    """Two equations on the sides of an `if` leave no size, whatever the products beside them say."""
    made = stacks.stack(31, 7094)
    assert list(stacks.disagreements(made)) == [], made.spec
    (problem,) = nnspec.check_source(made.spec, "stack.nn").diagnostics
    assert problem.code == "NN306"


def test_that_no_size_runs_is_proved() -> None:
    """The conditions of this stack hang on cases, and have too long a period together."""
    made = stacks.stack(1, 242)
    assert all(made.runs(point) is None for point in stacks.ONE_SYMBOL)
    report = nnspec.check_source(made.spec, "stack.nn")
    assert [problem.code for problem in report.diagnostics] == ["NN306"]
    assert report.models["Stack"].admitted.unproved == ()


@pytest.mark.parametrize(
    ("target", "settings", "file"),
    [("UNet", {"width": 2}, "specs/unet.nn"), ("resnet18", {}, "specs/resnet.nn")],
)
def test_vision_models_at_every_size(target: str, settings: dict[str, int], file: str) -> None:
    """Each height from 1 to 320, and both sizes small. Heights of ResNet on the meta device, whose
    convolutions and pools check what those of the CPU check."""
    model = nnspec.check(f"{file}:{target}").models[target]
    device = "cpu" if settings else "meta"
    with torch.device(device):
        module = getattr(nnspec.load(file), target)(**settings).eval()
    width = model.nearest({"W": 32})[0]["W"]
    points = [(h, width) for h in range(1, 321)]
    points += [(h, w) for h in range(1, 20, 3) for w in range(1, 40, 4)]
    for h, w in points:
        try:
            with torch.inference_mode():
                module(torch.zeros(1, 3, h, w, device=device))
            runs = True
        except RuntimeError:
            runs = False
        assert model.admits({"N": 1, "H": h, "W": w}) == runs, (h, w)
