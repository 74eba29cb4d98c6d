"""Using a trained model on images, folders of them, tables and arrays, in batches."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator

import torch
from torch import Tensor

from nnspec.recipe.definition import Field
from nnspec.recipe.plan import TrainPlan
from nnspec.recipe.sources.base import IMAGES
from nnspec.training.data import Step, apply
from nnspec.training.drawing import as_pictures
from nnspec.training.errors import RunError
from nnspec.training.images import as_tensor, channels_of, open_image, read_image
from nnspec.training.start import Job, restore


class Prediction:
    """What the model says of one sample: classes with their probabilities, best first; or numbers, where it
    foretells those; or the problem. `file` names it, with the row in a table or array: `data.csv:3`.
    `picture` is the output where that is one: u8[channels, H, W]."""

    def __init__(
        self,
        file: str,
        classes: list[tuple[str, float]] | None = None,
        problem: RunError | None = None,
        numbers: list[float] | None = None,
        picture: Tensor | None = None,
    ) -> None:
        self.file, self.problem = file, problem
        self.classes, self.numbers = classes or [], numbers or []
        self.picture = picture


#: a sample by name, or what is wrong with it
Sample = tuple[str, Tensor | RunError]
#: the outputs by name, of a batch of the model's input
Model = Callable[[Tensor], dict[str, Tensor]]


def predict(
    folder: str,
    inputs: list[str],
    device: str | None = None,
    allow_extern: bool = False,
    onnx: str | None = None,
) -> list[Prediction]:
    """What the model of a run says of each sample in these files and folders.

    A sample that cannot be used has its problem in place of a prediction. `onnx` is a file made by
    `nnspec export` that computes in place of PyTorch.
    """
    run, job = restore(folder, device, allow_extern)
    plan = job.plan
    if len(plan.inputs) != 1:
        raise RunError(f"this model has {len(plan.inputs)} inputs; predict gives it one")
    (field,) = plan.inputs.values()
    if onnx is None:
        model, _ = job.build()
        model.load_state_dict(job.weights(run))
        outputs = of_module(model.eval(), plan)
    else:
        outputs = of_onnx(onnx, plan)
    split = next(reversed(plan.data.split))
    bound = [s for s in plan.data.transforms[field][split] if not s.definition.is_random]
    resized = bool(bound) and bound[0].definition.name in ("resize", "center_crop")
    fitted = plan.data.source.definition.fits_images
    steps = [step.definition.build(step.settings) for step in bound]
    read = _samples(inputs, field, plan.data.raw[field], resized, fitted)
    found: list[Prediction] = []
    for some in _pieces(read, job.at_once(job.lead)):
        found += _of_batch(some, job, steps, outputs)
    return found


def of_module(model: torch.nn.Module, plan: TrainPlan) -> Model:
    def outputs(batch: Tensor) -> dict[str, Tensor]:
        with torch.inference_mode():
            result = model(batch)
        values = (result,) if isinstance(result, Tensor) else tuple(result)
        return dict(zip(plan.outputs, values, strict=True))

    return outputs


def of_onnx(file: str, plan: TrainPlan) -> Model:
    """The same by an exported file; onnxruntime computes. RunError where it is not the run's model."""
    try:
        import onnxruntime
    except ImportError:
        raise RunError(
            "ONNX files need onnxruntime, which is not installed", 'pip install "nnspec[export]"'
        ) from None
    if not os.path.isfile(file):
        raise RunError(f"there is no file {file}", "nnspec export RUN --to onnx writes one")
    try:
        session = onnxruntime.InferenceSession(file)
    except Exception as error:  # its errors have no class of their own
        raise RunError(f"{file} cannot be read as ONNX: {error}") from None
    names = [value.name for value in session.get_inputs()]
    given = [value.name for value in session.get_outputs()]
    if names != list(plan.inputs) or given != list(plan.outputs):
        raise RunError(
            f"{file} is another model: {', '.join(names)} -> {', '.join(given)}",
            f"this one is {', '.join(plan.inputs)} -> {', '.join(plan.outputs)}",
        )

    def outputs(batch: Tensor) -> dict[str, Tensor]:
        values = session.run(None, {names[0]: batch.cpu().numpy()})
        return {name: torch.from_numpy(v) for name, v in zip(given, values, strict=True)}

    return outputs


