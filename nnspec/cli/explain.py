"""`nnspec explain CODE` and `nnspec explain TARGET LAYER`."""

from __future__ import annotations

import click

from nnspec.cli.output import complain, style, write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nnspec.report.model import ModelReport


@click.command(name="explain")
@click.argument("what", metavar="CODE|TARGET")
@click.argument("layer", required=False)
@click.option("--sizes", metavar="H=224,W=224", help="Numbers in place of symbols.")
def command(what: str, layer: str | None, sizes: str | None) -> int:
    """Tell what an error code means, or how a layer's numbers come about.

    \b
    nnspec explain NN301
    nnspec explain lenet.nn conv1
    """
    if layer is None:
        return _code(what)
    from nnspec.report import explain

    model = _model(what, sizes)
    if model is None:
        return 1
    try:
        write(explain.layer(model, layer, style()))
    except explain.NoLayer as error:
        raise click.UsageError(str(error)) from None
    return 0


def _code(word: str) -> int:
    from nnspec.codes import CODES
    from nnspec.diagnostics import nearest
    from nnspec.report.explain import code

    name = word.upper()
    if name not in CODES:
        if word.endswith(".nn") or ":" in word:
            raise click.UsageError(f"which layer of {word}? nnspec explain {word} LAYER")
        close = nearest(name, CODES)
        raise click.UsageError(
            f"there is no code `{word}`" + (f"; did you mean {close}?" if close else "")
        )
    write(code(name, style()))
    return 0


def _model(words: str, sizes: str | None) -> ModelReport | None:
    """The one model that is meant; None where the spec has errors, which are shown."""
    from nnspec.checking import check_target, demand_known, fix_sizes
    from nnspec.settings import BadSetting, parse_sizes
    from nnspec.targets import Unreadable, find

    try:
        report = check_target(find(words))
        if sizes and report.ok:
            given = parse_sizes(sizes)
            demand_known(given, [report])
            report = fix_sizes(report, given)
    except Unreadable as error:
        complain(str(error))
        raise click.exceptions.Exit(2) from None
    except (BadSetting, ValueError) as error:
        raise click.UsageError(str(error)) from None
    if not report.ok:
        from nnspec.report.problems import draw_all

        write(draw_all(report.diagnostics, style().colour))
        return None
    if len(report.models) != 1:
        names = ", ".join(report.models) or "none"
        raise click.UsageError(f"which model of {words}? It has: {names} (write {words}:NAME)")
    return next(iter(report.models.values()))
