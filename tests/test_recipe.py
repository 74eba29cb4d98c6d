"""Optimizers and schedulers: PyTorch's names, defaults and curves."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from nnspec.diagnostics import Mismatch
from nnspec.recipe import KINDS, lookup, names

torch = pytest.importorskip("torch")


@pytest.mark.parametrize("name", names("optimizer"))
def test_optimizers_have_pytorchs_defaults(name: str) -> None:
    recipe: Any = lookup("optimizer", name)
    theirs = inspect.signature(getattr(torch.optim, recipe.torch_class)).parameters
    for setting in recipe.settings:
        assert setting.default == theirs[setting.name].default, setting.name


@pytest.mark.parametrize("name", names("optimizer"))
def test_optimizers_take_a_step(name: str) -> None:
    recipe: Any = lookup("optimizer", name)
    weight = torch.nn.Parameter(torch.ones(3))
    optimizer = recipe.build([weight], recipe.bind((), {}))
    weight.sum().backward()
    optimizer.step()
    assert (weight < 1).all()


def factors(name: str, **settings: Any) -> list[float]:
    recipe: Any = lookup("scheduler", name)
    bound = recipe.bind((), settings)
    return [recipe.factor(step, 10, 100, bound) for step in range(100)]


def torch_factors(make: Any, per_epoch: bool = False) -> list[float]:
    """The same curve by PyTorch's own scheduler."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = make(optimizer)
    found = []
    for step in range(100):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if not per_epoch or step % 10 == 9:
            scheduler.step()
    return found


def test_schedules_are_pytorchs() -> None:
    s = torch.optim.lr_scheduler
    assert factors("cosine") == pytest.approx(torch_factors(lambda o: s.CosineAnnealingLR(o, 100)))
    assert factors("linear", final=0.5) == pytest.approx(
        torch_factors(lambda o: s.LinearLR(o, 1.0, 0.5, total_iters=100))
    )
    assert factors("step", epochs=3) == pytest.approx(
        torch_factors(lambda o: s.StepLR(o, 3), per_epoch=True)
    )
    assert factors("exponential", gamma=0.9) == pytest.approx(
        torch_factors(lambda o: s.ExponentialLR(o, 0.9), per_epoch=True)
    )
    assert factors("constant") == [1.0] * 100


@pytest.mark.parametrize("name", ["cosine", "linear", "constant"])
def test_warm_up_rises_to_the_full_rate(name: str) -> None:
    found = factors(name, warmup_epochs=2)
    assert found[:20] == pytest.approx([(step + 1) / 20 for step in range(20)])
    assert found[20] == pytest.approx(1)


def test_an_unknown_setting_has_its_nearest_named() -> None:
    recipe: Any = lookup("optimizer", "adamw")
    with pytest.raises(Mismatch) as refused:
        recipe.bind((), {"weight_deacy": 1})
    assert refused.value.code == "NN203"
    assert "weight_decay" in refused.value.help


@pytest.mark.parametrize("kind", KINDS)
def test_every_recipe_is_documented(kind: str) -> None:
    for name in names(kind):
        assert type(lookup(kind, name)).__doc__, name