def _of_batch(some: list[Sample], job: Job, steps: list[Step], model: Model) -> list[Prediction]:
    good = [value for _, value in some if isinstance(value, Tensor)]
    said: Iterator[Prediction] = iter(())
    if good:
        alike = len({value.shape for value in good}) == 1
        pieces = [torch.stack(good)] if alike else [value.unsqueeze(0) for value in good]
        batch = torch.cat([apply(piece.to(job.device), steps) for piece in pieces])
        said = _said(model(batch), job.plan)
    found = []
    for name, value in some:
        one = Prediction(name, problem=value) if isinstance(value, RunError) else next(said)
        one.file = name
        found.append(one)
    return found


def _said(outputs: dict[str, Tensor], plan: TrainPlan) -> Iterator[Prediction]:
    """A prediction for each sample of a batch: of the output that is measured, else the first."""
    measured = next(iter(plan.metrics), None)
    field = plan.data.fields[measured.field] if measured else None
    result = outputs[measured.output if measured else plan.outputs[0]].float()
    if field is None or field.classes is None:
        rows = result.flatten(1) if result.ndim > 1 else result.unsqueeze(1)
        pictures = as_pictures(result, plan)
        for number, row in enumerate(rows):
            picture = None if pictures is None else pictures[number]
            yield Prediction("", numbers=row.tolist(), picture=picture)
        return
    if field.shape:
        raise RunError("this model gives a class for each place of a sample; predict tells one")
    shares, order = result.softmax(1).sort(1, descending=True)
    names = field.class_names
    for row, numbers in zip(shares.tolist(), order.tolist(), strict=True):
        yield Prediction("", [(names[n], share) for n, share in zip(numbers, row, strict=True)])


def _pieces(samples: Iterable[Sample], size: int) -> Iterator[list[Sample]]:
    some: list[Sample] = []
    for sample in samples:
        some.append(sample)
        if len(some) == size:
            yield some
            some = []
    if some:
        yield some


# -- reading ------------------------------------------------------------------------------------------------


def _samples(
    inputs: list[str], name: str, raw: Field, resized: bool, fitted: bool
) -> Iterator[Sample]:
    """`resized`: the pipeline takes images of any size; `fitted`: the data set makes them fit itself."""
    for path in inputs:
        end = os.path.splitext(path)[1].lower()
        if end in (".npy", ".npz"):
            yield from _of_array(path, name, raw)
        elif end == ".csv" and raw.columns:
            yield from _of_table(path, raw)
        elif len(raw.shape) != 3:
            yield path, RunError(f"{path}: this model takes {raw}, from .npy, .npz or .csv files")
        elif os.path.isdir(path):
            files = sorted(f for f in os.listdir(path) if f.lower().endswith(IMAGES))
            if not files:
                yield path, RunError(f"{path} has no images", f"they end in {', '.join(IMAGES)}")
            for file in files:
                yield _of_image(os.path.join(path, file), raw, resized, fitted)
        else:
            yield _of_image(path, raw, resized, fitted)


def _of_image(path: str, raw: Field, resized: bool, fitted: bool) -> Sample:
    try:
        if fitted:
            return path, read_image(path, raw.shape[0], (raw.shape[1], raw.shape[2]))
        return path, _pixels(path, raw, resized)
    except RunError as problem:
        return path, problem


def _of_array(path: str, name: str, raw: Field) -> Iterator[Sample]:
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
    except (OSError, ValueError, EOFError) as error:
        yield path, RunError(f"{path} cannot be read as NumPy arrays: {error}")
        return
    if found.shape[1:] != raw.shape:
        shapes = f"{list(found.shape)}, not [samples, {', '.join(map(str, raw.shape))}]"
        yield path, RunError(f"the array in {path} is {shapes}")
        return
    if raw.dtype == "u8" and found.dtype != numpy.uint8:
        message = f"the array in {path} holds {found.dtype}, the model was trained on bytes"
        yield path, RunError(message, "give it as uint8, values 0 to 255")
        return
    dtype = {"u8": torch.uint8, "i64": torch.int64}.get(raw.dtype, torch.float32)
    for number, row in enumerate(torch.from_numpy(found).to(dtype)):
        yield f"{path}:{number}", row


def _of_table(path: str, raw: Field) -> Iterator[Sample]:
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
