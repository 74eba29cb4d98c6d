"""Small frozen classes without the start-up cost of `dataclasses`.

Importing `dataclasses` and building forty classes with it costs more than half of what a whole
`nnspec check` may take. `Record` gives the part that nnspec uses: fields from annotations, defaults,
slots, keyword construction, equality and a readable `repr`. The `__init__` of a class is made with
its first instance, so a class that is never used costs nothing. That fields are never set again
is for the type checker to see: a guard at run time makes a record three times as dear, and a long spec
has a million.
"""

from __future__ import annotations

from types import FunctionType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType
    from typing import Any, ClassVar, TypeVar, dataclass_transform

    RecordT = TypeVar("RecordT", bound="Record")
else:

    def dataclass_transform(**_options: object):
        return lambda cls: cls


#: by the number of fields
_codes: dict[int, CodeType] = {}


@dataclass_transform(frozen_default=True)
class _RecordType(type):
    def __new__(
        mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: Any
    ) -> type:
        own = [
            field for field in namespace.get("__annotations__", {}) if not field.startswith("__")
        ]
        inherited: tuple[str, ...] = ()
        defaults: dict[str, Any] = {}
        for base in bases:
            inherited += getattr(base, "_fields", ())
            defaults.update(getattr(base, "_defaults", {}))
        for field in own:
            if field in namespace:
                defaults[field] = namespace.pop(field)
        namespace["__slots__"] = tuple(own)
        namespace["_fields"] = inherited + tuple(own)
        namespace["_defaults"] = defaults
        if "__init__" not in namespace:
            namespace["__init__"] = _first_init
        return super().__new__(mcs, name, bases, namespace, **options)


def _first_init(self: Any, *args: Any, **kwargs: Any) -> None:
    """Make the real `__init__` of this class, then run it."""
    cls = type(self)
    code = _code(len(cls._fields)).replace(co_varnames=("self", *cls._fields), co_names=cls._fields)
    defaults = tuple(cls._defaults[field] for field in cls._fields if field in cls._defaults)
    cls.__init__ = init = FunctionType(code, {}, "__init__", defaults)
    init(self, *args, **kwargs)


def _code(count: int) -> CodeType:
    """What sets that many fields, compiled once: a class has but to put its own names in it."""
    if count not in _codes:
        names = [f"a{number}" for number in range(count)]
        lines = [f" self.{name} = {name}" for name in names] or [" pass"]
        scope: dict[str, Any] = {}
        exec("\n".join([f"def init({', '.join(['self', *names])}):", *lines]), scope)
        _codes[count] = scope["init"].__code__
    return _codes[count]


class Record(metaclass=_RecordType):
    """A frozen value with named fields, declared as annotations (see the module's docstring)."""

    if TYPE_CHECKING:
        _fields: ClassVar[tuple[str, ...]]
        _defaults: ClassVar[dict[str, Any]]

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(getattr(self, f) == getattr(other, f) for f in self._fields)

    def __hash__(self) -> int:
        return hash((type(self), *(getattr(self, f) for f in self._fields)))

    def __repr__(self) -> str:
        fields = ", ".join(f"{f}={getattr(self, f)!r}" for f in self._fields)
        return f"{type(self).__name__}({fields})"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), tuple(getattr(self, f) for f in self._fields)


def replace(record: RecordT, **changes: Any) -> RecordT:
    """A copy of `record` with some fields changed."""
    return type(record)(**{f: changes.get(f, getattr(record, f)) for f in record._fields})
