"""Options that several commands have, and those of `check`."""

from __future__ import annotations

from nnspec.cli.words import Option
from nnspec.limits import DEFAULTS, parse_limits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


def _sizes(words: str) -> Mapping[str, int]:
    from nnspec.settings import parse_sizes

    return parse_sizes(words)


def _bytes(word: str) -> int:
    from nnspec.report.units import of_bytes

    return of_bytes(word)


SIZES = Option("--sizes", "sizes", "Numbers in place of symbols.", "H=224,W=224", _sizes)

LIMIT = Option(
    "--limit",
    "limits",
    "Raise a limit, such as layers=200000; repeatable.",
    "NAME=N",
    parse_limits,
    default=DEFAULTS,
    many=True,
)

ALLOW_EXTERN = Option(
    "--allow-extern",
    "allow_extern",
    "Let the spec's externs import their Python classes, which runs their code.",
    flag=True,
    default=False,
)

CHECK = (
    SIZES,
    Option(
        "--mode",
        "mode",
        "The sizes of one mode alone; without it those of both.",
        choices=("training", "evaluation"),
    ),
    Option("--nearest", "nearest", "Tell the nearest sizes that a model takes.", "H=225"),
    Option(
        "--format",
        "format_name",
        choices=("text", "json", "sarif", "github"),
        default="text",
        shows_default=True,
    ),
    Option(
        "--depth", "depth", "Levels of the tree to show; the totals stay.", least=1, most=1000
    ),
    Option("--devices", "devices", "Foretell what each holds in training.", least=1),
    Option(
        "--memory", "memory", "What each device has; says whether it fits.", "80GB", reads=_bytes
    ),
    Option(
        "--strategy",
        "strategy",
        "Each holds the model, or a part of it.",
        choices=("ddp", "fsdp"),
    ),
    Option(
        "--batch-size",
        "batch_size",
        "Samples of a batch, of all devices together.",
        least=1,
    ),
    Option(
        "--precision",
        "precision",
        "Of the computation in training.",
        choices=("float32", "tf32", "bf16", "fp16"),
    ),
    LIMIT,
    Option("--strict", "strict", "Exit with 1 where there are warnings, too.", flag=True, default=False),
)  # fmt: skip
