"""The options of a command as plain data, and a reader of words that are right.

Click's import costs as much as a whole check, and is needed only to help and to say what is wrong. So the
options of what people and editors run all day are data, which both read: `read` here, and click as
`clicked.py` tells it.
"""

from __future__ import annotations

from nnspec.records import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any


class Option(Record):
    """An option with one value, of `choices`, or an integer of at least `least`, or as `reads` takes it (a
    ValueError tells what is wrong, unless the value is empty); without one where it is a `flag`; with all
    its values at once where there may be `many`. `key` is what the command calls it.
    """

    name: str
    key: str
    help: str | None = None
    metavar: str | None = None
    reads: Callable[[Any], Any] | None = None
    choices: tuple[str, ...] = ()
    least: int | None = None
    most: int | None = None
    default: Any = None
    shows_default: bool = False
    flag: bool = False
    many: bool = False

    def value(self, given: Any) -> Any:
        """What a value stands for, as click has it; ValueError where it is none."""
        if self.flag:
            return given
        if self.reads is not None:
            return self.reads(given) if given else self.default
        if self.choices and given not in self.choices:
            raise ValueError
        if self.least is None:
            return given
        number = int(given)
        if number < self.least or (self.most is not None and number > self.most):
            raise ValueError
        return number


def read(words: Sequence[str], options: Sequence[Option]) -> dict[str, Any] | None:
    """The targets among the words, and the value of each option, by the names of the command's arguments.
    None where there are none, or a word is not understood, which click then does or tells."""
    known = {option.name: option for option in options}
    given: dict[str, Any] = {}
    targets: list[str] = []
    left = iter(words)
    for word in left:
        if not word.startswith("-") or word == "-":
            targets.append(word)
            continue
        name, equals, value = word.partition("=")
        option = known.get(name)
        if option is None or (option.flag and equals):
            return None
        if option.flag:
            given[name] = True
            continue
        taken = value if equals else next(left, None)
        if taken is None:
            return None
        given[name] = (*given.get(name, ()), taken) if option.many else taken
    try:
        values = {
            option.key: option.value(given[option.name]) if option.name in given else option.default
            for option in options
        }
    except ValueError:
        return None
    return {"targets": tuple(targets), **values} if targets else None
