"""What a run folder tells of its run: the settings, a row for each epoch, which epoch was best.

`training/run.py` writes the folders and reads back what resuming needs, with PyTorch; this reads the
figures alone, of a run that goes on just as of one that has ended.
"""

from __future__ import annotations

import json
from pathlib import Path

from nnspec.recipe.metrics import ALL
from nnspec.targets import Unreadable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any


class RunLog:
    """A run folder, read. Raises Unreadable, with the file, where it is damaged."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        settings = _read_object(folder / "settings.json")
        try:
            self.model: str = settings["model"]
            #: the words of the command line
            self.words: dict[str, Any] = settings["overrides"]
            self.settings = dotted(settings["resolved"])
            self.epochs: int = settings["resolved"]["epochs"]
            metrics: list[str] = settings["resolved"]["metrics"]
        except (KeyError, TypeError, AttributeError):
            raise Unreadable(f"{folder / 'settings.json'} is damaged") from None
        #: the figure that decides which epoch is best, as the trainer has it
        self.monitor = metrics[0] if metrics else "loss"
        known = ALL.get(self.monitor.partition("(")[0])
        self.lower_is_better = known is None or not known.higher_is_better
        self.rows = _read_rows(folder / "metrics.jsonl")

    @property
    def name(self) -> str:
        """`LeNet/2026-11-28_10-55-31`: the model and the time, which are the folder's last two parts."""
        return "/".join(self.folder.absolute().parts[-2:])

    @property
    def seconds(self) -> float:
        """How long the epochs took together."""
        return sum((row["seconds"] for row in self.rows), 0.0)

    def best(self) -> dict[str, Any] | None:
        """The row of the best epoch; the first of equals, as the trainer keeps it."""
        key = f"val_{self.monitor}"
        choose = min if self.lower_is_better else max
        return choose((row for row in self.rows if key in row), key=lambda r: r[key], default=None)


def find_runs(paths: Sequence[str]) -> list[RunLog]:
    """The runs that are named, or lie in the folders that are named: those of a folder in order of time.

    Raises Unreadable where a folder is not there, holds no runs, or a run in it is damaged.
    """
    found: dict[Path, RunLog] = {}
    for words in paths:
        path = Path(words)
        if (path.parent / "settings.json").is_file():
            raise Unreadable(f"{words} is a part of a run: name its folder, {path.parent}")
        if path.is_file():
            raise Unreadable(f"{words} is a file, and a run is a folder")
        if not path.is_dir():
            raise Unreadable(f"{words}: no such folder")
        inside = [path] if (path / "settings.json").is_file() else _runs_below(path)
        if not inside:
            raise Unreadable(f"{words} holds no runs; `nnspec train` writes them")
        for folder in inside:
            found.setdefault(folder.absolute(), RunLog(folder))
    return list(found.values())


def _runs_below(path: Path) -> list[Path]:
    """Of `runs/` and of `runs/<model>/`."""
    files = [*path.glob("*/settings.json"), *path.glob("*/*/settings.json")]
    return sorted((file.parent for file in files), key=_time)


def _time(folder: Path) -> tuple[str, int, str]:
    """A folder is named by its time, and `_2` tells the second run of one second."""
    day, _, rest = folder.name.partition("_")
    clock, _, number = rest.partition("_")
    return f"{day}_{clock}", int(number) if number.isdecimal() else 1, str(folder)


def dotted(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings in settings under one name each: `optimizer.lr`."""
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        if isinstance(value, dict):
            flat.update({f"{name}.{inner}": v for inner, v in dotted(value).items()})
        else:
            flat[name] = list(value) if isinstance(value, tuple) else value
    return flat


def _read_object(file: Path) -> dict[str, Any]:
    value = _parse(file, _read(file))
    if not isinstance(value, dict):
        raise Unreadable(f"{file} is damaged")
    return value


def _read_rows(file: Path) -> list[dict[str, Any]]:
    """The lines of metrics.jsonl; none where no epoch has ended yet."""
    if not file.exists():
        return []
    rows = [_parse(file, line) for line in _read(file).splitlines()]
    if not all(isinstance(row, dict) and {"epoch", "seconds"} <= row.keys() for row in rows):
        raise Unreadable(f"{file} is damaged")
    return rows


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise Unreadable(f"{file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Unreadable(f"{file} is damaged") from None


def _parse(file: Path, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise Unreadable(f"{file} is damaged") from None
