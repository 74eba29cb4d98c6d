"""Where the command line hands over to the compiler and to the trainer: the only place that loads them.

A spec with problems is drawn and ends with exit status 1, as does a run that cannot go on; a command that
is used wrongly is a `click.ClickException` (exit status 2).
"""

from __future__ import annotations

import io
import os

import click

from nnspec.cli.output import complain, style, write
from nnspec.collector import loading
from nnspec.limits import DEFAULTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from nnspec.limits import Limits
    from nnspec.targets import Target


def compile_source(target: Target, limits: Limits = DEFAULTS, stubs: bool = False) -> str | None:
    """The PyTorch source of the target's models, or the `.pyi` of its file; None where the spec has
    errors, which are shown."""
    from nnspec.checking import check_text

    source = target.read()  # once: standard input is empty afterwards
    report = check_text(source, target.name, limits)
    if not report.ok:
        _draw(report.diagnostics)
        return None
    from nnspec.compiler.source import program_of, source_of, stubs_of
    from nnspec.diagnostics import SpecError

    try:
        if stubs:
            return stubs_of(program_of(source, limits))
        return source_of(program_of(source, limits), list(report.models)).text
    except SpecError as error:
        _draw(error.problems)
        return None


def train(
    target: Target | None,
    words: Sequence[str],
    resume: str | None,
    device: str | None,
    allow_extern: bool,
) -> int:
    """Train as the target's train part says; the exit status."""
    overrides = settings(words)
    if device is not None:
        overrides["device"] = device

    # before PyTorch is loaded, so that a wrong name is told at once
    source = target.read() if target is not None else None
    name, root = "", "."
    if target is not None and source is not None:
        name, root = target.name, os.path.dirname(target.file) or "."
        from nnspec.cli import usual

        if usual.is_needed(target, source, "data" in overrides):
            if "data" not in overrides:
                complain(usual.missing(target, source))
                return 2
            root = "." if usual.of_zoo(target) else root
            made = usual.spec(target, source, str(overrides.pop("data")), root)
            if isinstance(made, list):
                _draw(made)
                return 1
            source = made

    def run() -> None:
        with loading():
            from nnspec.training import train as room

        if resume is not None:
            room.resume(resume, device, _console(), allow_extern, overrides)
            return
        assert source is not None
        room.train(source, name, overrides, root, _console(), allow_extern=allow_extern)

    return _guarded(run)


def evaluate(folder: str, split: str, device: str | None, allow_extern: bool) -> int:
    """Measure the model of a run folder; the exit status."""

    def run() -> None:
        with loading():
            from nnspec.training.evaluate import evaluate as measure
            from nnspec.training.tables import show_evaluation

        show_evaluation(_console(), measure(folder, split, device, allow_extern))

    return _guarded(run)


def predict(
    folder: str,
    inputs: Sequence[str],
    device: str | None,
    allow_extern: bool,
    onnx: str | None,
    top: int,
    form: str,
    output: str | None,
) -> int:
    """Use the model of a run folder on files; the exit status: 1 where a sample could not be used."""
    from pathlib import Path

    failed = False

    def run() -> None:
        with loading():
            from nnspec.training import tables
            from nnspec.training.predict import predict as use

        nonlocal failed
        predictions = use(folder, list(inputs), device, allow_extern, onnx)
        if output is not None and (output.endswith("/") or os.path.isdir(output)):
            from nnspec.training.drawing import write_pictures

            count = write_pictures(predictions, Path(output))
            write(f"{Path(output)}: {count} pictures\n")
        elif output is not None and output.endswith(".npz"):
            from nnspec.training.drawing import write_masks

            write(f"{output}: {write_masks(predictions, Path(output))} masks\n")
        elif form == "text" and output is None:
            tables.show_predictions(_console(), predictions, top)
        else:
            _hand_over(predictions, top, form, output)
        for prediction in predictions:
            if prediction.problem is not None:
                failed = True
                _complain_of(prediction.problem)

    return _guarded(run) or int(failed)


def _hand_over(predictions: Any, top: int, form: str, output: str | None) -> None:
    """Predictions as text, to a file or standard output."""
    from pathlib import Path

    from rich.console import Console

    from nnspec.training import tables
    from nnspec.training.run import write_whole

    if form == "text":
        console = Console(file=io.StringIO(), width=200)
        tables.show_predictions(console, predictions, top)
        text = console.file.getvalue()  # type: ignore[attr-defined]
    else:
        make = {"csv": tables.predictions_csv, "json": tables.predictions_json}[form]
        text = make(predictions, top)
    if output is None:
        write(text)
    else:
        write_whole(Path(output), text.encode())
        wrong = sum(one.problem is not None for one in predictions)
        but = f", and {wrong} that could not be used" if wrong else ""
        write(f"{output}: {len(predictions) - wrong} predictions{but}\n")


def export(
    source: str, form: str, output: str | None, sizes: Mapping[str, int], allow_extern: bool
) -> int:
    """Write a model in another format; the exit status."""

    def run() -> None:
        with loading():
            from nnspec.exporting.models import export as hand_on
            from nnspec.report.text import ends

        try:
            made = hand_on(source, form, output, sizes, allow_extern)
        except NoSuchSize as error:
            raise click.UsageError(str(error)) from None
        except Unreadable as error:
            raise click.ClickException(str(error)) from None
        write(f"{made.file}: {made.report.name}, {made.weights}\n")
        write(ends(made.report, style()) + f"{made.remark}\n")
        if made.narrower:
            write(
                f"the file takes sizes with {made.narrower}: PyTorch could not follow smaller ones\n"
            )

    from nnspec.report.model import NoSuchSize
    from nnspec.targets import Unreadable

    return _guarded(run)


def settings(words: Sequence[str]) -> dict[str, Any]:
    """`key=value` words, read; which names exist is the trainer's to say."""
    from nnspec.settings import BadSetting, parse

    try:
        return parse(words)
    except BadSetting as error:
        raise click.UsageError(str(error)) from None


def _guarded(run: Callable[[], None]) -> int:
    """Run what needs PyTorch; what goes wrong for the user is told without a traceback."""
    from importlib.util import find_spec

    if find_spec("torch") is None:
        raise click.ClickException(
            'this needs PyTorch, which is not installed: pip install "nnspec[train]"'
        )
    from nnspec.diagnostics import Mismatch, SpecError
    from nnspec.elaborate.together import UnknownSetting
    from nnspec.training.errors import RunError

    try:
        run()
    except UnknownSetting as error:
        raise click.UsageError(str(error)) from None
    except Mismatch as error:  # a setting of the command line with a value that cannot be
        raise click.UsageError(error.message) from None
    except SpecError as error:
        _draw(error.problems)
        return 1
    except RunError as error:
        _complain_of(error)
        return 1
    return 0


def _complain_of(error: Any) -> None:
    complain(error.message)
    if error.help:
        complain(f"  {error.help}")


def _draw(problems: Any) -> None:
    from nnspec.report.problems import draw_all

    write(draw_all(problems, style().colour))


def _console() -> Any:
    from rich.console import Console

    return Console(highlight=False)
