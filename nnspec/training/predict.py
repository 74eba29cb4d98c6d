"""Using a trained model on images, folders of them, tables and arrays, in batches."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator

import torch
from torch import Tensor

from nnspec.recipe.plan import TrainPlan
from nnspec.training.data import Batch, Step, apply
from nnspec.training.drawing import as_pictures
from nnspec.training.errors import RunError
from nnspec.training.evaluate import by_class
from nnspec.training.samples import Sample, samples
from nnspec.training.start import Job, restore


class Prediction:
    """What the model says of one sample: classes with their probabilities, best first; or numbers, where it
    foretells those; or the problem. `file` names it, with the row in a table or array: `data.csv:3`.
    `picture` is the output where that is one: u8[channels, H, W]. `mask` has the number of the class of each
    place, where there is one of each; `classes` are then those found, with their shares of the places."""

    def __init__(
        self,
        file: str,
        classes: list[tuple[str, float]] | None = None,
        problem: RunError | None = None,
        numbers: list[float] | None = None,
        picture: Tensor | None = None,
        mask: Tensor | None = None,
    ) -> None:
        self.file, self.problem = file, problem
        self.classes, self.numbers = classes or [], numbers or []
        self.picture, self.mask = picture, mask


#: the outputs by name, of a batch of the fields that the model takes
Model = Callable[[Batch], dict[str, Tensor]]


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
    fields = list(dict.fromkeys(plan.inputs.values()))
    if onnx is None:
        model, _ = job.build()
        model.load_state_dict(job.weights(run))
        outputs = of_module(model.eval(), plan)
    else:
        outputs = of_onnx(onnx, plan)
    split = next(reversed(plan.data.split))
    steps = {
        field: [
            step.definition.build(step.settings)
            for step in plan.data.transforms[field][split]
            if not step.definition.is_random
        ]
        for field in fields
    }
    found: list[Prediction] = []
    for some in _pieces(samples(inputs, fields, plan.data), job.at_once(job.lead)):
        found += _of_batch(some, job, steps, outputs)
    return found


def of_module(model: torch.nn.Module, plan: TrainPlan) -> Model:
    def outputs(batch: Batch) -> dict[str, Tensor]:
        with torch.inference_mode():
            result = model(*(batch[field] for field in plan.inputs.values()))
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

    def outputs(batch: Batch) -> dict[str, Tensor]:
        given_to = {name: batch[field].cpu().numpy() for name, field in plan.inputs.items()}
        values = session.run(None, given_to)
        return {name: torch.from_numpy(v) for name, v in zip(given, values, strict=True)}

    return outputs


def _of_batch(
    some: list[Sample], job: Job, steps: dict[str, list[Step]], model: Model
) -> list[Prediction]:
    good = [values for _, values in some if not isinstance(values, RunError)]
    said: Iterator[Prediction] = iter(())
    if good:
        batch = {
            field: _prepared([values[field] for values in good], own, job.device)
            for field, own in steps.items()
        }
        try:
            outputs = model(batch)
        except IndexError as error:  # a number beyond the rows of an embedding
            names = f"{some[0][0]} to {some[-1][0]}"
            raise RunError(f"the model cannot use {names}: {error}") from None
        said = _said(outputs, job.plan)
    found = []
    for name, values in some:
        wrong = isinstance(values, RunError)
        one = Prediction(name, problem=values) if wrong else next(said)  # type: ignore[arg-type]
        one.file = name
        found.append(one)
    return found


def _prepared(values: list[Tensor], steps: list[Step], device: torch.device) -> Tensor:
    """The values of a batch after their pipeline; of different sizes one by one, which it makes alike."""
    alike = len({value.shape for value in values}) == 1
    pieces = [torch.stack(values)] if alike else [value.unsqueeze(0) for value in values]
    return torch.cat([apply(piece.to(device), steps) for piece in pieces])


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
    assert measured is not None
    scores, names = by_class(result, measured, field), field.class_names
    if field.shape:
        for mask in scores.argmax(1).cpu():
            share, order = (mask.flatten().bincount() / mask.numel()).sort(descending=True)
            found = zip(order.tolist(), share.tolist(), strict=True)
            yield Prediction("", [(names[n], part) for n, part in found if part], mask=mask)
        return
    shares, order = scores.softmax(1).sort(1, descending=True)
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
