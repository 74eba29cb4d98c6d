"""Writes the pages that are made from definitions: `python docs/generate.py`.

`operators.md`, `differences.md` and a page for each operator below `operators/` from the operators,
`recipes.md` from what data and train parts may name, `errors.md` and a page for each code below `errors/`
from the codes, `zoo.md` from the specs. A test holds the pages to what this makes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import generate_operators
import generate_zoo
from generate_operators import signature, summary, table

from nnspec import operators, recipe
from nnspec.codes import CODES
from nnspec.elaborate.initial import INITIALISERS
from nnspec.operators.binding import show
from nnspec.operators.definition import Setting
from nnspec.operators.losses import Loss
from nnspec.recipe.plan import SETTINGS
from nnspec.tensors import DTYPES

DOCS = Path(__file__).parent
NOTE = "<!-- Made by docs/generate.py from the definitions; change those and run it. -->\n"

#: the first digit of a code -> what these codes are about
GROUPS = {
    "1": "How a file is written",
    "2": "Names and arguments",
    "3": "Tensors and sizes",
    "4": "The limits of the language",
    "5": "Data and training",
    "6": "Warnings",
}
KINDS = {
    "source": ("Sources", "`source = …` of a data part."),
    "draw": (
        "Draws",
        "A field that the source has not: `z = normal(100)`, random numbers drawn anew for each batch.",
    ),
    "transform": (
        "Transforms",
        "Steps of a field's pipeline: `image = resize(28) -> normalize(mean=0.5, std=0.25)`. They work on "
        "images [C, H, W] with values 0 to 1. The steps up to the first random one run once, before "
        "training; the rest runs on each batch, drawing anew for each image.",
    ),
    "optimizer": (
        "Optimizers",
        "`optimizer = …` of a train part; `adamw()` without one. Settings and defaults are torch.optim's.",
    ),
    "scheduler": (
        "Schedulers",
        "`scheduler = …` of a train part; `constant()` without one. The learning rate is multiplied by a "
        "factor that is computed for each step.",
    ),
    "average": (
        "Averages of the weights",
        "`average = ema(decay=0.999)` of a train part: what is validated, kept as best and used.",
    ),
    "mixture": (
        "Mixtures",
        "`mix = mixup(alpha=0.2)`, or several of which one is drawn for each batch: "
        "`mix = [mixup(), cutmix()]`.",
    ),
    "metric": (
        "Metrics",
        "`metrics = [accuracy(logits, label)]`: first an output of the model, then a field of the data.",
    ),
}


def explained(settings: Iterable[Setting]) -> str:
    """What the settings are that say so."""
    return "; ".join(f"`{one.name}`: {one.doc}" for one in settings if one.doc)


def recipes_of(kind: str) -> Iterator[Any]:
    for name in recipe.names(kind):
        found = recipe.lookup(kind, name)
        assert found is not None
        yield found


def recipes_page() -> str:
    parts = [
        "# What data and train parts may name\n",
        "How the parts are written: [language.md](language.md#data-and-training).\n",
        "## Settings of a train part\n",
        "Beside `loss`, `metrics`, `optimizer` and `scheduler`:\n",
        table(
            ("setting", "default", "meaning"),
            [
                (
                    f"`{one.name}`",
                    f"`{show(one.default)}`",
                    one.doc + (f" ({' or '.join(one.choices)})" if one.choices else ""),
                )
                for one in SETTINGS
            ],
        ),
        "## Losses\n",
        "Any expression that gives one number is a loss. These operators are made for it:\n",
        table(
            ("loss", "what it is"),
            [
                (signature(o.name, o.settings), summary(o))
                for o in operators.every()
                if isinstance(o, Loss)
            ],
        ),
        "`adaptive_log_softmax_with_loss` and `linear_cross_entropy_loss` have weights: they are layers of "
        "the model, which takes the targets as an input and returns what `loss` names.\n",
    ]
    for kind, (title, text) in KINDS.items():
        rows = [(signature(r.name, r.settings), _what(r)) for r in recipes_of(kind)]
        parts += [f"## {title}\n", f"{text}\n", table((kind, "what it is"), rows)]
    parts += [
        "## Initialisers\n",
        "Of `param` and `buffer`: the functions of `torch.nn.init`, with their settings and defaults.\n",
        "".join(f"- {signature(name, settings)}\n" for name, settings in INITIALISERS.items()),
        "## Dtypes\n",
        f"{', '.join(f'`{name}`' for name in DTYPES)}\n",
    ]
    return "\n".join(parts)


def _what(found: Any) -> str:
    settings = explained(found.settings)
    return summary(found) + (f" {settings[0].upper() + settings[1:]}." if settings else "")


def errors_page() -> str:
    """The list of all codes."""
    parts = [
        "# The codes of errors and warnings\n",
        "`nnspec explain NN301` prints what the page of a code says.\n",
    ]
    for digit, title in GROUPS.items():
        rows = [
            (f"[{name}](errors/{name}.md)", code.severity, code.summary)
            for name, code in CODES.items()
            if name[2] == digit
        ]
        parts += [f"## {title}\n", table(("code", "", "what it means"), rows)]
    return "\n".join(parts)


def error_page(name: str) -> str:
    """One code: what it means, a spec that has it, the spec without it."""
    code = CODES[name]
    parts = [f"# {name}: {code.summary}\n", f"{code.explanation}\n"]
    if code.wrong:
        parts.append(f"Wrong:\n\n```nn wrong\n{code.wrong.rstrip()}\n```\n")
        parts.append(f"Mended:\n\n```nn\n{code.mended.rstrip()}\n```\n")
    for file, text in code.beside:
        parts.append(f"Beside it, `{file}`:\n\n```nn\n{text.rstrip()}\n```\n")
    parts.append("[All codes](../errors.md)\n")
    return "\n".join(parts)


def pages() -> Mapping[str, str]:
    """Name of the file -> its text."""
    made = {
        **generate_operators.pages(),
        "recipes.md": recipes_page(),
        "errors.md": errors_page(),
        "zoo.md": generate_zoo.page(),
        **{f"errors/{name}.md": error_page(name) for name in CODES},
    }
    return {name: f"{NOTE}\n{text.rstrip()}\n" for name, text in made.items()}


if __name__ == "__main__":
    for folder in ("errors", "operators"):
        (DOCS / folder).mkdir(exist_ok=True)
    for name, text in pages().items():
        (DOCS / name).write_text(text, encoding="utf-8")
