"""Names and what they stand for: a chain of scopes, from a body out to its file and the builtins."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from nnspec.source import Span


class Scope:
    """A mapping of names, with the place where each was bound, and a scope around it."""

    __slots__ = ("names", "outer", "places")

    def __init__(self, outer: Scope | None = None) -> None:
        self.outer = outer
        self.names: dict[str, Any] = {}
        self.places: dict[str, Span] = {}

    def bind(self, name: str, value: Any, span: Span | None = None) -> None:
        self.names[name] = value
        if span is not None:
            self.places[name] = span

    def find(self, name: str) -> Scope | None:
        """The innermost scope that binds the name."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope
            scope = scope.outer
        return None

    def every_name(self) -> Iterator[str]:
        scope: Scope | None = self
        while scope is not None:
            yield from scope.names
            scope = scope.outer
