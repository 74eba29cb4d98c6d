"""Each limit has its own error, which says how to raise it, and raising it does."""

from __future__ import annotations

from pathlib import Path

import pytest

import nnspec
from nnspec.cli import main
from nnspec.limits import DEFAULTS, HIGHEST, MEANINGS, BadLimit, Limits, parse_limits

MODEL = "model M:\n    input x: [N, 8]\n"
TOWER = (
    "block Tower(depth: int):\n    input x: [N, 8]\n    if depth > 0:\n"
    "        x = x -> linear(8) -> Tower(depth - 1)\n    return x\n\n"
)

# name -> what goes beyond a small value of it, the code, and a value that is enough
BEYOND: dict[str, tuple[int, int, str, str]] = {
    "layers": (
        50, 200, "NN402", MODEL + "    for i in range(60):\n        x = x -> linear(8)\n    return x\n"
    ),
    "copies": (50, 60, "NN402", MODEL + "    return x -> 60 * linear(8)\n"),
    "steps": (
        100, 2_000, "NN402", MODEL + "    return x -> linear(sum([i for i in range(9)]))\n"
    ),
    "depth": (10, 20, "NN401", TOWER + MODEL + "    return x -> Tower(12)\n"),
    "items": (20, 40, "NN402", MODEL + "    return x -> linear(sum([1] * 30))\n"),
    "digits": (2, 3, "NN403", MODEL + "    return x -> linear(10 * 25)\n"),
    "characters": (40, 80, "NN110", MODEL + "    return x -> linear(8)\n"),
}  # fmt: skip


def raised(**limit: int) -> Limits:
    return Limits(**limit)


@pytest.mark.parametrize("name", BEYOND)
def test_a_limit_is_told_with_the_way_out_and_can_be_raised(name: str) -> None:
    low, enough, code, text = BEYOND[name]
    (problem,) = nnspec.check_source(text, limits=raised(**{name: low})).diagnostics
    assert problem.code == code
    assert f"{low}" in f"{problem.message} {' '.join(problem.notes)}"
    assert f"`--limit {name}={2 * low}` raises this limit" in problem.help
    assert nnspec.check_source(text, limits=raised(**{name: enough})).ok
    assert nnspec.check_source(text).ok


def test_growing_lists_and_layers_and_parameters_are_counted_too() -> None:
    growing = (
        "    found = [x]\n    for i in range(60):\n"
        "        found = found + [concat(*found, dim=1) -> linear(8)]\n    return found[-1]\n"
    )
    stacks = "    for i in range(9):\n        x, _ = x -> gru(i + 1, 100)\n    return x\n"
    layers = "    f = relu\n    for i in range(150):\n        f = f -> relu\n    return x -> f\n"
    for model in (MODEL + growing, MODEL.replace("8", "T, 8") + stacks, MODEL + layers):
        (problem,) = nnspec.check_source(model, limits=Limits(steps=10_000)).diagnostics
        assert (problem.code, problem.help) == ("NN402", "`--limit steps=20000` raises this limit")
        assert nnspec.check_source(model).ok


def test_a_budget_that_is_spent_is_told_once() -> None:
    text = (
        "block Many(n: int):\n    input x: [N, 8]\n    for i in range(n):\n        x = x -> relu\n"
        "    return x\n\n" + MODEL + "    for n in [100_000, 100_000]:\n"
        "        x = x -> Many(n)\n    a = x -> linear(8)\n    return a -> Many(7)\n"
    )
    (problem,) = nnspec.check_source(text, limits=Limits(layers=1_000)).diagnostics
    assert problem.code == "NN402"


def test_the_limit_on_files(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"f{number}.nn").write_text(f"block B{number} = relu\n")
    lines = "".join(f'from "f{number}.nn" import B{number}\n' for number in range(3))
    (tmp_path / "main.nn").write_text(lines + MODEL + "    return x -> B0 -> B1 -> B2\n")
    (problem,) = nnspec.check(tmp_path / "main.nn", limits=Limits(files=2)).diagnostics
    assert (problem.code, problem.help) == ("NN402", "`--limit files=4` raises this limit")
    assert nnspec.check(tmp_path / "main.nn", limits=Limits(files=3)).ok


def test_every_limit_has_a_case() -> None:
    fields = set(Limits._fields)
    assert fields == set(MEANINGS) == set(HIGHEST) == {*BEYOND, "files"}


def test_the_reference_has_each_with_its_numbers() -> None:
    page = (Path(__file__).parents[1] / "docs/language.md").read_text(encoding="utf-8")
    for name, meaning in MEANINGS.items():
        row = f"| `{name}` | {meaning} | "
        assert row + f"{getattr(DEFAULTS, name):,} | {HIGHEST[name]:,} |" in page


def test_the_same_limits_compile(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    spec = tmp_path / "deep.nn"
    spec.write_text(TOWER + MODEL + "    return x -> Tower(100)\n")
    assert main(["check", str(spec)]) == 1
    assert "--limit depth=128" in capsys.readouterr().out
    assert main(["check", str(spec), "--limit", "depth=128"]) == 0
    assert main(["compile", str(spec), "--limit", "depth=128", "-o", str(tmp_path / "m.py")]) == 0
    model = nnspec.load(f"{spec}:M", limits=Limits(depth=128))()
    assert sum(parameter.numel() for parameter in model.parameters()) == 100 * (8 * 8 + 8)


def test_several_limits(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    spec = tmp_path / "m.nn"
    spec.write_text(BEYOND["items"][3])
    options = ["--limit", "items=20", "--limit", "digits=1_0"]
    assert main(["check", *options, str(spec)]) == 1
    assert "more than 20 items" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("layer=3", "did you mean `layers`?"),
        (
            "speed=3",
            "the limits are layers, copies, steps, depth, items, digits, files, characters",
        ),
        ("layers", "a limit is a whole number: layers=200000"),
        ("layers=many", "a limit is a whole number"),
        ("layers=-3", "a limit is a whole number"),
        ("layers=1e6", "a limit is a whole number"),
        ("layers=0", "from 1 to 1,000,000,000"),
        ("depth=100000", "the limit `depth` is a number from 1 to 1,000, not 100000"),
        ("items=" + "9" * 5000, "a limit is a whole number"),
    ],
)
def test_what_is_no_limit(word: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--limit", word, "zoo:lenet"]) == 2
    assert said in capsys.readouterr().err


def test_what_is_no_limit_in_python() -> None:
    with pytest.raises(BadLimit, match="from 1 to 1,000"):
        nnspec.check_source(MODEL, limits=Limits(depth=10**6))
    with pytest.raises(TypeError):
        Limits(speed=3)  # type: ignore[call-arg]
    assert parse_limits([]) == DEFAULTS


def test_the_highest_depth_holds() -> None:
    """As far as `depth` can be raised, Python's own limit on recursion is not met."""
    text = TOWER + MODEL + f"    return x -> Tower({HIGHEST['depth'] - 10})\n"
    report = nnspec.check_source(text, limits=Limits(depth=HIGHEST["depth"]))
    assert report.ok
    assert report.models["M"].params.total == (HIGHEST["depth"] - 10) * (8 * 8 + 8)
    from nnspec.cli.output import Style
    from nnspec.report.text import draw

    assert "parameters" in draw(report, "deep.nn", Style(False, 100), None)
