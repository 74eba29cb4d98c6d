"""Labels, and the paths that layers get in the state dict."""

from __future__ import annotations

from nnspec.diagnostics import Failure, Label
from nnspec.elaborate.session import fail
from nnspec.elaborate.values import LabelName
from nnspec.syntax.fields import fields
from nnspec.syntax.tree import String

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from nnspec.source import Span
    from nnspec.syntax.tree import Expr, LabelPath


#: what every `nn.Module` has under a name of its own: no layer or parameter can be called so
OF_MODULES = frozenset((
    "T_destination", "_apply", "_backward_hooks", "_backward_pre_hooks", "_buffers", "_call_impl",
    "_compiled_call_impl", "_forward_hooks", "_forward_hooks_always_called",
    "_forward_hooks_with_kwargs", "_forward_pre_hooks", "_forward_pre_hooks_with_kwargs",
    "_get_backward_hooks", "_get_backward_pre_hooks", "_get_name", "_is_full_backward_hook",
    "_load_from_state_dict", "_load_state_dict_post_hooks", "_load_state_dict_pre_hooks",
    "_maybe_warn_non_full_backward_hook", "_modules", "_named_members", "_non_persistent_buffers_set",
    "_parameters", "_register_load_state_dict_pre_hook", "_register_state_dict_hook",
    "_replicate_for_data_parallel", "_save_to_state_dict", "_slow_forward", "_state_dict_hooks",
    "_state_dict_pre_hooks", "_version", "_wrapped_call_impl", "add_module", "apply", "bfloat16",
    "buffers", "call_super_init", "children", "compile", "cpu", "cuda", "double", "dump_patches",
    "eval", "extra_repr", "float", "forward", "get_buffer", "get_extra_state", "get_parameter",
    "get_submodule", "half", "ipu", "load_state_dict", "modules", "mtia", "named_buffers",
    "named_children", "named_modules", "named_parameters", "parameters", "register_backward_hook",
    "register_buffer", "register_forward_hook", "register_forward_pre_hook",
    "register_full_backward_hook", "register_full_backward_pre_hook",
    "register_load_state_dict_post_hook", "register_load_state_dict_pre_hook", "register_module",
    "register_parameter", "register_state_dict_post_hook", "register_state_dict_pre_hook",
    "requires_grad_", "set_extra_state", "set_submodule", "share_memory", "state_dict", "to",
    "to_empty", "train", "training", "type", "xpu", "zero_grad",
))  # fmt: skip
#: and what its containers have besides: no layer in one can be called so
OF_CONTAINERS = frozenset((
    "_get_item_by_idx", "append", "clear", "extend", "insert", "items", "keys", "pop", "update",
    "values",
))  # fmt: skip


def evaluate_label(label: LabelPath, evaluate: Callable[[Expr], Any]) -> LabelName:
    """`layers[i]` -> ("layers", "0"); `"layer{i + 1}"` -> ("layer1",)."""
    path: list[str] = []
    for part in label.parts:
        if isinstance(part, str):
            path.append(part)
            continue
        if isinstance(part, String):
            path.extend(_interpolate(part, evaluate).split("."))
        else:
            index = evaluate(part)
            if not isinstance(index, (int, str)) or isinstance(index, bool):
                fail("NN202", "an index in a label is an integer or a string", part.span)
            path.append(str(index))
    for name in path:
        if not name or not all(c.isalnum() or c in "_-" for c in name):
            fail(
                "NN202",
                f'"{name}" cannot be part of a label',
                label.span,
                help="letters, digits, `_` and `-`, joined by dots",
            )
    return LabelName(tuple(path), label.span)


def _interpolate(string: String, evaluate: Callable[[Expr], Any]) -> str:
    """The text of a string with each `{expression}` in it replaced by its value."""
    pieces, problems = fields(string)
    if problems:
        raise Failure(problems[0])
    text = ""
    for piece in pieces:
        if isinstance(piece, str):
            text += piece
            continue
        value = evaluate(piece)
        if not isinstance(value, (int, str)):
            fail("NN202", "a field of a label is an integer or a string", piece.span)
        text += str(value)
    return text


class Paths:
    """The names taken in one body or composed layer."""

    __slots__ = ("containers", "counts", "taken")

    def __init__(self) -> None:
        self.taken: dict[tuple[str, ...], Span] = {}
        self.containers: dict[tuple[str, ...], Span] = {}
        self.counts: dict[str, int] = {}

    def take(self, path: tuple[str, ...], span: Span) -> None:
        """Reserve a path; NN201 if it is another layer's, lies inside one, or holds some; NN221 if PyTorch
        has something else under that name."""
        for at, name in enumerate(path):
            if name in OF_MODULES or (at and name in OF_CONTAINERS):
                holder = "container of layers" if at else "module"
                fail(
                    "NN221",
                    f"nothing can be called `{name}` here: every {holder} of PyTorch has that already",
                    span,
                    help=f"another name, such as `{name}_`",
                )
        other = self.taken.get(path) or self.containers.get(path)
        for end in range(1, len(path)):
            other = other or self.taken.get(path[:end])
        if other is not None:
            fail(
                "NN201",
                f"two layers are named `{'.'.join(path)}`",
                span,
                label="the second",
                labels=(Label(other, "the first"),),
                help=f"number them, `{path[-1]}[0]` and `{path[-1]}[1]`; "
                "to use the same weights twice declare it once: "
                f"`layer {path[-1]} = …`",
            )
        self.taken[path] = span
        for end in range(1, len(path)):
            self.containers.setdefault(path[:end], span)

    def count(self, name: str, copies: int = 1) -> int:
        """The number of the next unlabelled layer of this name, from 1; `copies` are reserved."""
        number = self.counts.get(name, 0) + 1
        self.counts[name] = number + copies - 1
        return number

    def release(self, path: tuple[str, ...]) -> None:
        """Give a path back: the next use of a declared layer takes it again."""
        self.taken.pop(path, None)
