"""`nnspec ops [NAME]`"""

from __future__ import annotations

import click

from nnspec.cli.output import complain, style, write
from nnspec.report.columns import pad

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nnspec.operators.definition import Operator, Setting
    from nnspec.report.style import Style


@click.command(name="ops")
@click.argument("name", required=False)
def command(name: str | None) -> int:
    """List the operators, or show one with its settings, and uses that it accepts and refuses."""
    from nnspec.diagnostics import Mismatch, nearest
    from nnspec.operators import find, index, packages

    if name is None:
        _all(style())
        return 0
    try:
        operator = find(name)
    except Mismatch as broken:
        complain(f"{broken.message}\n{broken.help}")
        return 1
    if operator is None:
        close = nearest(name, [*index(), *packages.declared()])
        raise click.UsageError(
            f"there is no operator `{name}`" + (f"; did you mean `{close}`?" if close else "")
        )
    _one(operator, style())
    return 0


def _summary(operator: Operator) -> str:
    return (type(operator).__doc__ or "").strip().split("\n")[0]


def _all(looks: Style) -> None:
    from nnspec.diagnostics import Mismatch
    from nnspec.operators import every, packages

    families: dict[str, list[Operator]] = {}
    found = list(every())
    own = {operator.name for operator in found}
    for name in sorted(packages.declared().keys() - own):
        try:
            operator = packages.lookup(name)
        except Mismatch as broken:
            complain(broken.message)
            continue
        assert operator is not None
        found.append(operator)
    for operator in found:
        families.setdefault(operator.family or "other", []).append(operator)
    width = max(len(operator.name) for found in families.values() for operator in found)
    parts: list[str] = []
    for family in sorted(families):
        lines = [looks.paint(family, "title")]
        for operator in families[family]:
            name = looks.paint(pad(operator.name, width), "operator")
            lines.append(f"  {name}  {_summary(operator)}".rstrip())
        parts.append("\n".join(lines))
    write("\n\n".join(parts) + "\n\nnnspec ops NAME shows one.\n")


def _one(operator: Operator, looks: Style) -> None:
    import inspect

    tensors = [
        t.name + ("?" if t.optional else "...") * (t.optional or t.many) for t in operator.tensors
    ]
    title = looks.paint(operator.name, "title")
    lines = [f"{title}({', '.join(_written(s) for s in operator.settings)})", ""]
    lines += [inspect.cleandoc(type(operator).__doc__ or "")]
    lines += ["", looks.paint("tensors", "label") + "  " + ", ".join(tensors)]
    if operator.settings:
        lines += ["", looks.paint("settings", "label")]
        width = max(len(s.name) for s in operator.settings)
        kinds = max(len(_kind(s)) for s in operator.settings)
        for s in operator.settings:
            lines.append(f"  {pad(s.name, width)}  {pad(_kind(s), kinds)}  {s.doc}".rstrip())
    from nnspec.testing.shown import formulas, outcomes

    told = formulas(operator)
    if told:
        lines += ["", looks.paint("formulas", "label") + f"  of {operator.accepts[0]}"]
        lines += [f"  {name}: {text}" for name, text in told]
    found = list(outcomes(operator))
    for title, wanted, sign in (("accepts", True, "is"), ("refuses", False, "because")):
        uses = [(text, why) for text, fine, why in found if fine is wanted]
        if uses:
            lines += ["", looks.paint(title, "label")]
            for text, why in uses:
                lines += [f"  {text}", f"      {sign} {why}"]
    write("\n".join(lines) + "\n")


def _written(setting: Setting) -> str:
    from nnspec.operators.binding import show
    from nnspec.operators.definition import REQUIRED

    if setting.kind == "axes":
        return f"**{setting.name}"
    return (
        setting.name if setting.default is REQUIRED else f"{setting.name}={show(setting.default)}"
    )


def _kind(setting: Setting) -> str:
    kind = " or ".join(setting.kind.split("|"))
    if setting.length:
        kind += f", or a list of {setting.length}"
    if setting.choices:
        layers = "layer" in setting.kind.split("|")
        kind = " or ".join(choice if layers else f'"{choice}"' for choice in setting.choices)
        others = [k for k in setting.kind.split("|") if k not in ("str", "layer")]
        kind = " or ".join([*others, kind])
    return kind
