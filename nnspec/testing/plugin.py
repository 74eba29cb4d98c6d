"""`pytest --nnspec-operators`: the tests of nnspec's own operators, on those of other packages.

Each operator that an installed package declares becomes two tests: its examples, and uses drawn at random,
held against the code that it makes (a seed, and a counterexample that is shrunk). pytest loads this file
in every run of an environment where nnspec is; what is slow is imported only where the option is given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from nnspec.operators.definition import Operator

ALL = "all"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("nnspec", "operators of nnspec")
    group.addoption(
        "--nnspec-operators",
        nargs="?",
        const=ALL,
        metavar="NAME,…",
        help="test the operators that installed packages declare, or those of these names; "
        "with = before names: --nnspec-operators=gate",
    )
    group.addoption(
        "--nnspec-cases", type=int, default=200, help="random uses of each operator (200)"
    )
    group.addoption("--nnspec-seed", type=int, default=0, help="of the random uses (0)")


def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Adds the tests of the operators to those that were found in files."""
    wanted = config.getoption("--nnspec-operators")
    if wanted is None:
        return
    from nnspec.operators import packages

    declared = sorted(packages.declared())
    names = declared if wanted == ALL else [name.strip() for name in wanted.split(",")]
    if not names:
        raise pytest.UsageError(f"no package declares an operator in the group {packages.GROUP}")
    for name in names:
        if name not in declared:
            known = ", ".join(declared) or "none"
            raise pytest.UsageError(
                f"no package declares an operator `{name}`; declared are: {known}"
            )
        for kind in (Examples, RandomUses):
            items.append(
                kind.from_parent(session, name=f"nnspec::{name}::{kind.what}", operator_name=name)
            )


class OperatorItem(pytest.Item):
    """A test of one operator."""

    what = ""

    def __init__(self, *, operator_name: str, **kwargs: object) -> None:
        super().__init__(**kwargs)  # type: ignore[arg-type]
        self.operator_name = operator_name

    @property
    def operator(self) -> Operator:
        """The operator, loaded; a broken package fails its own tests only."""
        from nnspec.operators import packages

        found = packages.lookup(self.operator_name)
        assert found is not None
        return found

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> str:  # type: ignore[override]
        from nnspec.diagnostics import Mismatch

        if isinstance(excinfo.value, Mismatch):
            return f"{excinfo.value.message}\n{excinfo.value.help}"
        if isinstance(excinfo.value, AssertionError):
            return str(excinfo.value)
        return str(super().repr_failure(excinfo))

    def reportinfo(self) -> tuple[str, None, str]:
        return "nnspec", None, self.name


class Examples(OperatorItem):
    """What the definition says of itself: a doc, examples, and that those are accepted and refused."""

    what = "examples"

    def runtest(self) -> None:
        from .definitions import lacking, wrong_examples

        found = [*lacking(self.operator), *wrong_examples(self.operator)]
        assert not found, "\n".join(found)


class RandomUses(OperatorItem):
    """Uses drawn at random."""

    what = "random_uses"

    def runtest(self) -> None:
        from .trials import Trials, shares

        cases = self.config.getoption("--nnspec-cases")
        seed = self.config.getoption("--nnspec-seed")
        trials = Trials(self.operator)
        found = dict.fromkeys(
            f"{case}\n    {why}" for case, why in trials.counterexamples(cases, seed)
        )
        tally = trials.tally
        assert not found, "\n".join([*found, f"(seed {seed}, {cases} uses: {tally})"])
        accepted, refused = shares(tally)
        assert accepted > 0.1, (
            f"of {cases} random uses only {accepted:.0%} were accepted: that proves little. "
            f"More examples in `accepts` give better ones. {tally}"
        )
        self.add_report_section("call", "nnspec", f"{accepted:.0%} accepted, {refused:.0%} refused")
