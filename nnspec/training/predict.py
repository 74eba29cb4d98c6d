"""Using a trained model on image files."""

from __future__ import annotations

import torch
from torch import Tensor

from nnspec.recipe.definition import Field
from nnspec.training.data import preprocess
from nnspec.training.errors import RunError
from nnspec.training.images import as_tensor, channels_of, open_image
from nnspec.training.start import restore


class Prediction:
    """What the model says of one file: classes with their probabilities, best first; or the problem."""

    def __init__(
        self, file: str, classes: list[tuple[str, float]], problem: RunError | None = None
    ) -> None:
        self.file, self.classes, self.problem = file, classes, problem


def predict(
    folder: str, files: list[str], device: str | None = None, allow_extern: bool = False
) -> list[Prediction]:
    """The class of each image file. A file that cannot be used has its problem in place of classes."""
    run, job = restore(folder, device, allow_extern)
    plan = job.plan
    image = next((f for f in plan.inputs.values() if len(plan.data.raw[f].shape) == 3), None)
    target = next((m for m in plan.metrics if plan.data.fields[m.field].classes is not None), None)
    if image is None or len(plan.inputs) != 1:
        raise RunError("this model's input is not one image; predict takes image files")
    if target is None:
        raise RunError("this model has no classes: its train part has no metric of class numbers")
    model, _ = job.build()
    model.load_state_dict(run.weights("best"))
    model.eval()
    raw = plan.data.raw[image]
    split = next(reversed(plan.data.split))
    steps = [s for s in plan.data.transforms[image][split] if not s.definition.is_random]
    resized = bool(steps) and steps[0].definition.name in ("resize", "center_crop")
    names = plan.data.fields[target.field].class_names
    found = []
    for file in files:
        try:
            pixels = _read(file, raw, resized)
        except RunError as problem:
            found.append(Prediction(file, [], problem))
            continue
        values, _ = preprocess(pixels.unsqueeze(0), steps, job.device)
        with torch.inference_mode():
            result = model(values)
        outputs = (result,) if isinstance(result, Tensor) else tuple(result)
        scores = dict(zip(plan.outputs, outputs, strict=True))[target.output][0]
        shares = scores.float().softmax(0)
        order = shares.argsort(descending=True)
        found.append(Prediction(file, [(names[int(i)], float(shares[i])) for i in order]))
    return found


def _read(file: str, raw: Field, resized: bool) -> Tensor:
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
