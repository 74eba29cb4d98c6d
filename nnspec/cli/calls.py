"""Where the command line hands over to the compiler and to the trainer: the only place that loads
them.

What goes wrong for the user there is a `click.ClickException` here (exit status 2) or a report of
problems (exit status 1).
"""

from __future__ import annotations

import click

from nnspec.cli.output import style, write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from nnspec.targets import Target


def compile_source(target: Target) -> str | None:
    """The PyTorch source of the target's models; None where the spec has errors, which are
    shown.
    """
    from nnspec.checking import check_target

    report = check_target(target)
    if not report.ok:
        from nnspec.report.problems import draw_all

        write(draw_all(report.diagnostics, style().colour))
        return None
    _needs("nnspec.compiler")
    from nnspec.compiler.spec import source_of

    text: str = source_of(target)
    return text


def train(target: Target, words: Sequence[str], resume: str | None, device: str | None) -> int:
    """Train as the target's train part says; the exit status."""
    _needs("nnspec.training")
    from nnspec.training.commands import train as run

    status: int = run(target, words, resume, device)
    return status


def evaluate(folder: str, split: str, device: str | None) -> int:
    """Measure the model of a run folder; the exit status."""
    _needs("nnspec.training")
    from nnspec.training.commands import evaluate as run

    status: int = run(folder, split, device)
    return status


def predict(folder: str, inputs: Sequence[str], device: str | None) -> int:
    """Use the model of a run folder on files; the exit status."""
    _needs("nnspec.training")
    from nnspec.training.commands import predict as run

    status: int = run(folder, inputs, device)
    return status


def settings(words: Sequence[str]) -> Mapping[str, Any]:
    """`key=value` words, read; which names exist is the trainer's to say."""
    from nnspec.settings import BadSetting, parse

    try:
        return parse(words)
    except BadSetting as error:
        raise click.UsageError(str(error)) from None


def _needs(package: str) -> None:
    """Say what is to be installed where the light install meets a command that needs PyTorch."""
    from importlib.util import find_spec

    if find_spec("torch") is None:
        raise click.ClickException(
            f'this needs PyTorch, which is not installed ({package}): pip install "nnspec[train]"'
        )
