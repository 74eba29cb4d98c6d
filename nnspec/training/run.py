"""The run folder: what a run leaves behind, and everything that resuming or using it needs.

```
runs/<model>/<time>/spec.nn          the spec as it was
                    imports.json     the files that it imports, as they were: name -> text
                    settings.json    the settings as resolved
                    metrics.jsonl    a line for each epoch; metrics.csv is the same as a table
                    events.out...    the same for TensorBoard
                    last/, best/     model.safetensors, state.safetensors, state.json
                    summary.json     how it ended
```

Every file is written whole or not at all: to a neighbour first, then renamed. Nothing is pickled, so an
untrusted folder cannot run code; what is read back is validated.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from nnspec.training.errors import RunError
from nnspec.training.state import State

#: the folder of a checkpoint that holds what processes had a part of each
SHARDS = "shards"

T = TypeVar("T")


@dataclass(kw_only=True)
class Settings:
    """settings.json: the model and the words of the command line, from which the run is made again."""

    __pydantic_config__: ClassVar = {"extra": "forbid"}

    format: int = 1
    model: str
    train: int
    overrides: dict[str, Any]
    root: str
    source_name: str
    resolved: dict[str, Any]


#: imports.json: the name of each file that the spec imports, and its text
Imports = dict[str, str]


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that a reader sees the old one or the new one, never half of it."""
    neighbour = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(neighbour, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(neighbour, path)
    except OSError as error:
        neighbour.unlink(missing_ok=True)
        raise RunError(f"{path} cannot be written: {error.strerror}") from None


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file, whole."""
    write_whole(path, (json.dumps(value, indent=2) + "\n").encode())


def save_tensors(path: Path, tensors: dict[str, Tensor]) -> None:
    """A safetensors file, written whole. Tensors that share memory are copied apart."""
    neighbour = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        save_file({k: v.detach().cpu().contiguous().clone() for k, v in tensors.items()}, neighbour)
        with open(neighbour, "rb") as file:
            os.fsync(file.fileno())
        os.replace(neighbour, path)
    except OSError as error:
        neighbour.unlink(missing_ok=True)
        raise RunError(f"{path} cannot be written: {error.strerror or error}") from None
    except SafetensorError as error:
        neighbour.unlink(missing_ok=True)
        raise RunError(f"{path} cannot be written: {error}") from None


class Run:
    """A run folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def new(cls, parent: Path, model: str) -> Run:
        """A new folder under runs/<model>/, named by the time."""
        stamp = datetime.now().strftime("%Y-%m-%d_%H-%M-%S")
        for number in range(1, 1000):
            folder = parent / model / (stamp if number == 1 else f"{stamp}_{number}")
            try:
                folder.mkdir(parents=True)
            except FileExistsError:
                continue
            except OSError as error:
                raise RunError(f"{folder} cannot be made: {error.strerror}") from None
            return cls(folder)
        raise RunError(f"{parent / model} is full of runs of this second")

    @classmethod
    def open(cls, folder: str) -> Run:
        """An existing run folder. RunError where this is none, with the nearest that is."""
        path = Path(folder)
        if (path / "settings.json").is_file():
            return cls(path)
        inside = [*path.glob("*/settings.json"), *path.glob("*/*/settings.json")]
        if inside:
            raise RunError(f"{folder} is a folder of runs: name one of them", _latest(inside))
        if (path.parent / "settings.json").is_file():
            raise RunError(f"{folder} is a part of a run: name its folder, {path.parent}")
        latest = _latest([*Path("runs").glob("*/*/settings.json")])
        if not path.exists():
            raise RunError(f"{folder}: no such run", latest)
        if path.is_file():
            raise RunError(f"{folder} is a file, and a run is a folder", latest)
        raise RunError(f"{folder} is not a run folder: it has no settings.json", latest)

    # -- written once -----------------------------------------------------------------------------------

    def begin(self, spec: str, imports: dict[str, str], settings: Settings) -> None:
        write_whole(self.folder / "spec.nn", spec.encode())
        if imports:
            write_json(self.folder / "imports.json", imports)
        self.settle(settings)

    def settle(self, settings: Settings) -> None:
        """Write the settings, or what they have become."""
        write_json(self.folder / "settings.json", vars(settings))

    def finish(self, summary: dict[str, Any]) -> None:
        write_json(self.folder / "summary.json", summary)

    # -- written each epoch -----------------------------------------------------------------------------

    def record(self, row: dict[str, Any]) -> None:
        """Add a line to metrics.jsonl and metrics.csv, in place of what is there from that epoch on."""
        rows = [old for old in self.metrics() if old["epoch"] < row["epoch"]]
        text = "".join(json.dumps(line) + "\n" for line in [*rows, row])
        write_whole(self.folder / "metrics.jsonl", text.encode())
        names = list(dict.fromkeys(name for line in [*rows, row] for name in line))
        table = io.StringIO()
        writer = csv.DictWriter(table, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows([*rows, row])
        write_whole(self.folder / "metrics.csv", table.getvalue().encode())

    def metrics(self) -> list[dict[str, Any]]:
        """The lines of metrics.jsonl."""
        file = self.folder / "metrics.jsonl"
        if not file.exists():
            return []
        try:
            return [json.loads(line) for line in file.read_text().splitlines()]
        except ValueError:
            raise RunError(f"{file} is damaged") from None

    def save(
        self,
        which: str,
        weights: dict[str, Tensor],
        tensors: dict[str, Tensor],
        state: State,
        add: Callable[[Path], None] | None = None,
    ) -> None:
        """A checkpoint: made beside the old one, then put in its place. `add` writes what else belongs in its
        folder."""
        final, old = self.folder / which, self.folder / f".{which}.old"
        fresh = self.fresh(which)
        self._recover(which)
        _remove(fresh)
        try:
            fresh.mkdir()
        except OSError as error:
            raise RunError(f"{fresh} cannot be made: {error.strerror}") from None
        try:
            save_tensors(fresh / "model.safetensors", weights)
            save_tensors(fresh / "state.safetensors", tensors)
            write_json(fresh / "state.json", vars(state))
            if add is not None:
                add(fresh)
        except RunError:
            _remove(fresh)  # what there is of it takes room on a full disk
            raise
        if final.exists():
            os.replace(final, old)
        os.replace(fresh, final)
        _remove(old)

    def fresh(self, which: str) -> Path:
        """Where a checkpoint is made, before it is put in its place."""
        return self.folder / f".{which}.new"

    def _recover(self, which: str) -> None:
        """Put a checkpoint back where a process was killed between moving it away and the next one in."""
        final, old = self.folder / which, self.folder / f".{which}.old"
        if final.exists():
            _remove(old)
        elif old.exists():
            os.replace(old, final)

    # -- read back --------------------------------------------------------------------------------------

    @property
    def spec(self) -> str:
        try:
            return (self.folder / "spec.nn").read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            raise RunError(f"{self.folder} has lost its spec.nn") from None

    @property
    def imports(self) -> dict[str, str]:
        """The texts of the files that the spec imports, as they were."""
        file = self.folder / "imports.json"
        return _validated(Imports, file) if file.exists() else {}

    @property
    def settings(self) -> Settings:
        return _validated(Settings, self.folder / "settings.json")

    def checkpoint(self, which: str) -> Path:
        """The folder of a checkpoint, also where a run was killed between two renames."""
        for name in (which, f".{which}.old"):
            if (self.folder / name / "state.json").is_file():
                return self.folder / name
        raise RunError(f"{self.folder} has no checkpoint `{which}` yet", "no epoch was finished")

    def weights(self, which: str) -> dict[str, Tensor]:
        return read_tensors(self.checkpoint(which) / "model.safetensors")

    def state(self, which: str) -> tuple[State, dict[str, Tensor]]:
        folder = self.checkpoint(which)
        return _validated(State, folder / "state.json"), read_tensors(folder / "state.safetensors")


class Onlooker(Run):
    """The run folder for a process that does not lead: of a checkpoint it writes its parts, else nothing."""

    def begin(self, spec: str, imports: dict[str, str], settings: Settings) -> None:
        pass

    def settle(self, settings: Settings) -> None:
        pass

    def finish(self, summary: dict[str, Any]) -> None:
        pass

    def record(self, row: dict[str, Any]) -> None:
        pass

    def save(
        self,
        which: str,
        weights: dict[str, Tensor],
        tensors: dict[str, Tensor],
        state: State,
        add: Callable[[Path], None] | None = None,
    ) -> None:
        if add is not None:
            add(self.fresh(which))


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)


def read_tensors(path: Path | str) -> dict[str, Tensor]:
    """The tensors of a safetensors file. RunError where it cannot be read."""
    try:
        tensors: dict[str, Tensor] = load_file(path)
    except (OSError, SafetensorError) as error:
        raise RunError(f"{path} cannot be read: {error}") from None
    return tensors


def _validated(kind: type[T], path: Path) -> T:
    # only what reads a run back waits for pydantic
    from pydantic import TypeAdapter, ValidationError

    try:
        return TypeAdapter(kind).validate_json(path.read_bytes())
    except OSError as error:
        raise RunError(f"{path} cannot be read: {error.strerror}") from None
    except ValidationError as error:
        reason = re.sub(r"\s+", " ", str(error).partition("For further")[0])
        raise RunError(f"{path} is damaged: {reason}") from None


def _latest(settings: list[Path]) -> str:
    """The run that was started last, whichever model it is of; nothing where there is none."""
    if not settings:
        return ""
    return f"the latest is {max((file.parent for file in settings), key=lambda run: run.name)}"
