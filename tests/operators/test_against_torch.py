"""Every operator against PyTorch, on random uses and on its own examples. `deep.py` does it for
long."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import torch

from nnspec.dims import Dim, symbol
from nnspec.operators import every
from nnspec.operators.conv import Conv2d
from nnspec.operators.definition import ModuleCode, Operator, Param, Use
from nnspec.operators.joining import Concat
from nnspec.operators.linear import Linear
from nnspec.tensors import TensorType
from nnspec.testing.cases import draw
from nnspec.testing.definitions import wrong_examples
from nnspec.testing.examples import Case, example
from nnspec.testing.harness import disagreement, judged
from nnspec.testing.symbolic import text_disagreement
from nnspec.testing.together import wrong_texts
from nnspec.testing.trials import counterexamples

from . import without_kernels  # noqa: F401  (defines what torchvision lacks)

if TYPE_CHECKING:
    from nnspec.dims import Size

CASES = 15
OPERATORS = list(every())


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("operator", OPERATORS, ids=lambda operator: operator.name)
def test_random_uses(operator: Operator) -> None:
    found = [f"{case}\n    {why}" for case, why in counterexamples(operator, CASES, seed=1)]
    assert not found, "\n".join(dict.fromkeys(found))


@pytest.mark.parametrize("operator", OPERATORS, ids=lambda operator: operator.name)
def test_examples(operator: Operator) -> None:
    assert not list(wrong_examples(operator))


def test_draws_are_worth_it() -> None:
    """Of the drawn uses many are accepted by both, many refused by both, and few are left out."""
    tally: dict[str, int] = {}
    for operator in OPERATORS:
        rng = random.Random(2)
        for _ in range(4):
            disagreement(draw(operator, rng), tally)
    total = sum(tally.values())
    assert tally["both accept"] > 0.4 * total
    assert tally["both refuse"] > 0.1 * total
    assert total - tally["both accept"] - tally["both refuse"] < 0.15 * total


# -- the comparison itself can fail ----------------------------------------------------------------


class Wrong(Conv2d):
    """Broken convolutions for the test below; without a `name` of their own they are in no
    registry."""


class WrongShape(Wrong):
    def infer(self, use: Use) -> tuple[TensorType, ...]:
        (out,) = super().infer(use)
        return (out.with_shape((*out.shape[:3], out.shape[3] + 1)),)


class WrongDtype(Wrong):
    def infer(self, use: Use) -> tuple[TensorType, ...]:
        (out,) = super().infer(use)
        return (TensorType("f64", out.shape),)


class WrongMacs(Wrong):
    def macs(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        return super().macs(use, outputs) * 2


class WrongOrder(Wrong):
    def params(self, use: Use) -> dict[str, Param]:
        return dict(reversed(super().params(use).items()))


class TooStrict(Wrong):
    def infer(self, use: Use) -> tuple[TensorType, ...]:
        if use["stride"] == 2:
            use.fail("no stride of 2")
        return super().infer(use)


class TooLoose(Wrong):
    def infer(self, use: Use) -> tuple[TensorType, ...]:
        groups = use["groups"]
        use.settings["groups"] = min(groups, 1)
        found = super().infer(use)
        use.settings["groups"] = groups
        return found


class Crashing(Wrong):
    def infer(self, use: Use) -> tuple[TensorType, ...]:
        return (use.x.with_shape((use.x.shape[3],)),) if use.x.rank != 4 else super().infer(use)


class WrongCode(Wrong):
    def module(self, use: Use) -> ModuleCode:
        code = super().module(use)
        kwargs = {name: value for name, value in code.kwargs.items() if name != "stride"}
        return ModuleCode(code.constructor, code.args, kwargs)


class NoConditions(Wrong):
    """Right with numbers; with symbols it forgets what it needs."""

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        found = super().infer(use)
        use.conditions.clear()
        return found


class TooMuchWithSymbols(Wrong):
    def infer(self, use: Use) -> tuple[TensorType, ...]:
        if isinstance(use.x.shape[0], Dim):
            use.at_least(use.x.shape[0], 2, "a batch of 2")
        return super().infer(use)


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (WrongShape(), "results"),
        (WrongDtype(), "results"),
        (WrongMacs(), "MACs"),
        (WrongOrder(), "parameters"),
        (TooStrict(), "nnspec refuses"),
        (TooLoose(), "PyTorch refuses"),
        (Crashing(), "nnspec raises IndexError"),
        (WrongCode(), "results"),
        (NoConditions(), "conditions hold, and the sizes are refused"),
        (TooMuchWithSymbols(), "this condition does not hold"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Operator) else "",
)
def test_the_comparison_can_fail(broken: Operator, reason: str) -> None:
    seen: list[tuple[Case, str]] = []
    for case, why in counterexamples(broken, 300, seed=1):
        if reason in why:
            return
        seen.append((case, why))
    raise AssertionError(seen[:5])


def test_texts_judged_together_can_fail() -> None:
    """Of a text with many uses, the one whose results, weights, values or refusal are others is found."""
    conv, linear = Conv2d(), Linear()
    uses = [example(conv, f"[2, {n}, 8, 8] -> conv2d(4, 3)") for n in (1, 2, 3, 4, 5)]
    uses += [example(linear, f"[2, {n}] -> linear(4, bias=false)") for n in (2, 3)]
    uses += [example(conv, f"[2, 4, 8, 8] -> conv2d(4, {n})") for n in (9, 10, 11)]
    verdicts = [judged(case) for case in uses]
    assert list(wrong_texts(verdicts)) == []

    accepted, refused = verdicts[3], verdicts[8]
    assert accepted.ran is not None and refused.refusal is not None
    values = tuple(value + 1 for value in accepted.ran.values)
    params = (*accepted.ran.params, ("more", (1,), "f32", True))
    broken = {
        "other values": (3, replace(accepted, ran=replace(accepted.ran, values=values))),
        "the report says": (3, replace(accepted, ran=replace(accepted.ran, params=params))),
        "the text is refused": (3, replace(accepted, case=refused.case)),
        "the text is accepted": (8, replace(refused, case=accepted.case)),
    }
    for reason, (at, verdict) in broken.items():
        ((wrong, why),) = wrong_texts([*verdicts[:at], verdict, *verdicts[at + 1 :]])
        assert wrong == [verdict]
        assert reason in why


def test_the_text_with_symbols_can_fail() -> None:
    """A rule with a condition that the report does not know, and one that lacks one."""
    case = example(Concat(), "([2, 3], [2, 4]) -> concat(dim=1)")
    n, m = symbol("n"), symbol("m")
    types = (TensorType("f32", (n, 3)), TensorType("f32", (m, 4)))
    numbers = ({"n": 2, "m": 2}, {"n": 2, "m": 3})
    use = Use(case.operator, types, {"dim": 1})
    case.operator.infer(use)
    assert text_disagreement(case, types, use, numbers) is None
    use.at_least(n, 3, "a condition of its own")
    assert "refused at {'n': 2, 'm': 2}" in str(text_disagreement(case, types, use, numbers))
    use.conditions.clear()
    assert "taken at {'n': 2, 'm': 3}" in str(text_disagreement(case, types, use, numbers))
