"""The usual recipe for a model without a train part, on data that the command line names:
`nnspec train zoo:resnet18 data=cifar10` trains the spec that is written here.
"""

from __future__ import annotations

import os
from functools import partial

from nnspec.checking import check_text
from nnspec.elaborate.asked import asked
from nnspec.elaborate.program import Program
from nnspec.elaborate.recipes import read_data
from nnspec.elaborate.training import find_train
from nnspec.records import Record
from nnspec.source import Source
from nnspec.syntax.parser import parse
from nnspec.targets import Unreadable, zoo_folder
from nnspec.tensors import is_float

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nnspec.diagnostics import Problem
    from nnspec.recipe.definition import Field
    from nnspec.recipe.plan import DataPlan
    from nnspec.report.model import ModelReport, Tensor
    from nnspec.targets import Target


def is_needed(target: Target, source: Source, data: bool) -> bool:
    """Whether the file does not say how what is meant is trained; or is the zoo's, and `data` is named."""
    return not _is_trained(target, source) or (data and of_zoo(target))


def _is_trained(target: Target, source: Source) -> bool:
    """A file that has mistakes is taken to say it, so that these are told."""
    module, problems = parse(source)
    if problems:
        return True
    program = Program(module)
    return find_train(program, target.name) is not None or not program.models


def of_zoo(target: Target) -> bool:
    return os.path.dirname(os.path.abspath(target.file)) == os.path.abspath(zoo_folder())


def meant(target: Target, program: Program) -> str:
    """The model that is trained where none is named: that of the file's name, or the first that can be."""
    ready = [model.name for model in program.own_models if not model.missing]
    stem = os.path.basename(target.file).removesuffix(".nn")
    return target.name or (stem if stem in ready else next(iter([*ready, *program.models])))


def missing(target: Target, source: Source) -> str:
    """What to tell who trains a model without saying on what."""
    program = Program(parse(source)[0])
    name = meant(target, program)
    words = f"nnspec train {_words(target, name)}"
    begin = f"there is no train part for `{_words(target, name)}`; "
    model = check_text(source, name).models.get(name)
    if model is None or _classifies_images(model):
        return (
            f"{begin}name the data to train it as a classifier of images,\n"
            f"  {words} data=cifar10\n  {words} data=FOLDER\n"
            f"or write a train part: train {name} on Data: …"
        )
    if _foretells_tokens(model):
        return (
            f"{begin}name a text to train it as a language model,\n"
            f"  {words} 'data=text(\"FILE\")'\n"
            f"or write a train part: train {name} on Data: …"
        )
    return f"{begin}{_of_its_own(target, name, model)}"


def _of_its_own(target: Target, name: str, model: ModelReport) -> str:
    """A file to begin with, which trains as it stands, and the command that does the same without a file."""
    inputs = ", ".join(f"{key} {_shown(given)}" for key, given in model.inputs.items())
    outputs = ", ".join(model.outputs)
    first = f"  from {_place(target)} import {name}\n\n" if of_zoo(target) else ""
    return (
        f"write one{', in a file of your own' * bool(first)}:\n\n{first}"
        f"  data Data:\n      source = fake()    # yours in its place, with {inputs}\n\n"
        f"  train {name} on Data:\n"
        f"      loss = {_stand_in(model)}    # yours in its place, of {outputs} and the fields of Data\n\n"
        "or try it on random numbers:\n"
        f"  nnspec train {_words(target, name)} 'data=fake(samples=8)' batch_size=2 epochs=1"
    )


def _words(target: Target, name: str) -> str:
    return f"zoo:{name}" if of_zoo(target) else f"{target.shown}:{name}"


def _classifies_images(model: ModelReport) -> bool:
    """Whether it makes one row of scores of one image."""
    given, made = list(model.inputs.values()), list(model.outputs.values())
    return [len(each.shape) for each in given] == [4] and len(made[0].shape) == 2


def _foretells_tokens(model: ModelReport) -> bool:
    """Whether it makes a row of scores of each of the whole numbers in one sequence."""
    given, made = list(model.inputs.values()), next(iter(model.outputs.values()))
    if [(each.dtype, len(each.shape)) for each in given] != [("i64", 2)]:
        return False
    return len(made.shape) == 3 and made.shape[:2] == given[0].shape


def _shown(tensor: Tensor) -> str:
    return f"{'' if tensor.dtype == 'f32' else tensor.dtype}[{', '.join(map(str, tensor.shape))}]"


def _place(target: Target) -> str:
    """Where a spec beside this one would import from."""
    file = os.path.basename(target.file)
    return f"zoo.{file.removesuffix('.nn')}" if of_zoo(target) else f'"{file}"'


