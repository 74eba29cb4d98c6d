"""Optimizers and schedulers: PyTorch's names, defaults and curves."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

import nnspec
from nnspec.diagnostics import Mismatch
from nnspec.recipe import KINDS, lookup, names
from nnspec.recipe.definition import Bound

torch = pytest.importorskip("torch")


@pytest.mark.parametrize("name", names("optimizer"))
def test_optimizers_have_pytorchs_defaults(name: str) -> None:
    recipe: Any = lookup("optimizer", name)
    theirs = inspect.signature(getattr(torch.optim, recipe.torch_class)).parameters
    for setting in recipe.settings:
        if setting.name == "adamw_lr":  # of the second optimizer
            continue
        assert setting.default == theirs[setting.name].default, setting.name


def test_every_optimizer_of_pytorch_is_there() -> None:
    theirs = {
        name
        for name, value in vars(torch.optim).items()
        if isinstance(value, type) and issubclass(value, torch.optim.Optimizer)
    } - {"Optimizer"}
    ours: list[Any] = [lookup("optimizer", name) for name in names("optimizer")]
    assert {recipe.torch_class for recipe in ours} == theirs


#: what reaches each scheduler of torch.optim.lr_scheduler
SCHEDULERS = {
    "ConstantLR": "constant", "LinearLR": "linear", "StepLR": "step", "MultiStepLR": "multi_step",
    "ExponentialLR": "exponential", "PolynomialLR": "polynomial", "CosineAnnealingLR": "cosine",
    "CosineAnnealingWarmRestarts": "cosine_restarts", "CyclicLR": "cyclic", "OneCycleLR": "one_cycle",
    "ReduceLROnPlateau": "plateau", "SequentialLR": "sequential", "ChainedScheduler": "chained",
    "LambdaLR": "factors", "MultiplicativeLR": "factors",
}  # fmt: skip


def test_every_scheduler_of_pytorch_is_there() -> None:
    room = torch.optim.lr_scheduler
    kinds = (room.LRScheduler, room.ReduceLROnPlateau)
    theirs = {n for n, v in vars(room).items() if isinstance(v, type) and issubclass(v, kinds)}
    assert set(SCHEDULERS) == theirs - {"LRScheduler", "_LRScheduler"}
    assert set(SCHEDULERS.values()) <= set(names("scheduler"))


@pytest.mark.parametrize("name", names("optimizer"))
def test_optimizers_take_a_step(name: str) -> None:
    recipe: Any = lookup("optimizer", name)
    weight = torch.nn.Parameter(torch.eye(3) + 1)
    settings = {k: v for k, v in recipe.bind((), {}).items() if k != "adamw_lr"}
    optimizer = recipe.build([{"params": [weight]}], settings)

    def loss() -> Any:
        optimizer.zero_grad()
        value = weight.square().sum()
        value.backward()
        if recipe.only == "sparse":
            weight.grad = weight.grad.to_sparse()
        return value

    before = float(loss().detach())
    optimizer.step(loss)
    assert float(loss().detach()) < before


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
    assert factors("multi_step", epochs=(2, 5), gamma=0.5) == pytest.approx(
        torch_factors(lambda o: s.MultiStepLR(o, [2, 5], 0.5), per_epoch=True)
    )
    assert factors("polynomial", power=0.9) == pytest.approx(
        torch_factors(lambda o: s.PolynomialLR(o, 100, 0.9)), abs=1e-12
    )
    assert factors("cosine_restarts", epochs=2, stretch=2, final=0.1) == pytest.approx(
        torch_factors(lambda o: s.CosineAnnealingWarmRestarts(o, 20, 2, eta_min=0.1))
    )
    assert factors("one_cycle") == pytest.approx(
        torch_factors(lambda o: s.OneCycleLR(o, 1.0, 100, cycle_momentum=False))
    )
    assert factors("cyclic", epochs=2, low=0.2) == pytest.approx(
        torch_factors(lambda o: s.CyclicLR(o, 0.2, 1.0, 10, cycle_momentum=False))
    )
    assert factors("constant") == [1.0] * 100


def test_more_settings_of_pytorchs_schedules() -> None:
    s = torch.optim.lr_scheduler
    assert factors("constant", factor=0.25, epochs=3) == pytest.approx(
        torch_factors(lambda o: s.ConstantLR(o, 0.25, 30))
    )
    assert factors("linear", start=0.1, final=1.0, epochs=3) == pytest.approx(
        torch_factors(lambda o: s.LinearLR(o, 0.1, 1.0, total_iters=30))
    )
    assert factors("polynomial", power=2.0, epochs=5) == pytest.approx(
        torch_factors(lambda o: s.PolynomialLR(o, 50, 2.0)), abs=1e-12
    )
    assert factors("cosine", epochs=4, final=0.1)[:41] == pytest.approx(
        torch_factors(lambda o: s.CosineAnnealingLR(o, 40, eta_min=0.1))[:41]
    )
    for options in ({"three_phase": True}, {"anneal": "linear"}):
        told = {"anneal_strategy" if k == "anneal" else k: v for k, v in options.items()}
        assert factors("one_cycle", **options) == pytest.approx(
            torch_factors(lambda o, t=told: s.OneCycleLR(o, 1.0, 100, cycle_momentum=False, **t))
        ), options
    for mode, gamma in (("triangular2", 1.0), ("exp_range", 0.99), ("triangular", 1.0)):
        ours = factors("cyclic", epochs=2, low=0.2, mode=mode, gamma=gamma, rise=0.25)
        assert ours == pytest.approx(
            torch_factors(
                lambda o, m=mode, g=gamma: s.CyclicLR(
                    o, 0.2, 1.0, 5, 15, mode=m, gamma=g, cycle_momentum=False
                )
            )
        ), mode
    assert factors("factors", factors=(1.0, 0.5, 0.25)) == pytest.approx(
        torch_factors(
            lambda o: s.LambdaLR(o, lambda e: [1.0, 0.5, 0.25][min(e, 2)]), per_epoch=True
        )
    )


@pytest.mark.parametrize("optimizer", ["sgd", "adamw", "adagrad"])
@pytest.mark.parametrize(
    ("name", "settings", "theirs"),
    [
        ("one_cycle", {}, lambda s, o, c: s.OneCycleLR(o, 1.0, 100, cycle_momentum=c)),
        (
            "one_cycle",
            {"three_phase": True, "anneal": "linear", "base_momentum": 0.7, "max_momentum": 0.8},
            lambda s, o, c: s.OneCycleLR(
                o, 1.0, 100, cycle_momentum=c, three_phase=True, anneal_strategy="linear",
                base_momentum=0.7, max_momentum=0.8,
            ),
        ),
        (
            "cyclic",
            {"epochs": 2, "low": 0.2, "mode": "triangular2", "rise": 0.25},
            lambda s, o, c: s.CyclicLR(o, 0.2, 1.0, 5, 15, mode="triangular2", cycle_momentum=c),
        ),
    ],
)  # fmt: skip
def test_momentum_is_cycled_as_pytorch_does(
    optimizer: str, name: str, settings: dict[str, Any], theirs: Any
) -> None:
    """The rate and the momentum of each step; an optimizer without momentum has its rate alone cycled, which
    PyTorch does where it is told not to cycle that."""
    recipe: Any = lookup("scheduler", name)
    cycled = optimizer != "adagrad"
    kinds = {
        "sgd": torch.optim.SGD, "adamw": torch.optim.AdamW, "adagrad": torch.optim.Adagrad
    }  # fmt: skip
    both = [kinds[optimizer]([torch.nn.Parameter(torch.zeros(1))], lr=1.0) for _ in range(2)]
    ours = recipe.build(both[0], 10, 100, recipe.bind((), settings), "max")
    schedulers = [ours, theirs(torch.optim.lr_scheduler, both[1], cycled)]
    for _ in range(99):
        a, b = (one.param_groups[0] for one in both)
        assert a["lr"] == pytest.approx(b["lr"])
        assert a.get("momentum") == pytest.approx(b.get("momentum"))
        assert a.get("betas") == pytest.approx(b.get("betas"))
        for one, scheduler in zip(both, schedulers, strict=True):
            one.step()
            scheduler.step()


def part(name: str, **settings: Any) -> Bound:
    recipe: Any = lookup("scheduler", name)
    return Bound(recipe, recipe.bind((), settings))


def test_chains_are_pytorchs() -> None:
    s = torch.optim.lr_scheduler
    rise = part("linear", start=0.1, final=1.0)
    assert factors("sequential", schedulers=[rise, part("cosine")], epochs=(2,)) == pytest.approx(
        torch_factors(
            lambda o: s.SequentialLR(
                o,
                [s.LinearLR(o, 0.1, 1.0, total_iters=20), s.CosineAnnealingLR(o, 80)],
                milestones=[20],
            )
        )
    )
    both = [part("linear", start=0.1, final=1.0, epochs=3), part("polynomial", power=2.0)]
    assert factors("chained", schedulers=both) == pytest.approx(
        torch_factors(
            lambda o: s.ChainedScheduler(
                [s.LinearLR(o, 0.1, 1.0, total_iters=30), s.PolynomialLR(o, 100, 2.0)]
            )
        )
    )
    three = factors(
        "sequential", schedulers=[rise, part("constant"), part("linear")], epochs=(1, 4)
    )
    assert three == pytest.approx(
        torch_factors(
            lambda o: s.SequentialLR(
                o,
                [
                    s.LinearLR(o, 0.1, 1.0, total_iters=10),
                    s.ConstantLR(o, 1.0),
                    s.LinearLR(o, 1.0, 0.0, total_iters=60),
                ],
                milestones=[10, 40],
            )
        )
    )


def test_schedules_of_papers() -> None:
    """Vaswani et al. 2017, equation 3, scaled to 1 at its top; Hu et al. 2024, equation 1."""
    formula = [min((step + 1) ** -0.5, (step + 1) * 10**-1.5) * 10**0.5 for step in range(100)]
    assert factors("inverse_sqrt", warmup_epochs=1) == pytest.approx(formula)
    found = factors("trapezoid", decay=0.2)
    assert found[:81] == [1.0] * 81
    assert found[81:] == pytest.approx([1 - k / 20 for k in range(1, 20)])


def test_plateau_is_pytorchs() -> None:
    recipe: Any = lookup("scheduler", "plateau")
    figures = [1.0, 0.9, 0.95, 0.96, 0.97, 0.8, 0.85, 0.86, 0.87, 0.88]
    ours, theirs = (torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0) for _ in "ab")
    bound = recipe.bind((), {"patience": 1})
    schedulers = (
        recipe.build(ours, 1, 1, bound, "min"),
        torch.optim.lr_scheduler.ReduceLROnPlateau(theirs, "min", patience=1),
    )
    for figure in figures:
        for scheduler in schedulers:
            scheduler.step(figure)
        assert ours.param_groups[0]["lr"] == theirs.param_groups[0]["lr"]
    assert ours.param_groups[0]["lr"] < 1


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("step", {"epochs": 0}),
        ("cyclic", {"epochs": 0}),
        ("cosine_restarts", {"epochs": 1, "stretch": 0}),
        ("plateau", {"gamma": 1.0}),
        ("multi_step", {"epochs": (3, 2)}),
        ("cosine", {"epochs": 0}),
        ("cyclic", {"epochs": 1, "rise": 1.0}),
        ("factors", {"factors": ()}),
        ("factors", {"factors": (1.0, -1.0)}),
        ("chained", {"schedulers": []}),
        ("chained", {"schedulers": [part("plateau")]}),
        ("sequential", {"schedulers": [part("cosine"), part("cosine")], "epochs": (1, 2)}),
        ("sequential", {"schedulers": [part("cosine"), part("cosine")], "epochs": (0,)}),
    ],
)
def test_a_schedule_that_cannot_be_is_refused(name: str, settings: dict[str, Any]) -> None:
    recipe: Any = lookup("scheduler", name)
    with pytest.raises(Mismatch) as refused:
        recipe.bind((), settings)
    assert refused.value.code == "NN206"


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


def test_a_word_where_a_number_fits_too_is_told_both() -> None:
    recipe: Any = lookup("optimizer", "adamw")
    with pytest.raises(Mismatch) as refused:
        recipe.bind((), {"lr": "fast"})
    assert refused.value.help == 'it is a number or "find"'


@pytest.mark.parametrize("kind", KINDS)
def test_every_recipe_is_documented(kind: str) -> None:
    for name in names(kind):
        assert type(lookup(kind, name)).__doc__, name


@pytest.mark.parametrize(
    ("parameter", "scores", "told"),
    [
        ("words", "words", "`nnspec train … model.words=10`, or that default in the model"),
        ("classes", "classes", "`nnspec train … model.classes=10`, or that default in the model"),
        ("words", "words + 1", "let the model give 10 scores"),
    ],
)
def test_the_parameter_that_is_the_number_of_classes_is_named(
    parameter: str, scores: str, told: str
) -> None:
    text = (
        f"model M({parameter}: int = 7):\n    input image: [N, 1, 8, 8]\n"
        f"    return logits = image -> flatten -> linear({scores})\n\n"
        "data D:\n    source = digits()\n\ntrain M on D:\n    loss = cross_entropy(logits, label)\n"
    )
    (problem,) = nnspec.check_source(text).diagnostics
    assert (problem.code, problem.help) == ("NN502", told)
