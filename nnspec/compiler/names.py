"""Names for classes, attributes, arguments and variables of generated code."""

from __future__ import annotations

import keyword
from collections.abc import Container

#: what a generated file itself uses
RESERVED = frozenset(
    {
        *(
            "torch",
            "torchvision",
            "nn",
            "F",
            "Tensor",
            "NamedTuple",
            "OrderedDict",
            "self",
            "range",
        ),
        *("Any", "Callable", "getattr", "skip_init"),
    }
)


def usable(name: str) -> str:
    """The name, with `_` behind it where Python or the generated file needs it."""
    hard_to_read = name in ("l", "O", "I")
    return f"{name}_" if keyword.iskeyword(name) or name in RESERVED or hard_to_read else name


def fresh(name: str, taken: Container[str]) -> str:
    """The name, numbered from 2 where it is taken."""
    name = usable(name)
    if name not in taken:
        return name
    number = 2
    while f"{name}{number}" in taken:
        number += 1
    return f"{name}{number}"


def camel(name: str) -> str:
    """`conv_transpose2d` -> `ConvTranspose2d`; `block1-0` -> `Block1_0`."""
    if "-" in name:
        return "_".join(camel(part) for part in name.split("-"))
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def attribute(name: str) -> bool:
    """Whether `self.name` can be written."""
    return name.isidentifier() and not keyword.iskeyword(name)
