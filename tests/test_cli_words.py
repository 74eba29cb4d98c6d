"""Words of `check` that are read without click: the same values, or none."""

from __future__ import annotations

import click
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nnspec.cli import main
from nnspec.cli.commands import commands
from nnspec.cli.options import CHECK
from nnspec.cli.words import read

VALUES = (
    "H=224", "H=0", "H", "text", "json", "yaml", "3", "0", "1001", "-1", "x", "", " 2", "1_0", "80GB",
    "ddp", "bf16", "layers=5", "layers=0", "lairs=5", "net.nn", "-", "--", "-h", "-5", "--strict",
)  # fmt: skip
NAMES = (*(option.name for option in CHECK), "--strickt", "--help")
WORD = st.one_of(
    st.sampled_from((*NAMES, *VALUES)),
    st.builds("{}={}".format, st.sampled_from(NAMES), st.sampled_from(VALUES)),
)


def by_click(words: list[str]) -> dict[str, object] | None:
    """The values as click has them; None where it helps, or tells what is wrong."""
    command = commands.get_command(click.Context(commands), "check")
    assert command is not None
    try:
        return command.make_context("check", list(words)).params
    except (click.ClickException, click.exceptions.Exit):
        return None


@settings(max_examples=300, deadline=None)
@given(st.lists(WORD, max_size=6))
@example(["a.nn", "--sizes=H=224,W=224", "--limit", "layers=5", "--limit=depth=2", "--strict"])
@example(["a.nn", "--memory", "", "--format", "json", "--depth=2"])
def test_the_same_values_as_click(words: list[str]) -> None:
    found = read(words, CHECK)
    theirs = by_click(words)
    # what is read without click is what click reads; only a lone `--` is left to it
    assert found == (None if "--" in words else theirs)


@pytest.mark.parametrize(
    "words",
    [["--sizes", "Q=2"], ["--nearest", "Q"], ["--nearest", "H=0"]],
    ids=" ".join,
)
def test_what_only_the_model_can_refuse(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The message is click's, with the usage, whoever read the words."""
    words = ["check", "zoo:lenet", *words]
    assert main(words) == 2
    short = capsys.readouterr()
    with pytest.raises(click.UsageError) as raised:
        commands.main(words, prog_name="nnspec", standalone_mode=False)
    raised.value.show()
    assert capsys.readouterr() == short
    assert short.err.startswith("Usage: nnspec check [OPTIONS] TARGET...\n")
