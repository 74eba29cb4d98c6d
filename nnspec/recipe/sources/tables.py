"""Tables and arrays: CSV, Parquet, NumPy's npz."""

from __future__ import annotations

from nnspec.diagnostics import Mismatch, nearest
from nnspec.operators.definition import REQUIRED, Setting
from nnspec.recipe.definition import Field
from nnspec.recipe.sources.base import Source, classes, found

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    #: the cells of each column, as text, numbers or None, by its name
    Columns = dict[str, list[Any]]

    from nnspec.recipe.sources.base import Samples

#: NumPy's names of dtypes -> the language's; what it has no name for is widened
DTYPES = {
    "uint8": "u8", "float32": "f32", "float64": "f32", "float16": "f32", "bool": "bool",
    "int64": "i64", "int32": "i64", "int16": "i64", "int8": "i64", "uint16": "i64", "uint32": "i64",
}  # fmt: skip


class _Table(Source):
    """A table with a row for each sample: `features`, its numbers, and the target under its own name, a
    class where it is text or whole numbers, else a number."""

    settings = (
        Setting("path", "str", doc="the file"),
        Setting("target", "str", REQUIRED, doc="the column to be foretold"),
        Setting("leave_out", "list", (), doc="columns that are no features"),
        Setting("kind", "str|none", None, choices=("class", "number"), doc="what the target is"),
    )

    def columns(self, file: str) -> Columns:
        """Mismatch NN506 where the file is no such table."""
        raise NotImplementedError

    def fields(self, settings: dict[str, Any], root: str) -> dict[str, Field]:
        columns = self._columns(settings, root)
        target, features = settings["target"], self._features(columns, settings)
        names = _classes_of(columns[target], settings["kind"])
        name = target if target.isidentifier() and target != "features" else "target"
        field = Field("f32", ()) if names is None else classes(len(names), names)
        return {"features": Field("f32", (len(features),), columns=tuple(features)), name: field}

    def load(self, settings: dict[str, Any], root: str) -> Samples:
        import torch

        columns = self._columns(settings, root)
        target, features = settings["target"], self._features(columns, settings)
        names = _classes_of(columns[target], settings["kind"])
        numbers = [[float(cell) for cell in columns[name]] for name in features]
        table = torch.tensor(numbers, dtype=torch.float32).T.contiguous()
        (_, field) = self.fields(settings, root)
        if names is None:
            goal = torch.tensor([float(cell) for cell in columns[target]], dtype=torch.float32)
        else:
            number = {name: i for i, name in enumerate(names)}
            goal = torch.tensor([number[_name(cell)] for cell in columns[target]])
        return {"features": table, field: goal}

    def _columns(self, settings: dict[str, Any], root: str) -> Columns:
        file = found(settings["path"], root)
        columns = self.columns(file)
        for name in (settings["target"], *settings["leave_out"]):
            if name not in columns:
                close = nearest(str(name), columns)
                raise Mismatch(
                    "NN506",
                    f"{settings['path']} has no column `{name}`",
                    argument="target" if name == settings["target"] else "leave_out",
                    help=f"did you mean `{close}`?"
                    if close
                    else f"it has {', '.join(list(columns)[:20])}",
                )
        if not columns[settings["target"]]:
            raise Mismatch("NN506", f"{settings['path']} has no rows", argument="path")
        return columns

    @staticmethod
    def _features(columns: Columns, settings: dict[str, Any]) -> list[str]:
        out = (settings["target"], *settings["leave_out"])
        kept = [name for name in columns if name not in out]
        for name in kept:
            for number, cell in enumerate(columns[name], 2):
                if not _is_number(cell):
                    empty = cell is None or cell == ""
                    raise Mismatch(
                        "NN506",
                        f"row {number} of {settings['path']}: "
                        + (f"`{name}` is empty" if empty else f"`{name}` is {cell!r}, no number"),
                        argument="path",
                        help=f'leave the column out: leave_out=["{name}"]',
                    )
        if not kept:
            raise Mismatch("NN506", f"{settings['path']} has no features", argument="path")
        return kept


def _is_number(cell: Any) -> bool:
    try:
        float(cell)
    except (TypeError, ValueError):
        return False
    return True


def _name(cell: Any) -> str:
    """How a class is called: `2` also where a table has it as 2.0."""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def _classes_of(cells: list[Any], kind: str | None) -> tuple[str, ...] | None:
    """The names of the classes in order; None where the cells are numbers to be foretold."""
    numbers = all(_is_number(cell) for cell in cells)
    if kind == "number" and not numbers:
        raise Mismatch("NN506", "the target is no number in every row", argument="kind")
    names = {_name(cell) for cell in cells}
    whole = numbers and all(name.lstrip("+-").isdigit() for name in names)
    if kind == "number" or (kind is None and numbers and not whole):
        return None
    return tuple(sorted(names, key=int) if whole else sorted(names))


