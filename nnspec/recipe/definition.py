"""The base of all recipes, and what is known of a field of a data set."""

from __future__ import annotations

from nnspec.operators.binding import bind_settings
from nnspec.records import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any, ClassVar, TypeVar

    from nnspec.operators.definition import Setting

    RecipeT = TypeVar("RecipeT", bound="Recipe")


class Field(Record):
    """A field of a data set: dtype and shape of one sample.

    `classes` is the number of classes where the field is a class number, `class_names` their names where
    the source knows them. `columns` are the names of the numbers of a sample that is the row of a table.
    """

    dtype: str
    shape: tuple[int, ...]
    classes: int | None = None
    class_names: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.classes is not None:
            sizes = f"[{', '.join(map(str, self.shape))}]" if self.shape else ""
            return f"class({self.classes}){sizes}"
        return f"{self.dtype}[{', '.join(str(size) for size in self.shape)}]"


class Recipe:
    """A name of data and train parts. Subclasses say what it means; see each kind's file."""

    name: ClassVar[str]
    settings: ClassVar[tuple[Setting, ...]] = ()

    def bind(self, positional: Sequence[Any], keyword: Mapping[str, Any]) -> dict[str, Any]:
        """The value of each setting. Raises Mismatch NN203 to NN207."""
        return bind_settings(self.name, self.settings, positional, keyword)


def by_name(classes: Iterable[type[RecipeT]]) -> dict[str, RecipeT]:
    """One instance of each class under its name."""
    return {recipe.name: recipe() for recipe in classes}


class Bound(Record):
    """A definition with its settings: `adamw(lr=3e-3)`."""

    definition: Any
    settings: dict[str, Any]

    def __str__(self) -> str:
        from nnspec.operators.binding import show

        changed = [
            f"{s.name}={show(self.settings[s.name])}"
            for s in self.definition.settings
            if self.settings[s.name] != s.default
        ]
        return f"{self.definition.name}({', '.join(changed)})" if changed else self.definition.name
