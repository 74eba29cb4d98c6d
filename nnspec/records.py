"""Small frozen classes without the start-up cost of `dataclasses`.

Importing `dataclasses` and building forty classes with it costs more than half of what a whole
`nnspec check` may take. `Record` gives the part that nnspec uses: fields from annotations, defaults,
slots, keyword construction, equality and a readable `repr`. The `__init__` of a class is compiled when
its first instance is made, so a class that is never used costs nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar, TypeVar, dataclass_transform

    RecordT = TypeVar("RecordT", bound="Record")
else:

    def dataclass_transform(**_options: object):
        return lambda cls: cls


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
    """Compile the real `__init__` of this class, then run it."""
    cls = type(self)
    parameters: list[str] = []
    lines: list[str] = []
    for number, field in enumerate(cls._fields):
        default = f"=_defaults[{field!r}]" if field in cls._defaults else ""
        parameters.append(field + default)
        lines.append(f" _set{number}(self, {field})")
    scope: dict[str, Any] = {"_defaults": cls._defaults}
    for number, field in enumerate(cls._fields):
        scope[f"_set{number}"] = _descriptor(cls, field).__set__
    exec(f"def __init__(self, {', '.join(parameters)}):\n" + ("\n".join(lines) or " pass"), scope)
    type.__setattr__(cls, "__init__", scope["__init__"])
    scope["__init__"](self, *args, **kwargs)


def _descriptor(cls: Any, field: str) -> Any:
    for base in cls.__mro__:
        if field in base.__dict__.get("__slots__", ()):
            return base.__dict__[field]
    raise AttributeError(field)


class Record(metaclass=_RecordType):
    """A frozen value with named fields, declared as annotations (see the module's docstring)."""

    if TYPE_CHECKING:
        _fields: ClassVar[tuple[str, ...]]
        _defaults: ClassVar[dict[str, Any]]

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen: {name} cannot be set")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen: {name} cannot be deleted")

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