class Csv(_Table):
    """A table as comma-separated text; its first line names the columns."""

    name = "csv"

    def columns(self, file: str) -> Columns:
        import csv

        try:
            with open(file, newline="", encoding="utf-8-sig") as lines:
                rows = csv.reader(lines)
                names = [name.strip() for name in next(rows, [])]
                table = [[cell.strip() for cell in row] for row in rows if row]
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise Mismatch("NN506", f"{file} cannot be read as CSV: {error}") from None
        for number, row in enumerate(table, 2):
            if len(row) != len(names):
                raise Mismatch(
                    "NN506",
                    f"row {number} of {file} has {len(row)} cells, the first line {len(names)}",
                    argument="path",
                )
        return {name: [row[i] for row in table] for i, name in enumerate(names)}


class Parquet(_Table):
    """A table in Apache Parquet; pyarrow reads it."""

    name = "parquet"

    def columns(self, file: str) -> Columns:
        try:
            from pyarrow import ArrowException, parquet
        except ImportError:
            raise Mismatch(
                "NN506",
                "parquet() needs pyarrow, which is not installed",
                help="pip install pyarrow",
            ) from None
        try:
            found: Columns = parquet.read_table(file).to_pydict()
        except (ArrowException, OSError) as error:
            raise Mismatch("NN506", f"{file} cannot be read as Parquet: {error}") from None
        return found


class Npz(Source):
    """Arrays of NumPy's `savez`: each is a field, its first dimension is over the samples. `classes` says
    of which fields the numbers are classes: `[label: 10]`."""

    name = "npz"
    settings = (
        Setting("path", "str", doc="the file"),
        Setting("classes", "any", None, doc="number of classes of the fields that are classes"),
    )

    def fields(self, settings: dict[str, Any], root: str) -> dict[str, Field]:
        arrays = self._arrays(settings, root)
        given = settings["classes"] or {}
        if not isinstance(given, dict) or not all(isinstance(n, int) for n in given.values()):
            raise Mismatch("NN205", "`classes` is written `[label: 10]`", argument="classes")
        for name in given:
            if name not in arrays:
                raise Mismatch(
                    "NN506",
                    f"{settings['path']} has no array `{name}`",
                    argument="classes",
                    help=f"it has {', '.join(arrays)}",
                )
        fields = {}
        counts = {name: len(array) for name, array in arrays.items() if array.ndim}
        if len(set(counts.values())) != 1 or len(counts) != len(arrays):
            shown = ", ".join(f"{name} {list(a.shape)}" for name, a in arrays.items())
            raise Mismatch(
                "NN506", f"the arrays differ in their number of samples: {shown}", argument="path"
            )
        for name, array in arrays.items():
            if name in given:
                if array.dtype.kind not in "iu" or array.min() < 0 or array.max() >= given[name]:
                    raise Mismatch(
                        "NN506",
                        f"`{name}` holds other things than classes 0 to {given[name] - 1}",
                        argument="classes",
                    )
                fields[name] = classes(given[name], (), array.shape[1:])
                continue
            dtype = DTYPES.get(array.dtype.name)
            if dtype is None:
                raise Mismatch("NN506", f"`{name}` is of dtype {array.dtype}, which has no tensor")
            fields[name] = Field(dtype, tuple(array.shape[1:]))
        return fields

    def load(self, settings: dict[str, Any], root: str) -> Samples:
        import numpy
        import torch

        fields, arrays = self.fields(settings, root), self._arrays(settings, root)
        kinds = {"u8": "uint8", "f32": "float32", "i64": "int64", "bool": "bool"}
        return {
            name: torch.from_numpy(numpy.ascontiguousarray(a, dtype=kinds[fields[name].dtype]))
            for name, a in arrays.items()
        }

    def _arrays(self, settings: dict[str, Any], root: str) -> dict[str, Any]:
        file = found(settings["path"], root)
        from zipfile import BadZipFile

        try:
            import numpy
        except ImportError:
            raise Mismatch(
                "NN506", "npz() needs NumPy", help='pip install "nnspec[train]"'
            ) from None
        try:
            with numpy.load(file, allow_pickle=False) as archive:  # a pickle could run code
                return {name: archive[name] for name in archive.files}
        except (OSError, ValueError, BadZipFile, AttributeError, TypeError) as error:
            raise Mismatch(
                "NN506",
                f"{file} cannot be read as npz: {error}",
                help="write it with numpy.savez(file, image=…, label=…)",
            ) from None


OWN = (Csv, Parquet, Npz)