def spec(target: Target, source: Source, data: str, root: str) -> Source | list[Problem]:
    """A spec that trains a model on `data`, as `source = …` of a data part or the path of a folder of
    images; or the problems of either. Unreadable where the two do not go together."""
    program = Program(parse(source)[0])
    name = meant(target, program)
    report = check_text(source, name)
    if not report.ok:
        return list(report.diagnostics)
    model = report.models[name]
    if os.path.isdir(os.path.join(root, data)):
        data = f'image_folder("{data}")'
    plan = _plan(data, root, model)
    if isinstance(plan, list):
        return plan
    task = _task(model, plan)
    if task is None:
        raise Unreadable(
            "`data=` trains classifiers on data with a label, language models on text, and any model on "
            f"fake(); `{name}` on `{data}` needs a train part of its own: {_of_its_own(target, name, model)}"
        )
    known = [parameter.name for parameter in program.models[name].parameters]
    given = ", ".join(f"{key}={value}" for key, value in task.sizes.items() if key in known)
    settings = [f"    {key} = {value}\n" for key, value in task.settings.items()]
    text = (
        f"from {_place(target)} import {name} as Base\n\nmodel {name} = Base({given})\n\n"
        f"data Data:\n    source = {data}\n{task.pipeline}\ntrain {name} on Data:\n{''.join(settings)}"
    )
    return Source(text, f"{name}.nn", os.path.join(root, f"{name}.nn"))


def _plan(data: str, root: str, model: ModelReport) -> DataPlan | list[Problem]:
    """What a source has, before anything is done to it; or what is wrong with its name."""
    module, problems = parse(Source(f"data Data:\n    source = {data}\n", f"data={data}"))
    program = Program(module)
    asks = partial(asked, model.graph)
    plan = None if problems else read_data(program, program.data["Data"], root, asks)
    return [*problems, *program.problems] if plan is None else plan


class Task(Record):
    """What a model is trained to do: the pipeline of the data, the settings of the train part, and what
    the data says of the model's own settings."""

    settings: dict[str, str]
    sizes: dict[str, int | None]
    pipeline: str = ""


def _task(model: ModelReport, plan: DataPlan) -> Task | None:
    """What such a model is trained to do on such data; None where that is not known."""
    fields = plan.raw
    name, output = next(iter(model.inputs)), next(iter(model.outputs))
    images = [key for key, field in fields.items() if len(field.shape) == 3]
    labels = [key for key, field in fields.items() if field.classes is not None and not field.shape]
    scores = model.outputs[output].shape
    if len(labels) == 1 and len(model.inputs) == 1 and len(scores) == 2:
        (label,) = labels
        settings = {
            "loss": f"cross_entropy({output}, {label})",
            "metrics": f"[accuracy({output}, {label})]",
        }
        sizes = {"classes": fields[label].classes}
        if _classifies_images(model) and len(images) == 1:
            steps = [*_steps(model, fields[images[0]]), "normalize(mean=0.5, std=0.25)"]
            return Task(settings, sizes, f"    {images[0]} = {' -> '.join(steps)}\n")
        if name in fields:
            return Task(settings, sizes)
    if _foretells_tokens(model) and {name, "next"} <= fields.keys():
        loss = f"cross_entropy(transpose({output}, 1, 2), next)"
        return Task({"loss": loss}, {"vocab": fields["next"].classes})
    if plan.source.definition.waits(plan.source.settings):  # data of any kind, made for the model
        return Task({"loss": _stand_in(model)}, {})
    return None


def _stand_in(model: ModelReport) -> str:
    """A loss for any model, to see that it trains and how fast."""
    made = [key for key, output in model.outputs.items() if is_float(output.dtype)]
    return " + ".join(f"mean({key} ** 2)" for key in made)


def _steps(model: ModelReport, image: Field) -> list[str]:
    """What makes of an image of the source one that the model takes: the nearest size, the channels."""
    (given,) = model.inputs.values()
    _, channels, *wanted = given.shape
    have = list(image.shape[1:])
    free = {size: n for size, n in zip(wanted, have, strict=True) if isinstance(size, str)}
    if not model.admits(free):
        free = next(iter(model.nearest(free)), free)
    sizes = [free[size] if isinstance(size, str) else size for size in wanted]
    steps = [f"resize({sizes})"] if sizes != have else []
    if (image.shape[0], channels) == (1, 3):
        steps.append("rgb")
    if (image.shape[0], channels) == (3, 1):
        steps.append("grayscale")
    return steps
