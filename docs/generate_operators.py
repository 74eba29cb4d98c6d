"""`operators.md`, a page for each operator below `operators/`, and `differences.md`, from the definitions."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any

from pictures import PICTURES

from nnspec import operators
from nnspec.operators.binding import show
from nnspec.operators.definition import REQUIRED, Operator, Setting
from nnspec.testing.differences import CAUTIOUS, LOOSER, STRICTER
from nnspec.testing.shown import formulas, outcomes

#: what a family of operators is called on its page
FAMILIES = {
    "maker": "Makers of tensors",
    "joining": "Joining and taking apart",
    "": "Others",
}


def call(name: str, settings: Iterable[Setting]) -> str:
    """`conv2d(out_channels, kernel_size, stride=1, …)`, without quotes."""
    words = []
    for one in settings:
        if one.kind == "axes":
            words.append(f"**{one.name}")
        else:
            words.append(one.name if one.default is REQUIRED else f"{one.name}={show(one.default)}")
    return f"{name}({', '.join(words)})" if words else name


def signature(name: str, settings: Iterable[Setting]) -> str:
    """The call as code."""
    return f"`{call(name, settings)}`"


def cell(text: str) -> str:
    """A text that may stand in a table."""
    return " ".join(text.split()).replace("|", "\\|")


def summary(thing: object) -> str:
    """The first paragraph of its documentation, on one line."""
    return cell(inspect.cleandoc(type(thing).__doc__ or "").partition("\n\n")[0])


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def by_family() -> dict[str, list[Operator]]:
    families: dict[str, list[Operator]] = {}
    for operator in operators.every():
        families.setdefault(operator.family, []).append(operator)
    return {name: families[name] for name in sorted(families, key=lambda name: (not name, name))}


def index_page() -> str:
    parts = [
        "# The operators\n",
        "Each with its settings and their defaults, which are PyTorch's; the tensors come through the "
        "arrow or stand before the settings. An operator's name leads to its page: what each setting "
        "means, how its shape, its parameters and its MACs come about, uses that are accepted and refused. "
        "`nnspec ops NAME` shows the same in the terminal. Where nnspec and PyTorch differ on purpose: "
        "[differences.md](differences.md). Operators of one's own: [own-operators.md](own-operators.md).\n",
    ]
    for family, found in by_family().items():
        parts.append(f"## {FAMILIES.get(family, family.capitalize())}\n")
        rows = [
            (f"[{signature(o.name, o.settings)}](operators/{o.name}.md)", summary(o)) for o in found
        ]
        parts.append(table(("operator", "what it does"), rows))
    return "\n".join(parts)


def kind(setting: Setting) -> str:
    """The kinds that a setting takes."""
    words = setting.kind.split("|")
    if setting.choices:
        layers = "layer" in words
        choices = [f"`{c}`" if layers else f'`"{c}"`' for c in setting.choices]
        words = [*(word for word in words if word not in ("str", "layer")), *choices]
    if setting.length > 1:
        words.append(f"a list of {setting.length}")
    return cell(" or ".join(words))


def operator_page(operator: Operator) -> str:
    """The reference page of one operator."""
    parts = [
        f"# {operator.name}\n",
        f"```text\n{call(operator.name, operator.settings)}\n```\n",
        f"{inspect.cleandoc(type(operator).__doc__ or '')}\n",
    ]
    if operator.name in PICTURES:
        parts.append(f"```text\n{PICTURES[operator.name]()}\n```\n")
    if operator.tensors:
        rows = []
        for tensor in operator.tensors:
            how = ["any number of them"] if tensor.many else []
            how += ["may be left out"] if tensor.optional else []
            how += ["or a number"] if tensor.scalar else []
            how += [f"integers below `{tensor.below}`"] if tensor.below else []
            rows.append((f"`{tensor.name}`", ", ".join(how), cell(tensor.doc)))
        parts += ["## Tensors\n", table(("tensor", "", ""), rows)]
    if operator.settings:
        rows = [
            (
                f"`{one.name}`",
                kind(one),
                "" if one.default is REQUIRED else f"`{show(one.default)}`".replace("|", "\\|"),
                cell(one.doc),
            )
            for one in operator.settings
        ]
        parts += ["## Settings\n", table(("setting", "kind", "default", "meaning"), rows)]
    told = formulas(operator)
    if told:
        example = operator.accepts[0]
        parts += [f"## Formulas\n\nOf `{example}`:\n", "".join(f"- {n}: `{t}`\n" for n, t in told)]
    found = list(outcomes(operator))
    accepted = [(f"`{cell(text)}`", f"`{cell(why)}`") for text, fine, why in found if fine]
    refused = [(f"`{cell(text)}`", cell(why)) for text, fine, why in found if not fine]
    if accepted:
        parts += ["## Accepted\n", table(("use", "result"), accepted)]
    if refused:
        parts += ["## Refused\n", table(("use", "why"), refused)]
    if operator.stricter:
        rows = [(cell(part), cell(why)) for part, why in operator.stricter]
        parts += ["## Stricter than PyTorch\n", table(("message", "why"), rows)]
    parts.append("[All operators](../operators.md)\n")
    return "\n".join(parts)


def differences_page() -> str:
    """Where nnspec and PyTorch differ on purpose."""

    def rows(found: list[tuple[str, str, Any]]) -> str:
        return table(("what", "why"), [(cell(what), cell(why)) for what, why, _ in found])

    return "\n".join(
        [
            "# Where nnspec and PyTorch differ on purpose\n",
            "The tests hold every operator against PyTorch on uses drawn at random. This is the whole list "
            "of what they let pass; all other differences are mistakes.\n",
            "## nnspec refuses, PyTorch accepts\n",
            rows(STRICTER),
            "## nnspec accepts, PyTorch refuses\n",
            rows(LOOSER),
            "## With symbols in place of sizes\n",
            "A use with symbols holds for all sizes that satisfy its conditions. Here it demands more than "
            "each size by itself would:\n",
            rows(CAUTIOUS),
        ]
    )


def pages() -> dict[str, str]:
    """Name of the file -> its text."""
    return {
        "operators.md": index_page(),
        "differences.md": differences_page(),
        **{f"operators/{o.name}.md": operator_page(o) for o in operators.every()},
    }
