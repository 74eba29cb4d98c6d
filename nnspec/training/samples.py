"""The samples that a trained model is used on: images, folders of them, tables and arrays."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from nnspec.recipe.definition import Field
from nnspec.recipe.plan import DataPlan
from nnspec.recipe.sources.base import IMAGES
from nnspec.training.errors import RunError
from nnspec.training.images import as_tensor, channels_of, open_image, read_image

#: a sample by name: its values by field, or what is wrong with it
Sample = tuple[str, dict[str, Tensor] | RunError]
#: one of its values
Value = tuple[str, Tensor | RunError]


def samples(inputs: Sequence[str], fields: Sequence[str], plan: DataPlan) -> Iterator[Sample]:
    """Of each of these files and folders the samples, with a value for each of the fields.

    Of several fields a file has an array for each (`.npz`), or each has files of its own: `image=scans/
    age=ages.npy`, the first with the first. RunError where they cannot belong together.
    """
    if len(fields) == 1:
        for name, value in _values(inputs, fields[0], plan):
            yield name, value if isinstance(value, RunError) else {fields[0]: value}
        return
    apart: dict[str, list[str]] = {name: [] for name in fields}
    for given in inputs:
        name, _, path = given.partition("=")
        if name in apart and path:
            apart[name].append(path)
        elif given.lower().endswith(".npz"):
            yield from _together({name: [given] for name in fields}, plan)
        else:
            each = " ".join(f"{name}=FILE" for name in fields)
            raise RunError(
                f"{given}: this model takes {', '.join(f'`{name}`' for name in fields)}",
                f"give an .npz with an array for each, or: {each}",
            )
    if any(apart.values()):
        missing = [name for name, paths in apart.items() if not paths]
        if missing:
            raise RunError(
                f"there is no file for {', '.join(f'`{name}`' for name in missing)}",
                " ".join(f"{name}=FILE" for name in missing),
            )
        yield from _together(apart, plan)


def _together(paths: dict[str, list[str]], plan: DataPlan) -> Iterator[Sample]:
    """The samples whose fields come from these files: the first with the first."""
    values = {name: list(_values(files, name, plan)) for name, files in paths.items()}
    wrong = [v for some in values.values() for _, v in some if isinstance(v, RunError)]
    counts = {name: len(some) for name, some in values.items()}
    if len(set(counts.values())) > 1:
        shown = ", ".join(f"{count} of `{name}`" for name, count in counts.items())
        raise wrong[0] if wrong else RunError(f"samples without all that they need: {shown}")
    for row in zip(*values.values(), strict=True):
        problem = next((value for _, value in row if isinstance(value, RunError)), None)
        whole = {
            name: value
            for name, (_, value) in zip(values, row, strict=True)
            if isinstance(value, Tensor)
        }
        yield row[0][0], problem if problem is not None else whole


def _values(inputs: Sequence[str], name: str, plan: DataPlan) -> Iterator[Value]:
    """The values of one field in these files and folders."""
    raw = plan.raw[name]
    split = next(reversed(plan.split))
    bound = [step for step in plan.transforms[name][split] if not step.definition.is_random]
    # whether the pipeline takes images of any size; and whether the data set makes them fit itself
    resized = bool(bound) and bound[0].definition.name in ("resize", "center_crop")
    fitted = plan.source.definition.fits_images
    for path in inputs:
        end = os.path.splitext(path)[1].lower()
        if end in (".npy", ".npz"):
            yield from _of_array(path, name, raw)
        elif end == ".csv" and raw.columns:
            yield from _of_table(path, raw)
        elif len(raw.shape) != 3:
            yield path, RunError(f"{path}: this model takes {raw}, from .npy, .npz or .csv files")
        elif os.path.isdir(path):
            files = _images_in(path)
            if not files:
                yield path, RunError(f"{path} has no images", f"they end in {', '.join(IMAGES)}")
            for file in files:
                yield _of_image(file, raw, resized, fitted)
        else:
            yield _of_image(path, raw, resized, fitted)


def _images_in(folder: str) -> list[str]:
    """The images of a folder and of those in it, by name."""
    found = []
    for place, inside, files in os.walk(folder):
        inside.sort()
        found += [os.path.join(place, f) for f in sorted(files) if f.lower().endswith(IMAGES)]
    return found


def _of_image(path: str, raw: Field, resized: bool, fitted: bool) -> Value:
    try:
        if fitted:
            return path, read_image(path, raw.shape[0], (raw.shape[1], raw.shape[2]))
        return path, _pixels(path, raw, resized)
    except RunError as problem:
        return path, problem


def _of_array(path: str, name: str, raw: Field) -> Iterator[Value]:
    """Rows of an array [samples, …]; of an archive, the array named as the field, or the only one."""
    import numpy

    try:
        found = numpy.load(path, allow_pickle=False)  # a pickle could run code
        if isinstance(found, numpy.lib.npyio.NpzFile):
            names = found.files
            chosen = name if name in names else names[0] if len(names) == 1 else None
            if chosen is None:
                message = f"{path} has no array `{name}`, but {', '.join(names)}"
                yield path, RunError(message)
                return
            found = found[chosen]
    except FileNotFoundError:
        yield path, RunError(f"{path}: no such file")
        return
    except (OSError, ValueError, EOFError) as error:
        # what is no array at all is taken for a pickle by NumPy, which then tells how to load one
        why = "it is none" if "pickle" in str(error) else str(error)
        yield path, RunError(f"{path} cannot be read as NumPy arrays: {why}")
        return
    if found.shape[1:] != raw.shape:
        shapes = f"{list(found.shape)}, not [samples, {', '.join(map(str, raw.shape))}]"
        yield path, RunError(f"the array in {path} is {shapes}")
        return
    if raw.dtype == "u8" and found.dtype != numpy.uint8:
        message = f"the array in {path} holds {found.dtype}, the model was trained on bytes"
        yield path, RunError(message, "give it as uint8, values 0 to 255")
        return
    if raw.dtype == "i64" and found.dtype.kind not in "iub":
        yield (
            path,
            RunError(f"the array in {path} holds {found.dtype}, the model takes whole numbers"),
        )
        return
    dtype = {"u8": torch.uint8, "i64": torch.int64, "bool": torch.bool}.get(
        raw.dtype, torch.float32
    )
    for number, row in enumerate(torch.from_numpy(found).to(dtype)):
        place = f"{path}:{number}"
        if (
            raw.classes is not None
            and row.numel()
            and not 0 <= row.min() <= row.max() < raw.classes
        ):
            yield (
                place,
                RunError(f"row {number} of {path} holds other than 0 to {raw.classes - 1}"),
            )
        else:
            yield place, row


def _of_table(path: str, raw: Field) -> Iterator[Value]:
    """Rows of a CSV file, which has the columns that the model was trained on, in any order."""
    import csv

    try:
        with open(path, newline="", encoding="utf-8-sig") as lines:
            rows = list(csv.DictReader(lines))
            names = {(name or "").strip(): name for name in rows[0]} if rows else {}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        yield path, RunError(f"{path} cannot be read as CSV: {error}")
        return
    missing = [name for name in raw.columns if name not in names]
    if missing:
        yield (
            path,
            RunError(f"{path} lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)}"),
        )
        return
    for number, row in enumerate(rows, 2):
        cells = [row[names[name]] for name in raw.columns]
        try:
            yield f"{path}:{number}", torch.tensor([float(cell) for cell in cells])
        except (TypeError, ValueError):
            yield f"{path}:{number}", RunError(f"row {number} of {path} holds other than numbers")


def _pixels(file: str, raw: Field, resized: bool) -> Tensor:
    """The image as the data set would have it. Only what is certain is converted: a grey picture that is
    stored as colour is grey; another size is fine where the pipeline begins with a resize."""
    image = open_image(file)
    channels, height, width = raw.shape
    have = channels_of(image)
    pixels = as_tensor(image, 3 if channels == 1 and have >= 3 else channels)
    if channels == 1 and have >= 3:
        if not (torch.equal(pixels[0], pixels[1]) and torch.equal(pixels[0], pixels[2])):
            raise RunError(
                f"{file} is in colour, and the model was trained on grey images (1 channel, not {have})",
                "convert it first, or put `grayscale()` into the data's pipeline and train on colour",
            )
        pixels = pixels[:1]
    elif channels == 3 and have == 1:
        raise RunError(
            f"{file} is grey, and the model was trained on colour images (3 channels, not 1)",
            "convert it to colour first",
        )
    if (image.height, image.width) != (height, width) and not resized:
        raise RunError(
            f"{file} is {image.height}x{image.width} pixels, and the model was trained on "
            f"{height}x{width}",
            f"resize it first, or begin the data's pipeline with `resize({height})`",
        )
    return pixels
