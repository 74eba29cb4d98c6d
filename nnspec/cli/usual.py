"""The usual recipe for a model without a train part, on data that the command line names:
`nnspec train zoo:resnet18 data=cifar10` trains the spec that is written here.
"""

from __future__ import annotations

import os

from nnspec.checking import check_text
from nnspec.elaborate.program import Program
from nnspec.elaborate.recipes import read_data
from nnspec.elaborate.training import find_train
from nnspec.source import Source
from nnspec.syntax.parser import parse
from nnspec.targets import Unreadable, zoo_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from nnspec.diagnostics import Problem
    from nnspec.recipe.definition import Field
    from nnspec.report.model import ModelReport, Tensor
    from nnspec.targets import Target


def is_trained(target: Target, source: Source) -> bool:
    """Whether the file says how what is meant is trained; so it is taken to do where it has mistakes."""
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
    words = f"zoo:{name}" if of_zoo(target) else f"{target.shown}:{name}"
    begin = f"there is no train part for `{name}` of {source.name}; "
    model = check_text(source, name).models.get(name)
    if model is None or _classifies_images(model):
        return (
            f"{begin}name the data to train it as a classifier of images,\n"
            f"  nnspec train {words} data=cifar10\n  nnspec train {words} data=FOLDER\n"
            f"or write a train part: train {name} on Data: …"
        )
    inputs = ", ".join(f"{key} {_shown(given)}" for key, given in model.inputs.items())
    outputs = ", ".join(model.outputs)
    first = f"  from {_place(target)} import {name}\n\n" if of_zoo(target) else ""
    return (
        f"{begin}write one{', in a file of your own' * bool(first)}:\n\n{first}"
        f"  data Data:\n      source = fake()    # yours in its place, with {inputs}\n\n"
        f"  train {name} on Data:\n      loss = …           # of {outputs} and the fields of Data"
    )


def _classifies_images(model: ModelReport) -> bool:
    """Whether it makes one row of scores of one image."""
    given, made = list(model.inputs.values()), list(model.outputs.values())
    return [len(each.shape) for each in given] == [4] and len(made[0].shape) == 2


def _shown(tensor: Tensor) -> str:
    return f"{'' if tensor.dtype == 'f32' else tensor.dtype}[{', '.join(map(str, tensor.shape))}]"


def _place(target: Target) -> str:
    """Where a spec beside this one would import from."""
    file = os.path.basename(target.file)
    return f"zoo.{file.removesuffix('.nn')}" if of_zoo(target) else f'"{file}"'


def spec(target: Target, source: Source, data: str, root: str) -> Source | list[Problem]:
    """A spec that trains a classifier of images on `data`, as `source = …` of a data part or the path of
    a folder of images; or the problems of either. Unreadable where the two do not go together."""
    program = Program(parse(source)[0])
    name = meant(target, program)
    report = check_text(source, name)
    if not report.ok:
        return list(report.diagnostics)
    model = report.models[name]
    if os.path.isdir(os.path.join(root, data)):
        data = f'image_folder("{data}")'
    fields = _fields(data, root)
    if isinstance(fields, list):
        return fields
    images = [field for field in fields.values() if len(field.shape) == 3]
    labels = [key for key, field in fields.items() if field.classes is not None and not field.shape]
    ranks = [len(given.shape) for given in model.inputs.values()]
    if ranks != [4] or len(images) != 1 or len(labels) != 1:
        raise Unreadable(
            f"`data=` is for models that classify images, and sources of images with a label: `{name}` on "
            f"`{data}` needs a train part of its own, train {name} on Data: …"
        )
    (image,), (label,) = images, labels
    field = next(key for key, one in fields.items() if one is image)
    steps = " -> ".join([*_steps(model, image), "normalize(mean=0.5, std=0.25)"])
    output = next(iter(model.outputs))
    known = [parameter.name for parameter in program.models[name].parameters]
    classes = f"classes={fields[label].classes}" if "classes" in known else ""
    text = f"""from {_place(target)} import {name} as Base

model {name} = Base({classes})

data Data:
    source = {data}
    {field} = {steps}

train {name} on Data:
    loss    = cross_entropy({output}, {label})
    metrics = [accuracy({output}, {label})]
"""
    return Source(text, f"{name}.nn", os.path.join(root, f"{name}.nn"))


def _fields(data: str, root: str) -> Mapping[str, Field] | list[Problem]:
    """What a source has, before anything is done to it; or what is wrong with its name."""
    module, problems = parse(Source(f"data Data:\n    source = {data}\n", f"data={data}"))
    program = Program(module)
    plan = None if problems else read_data(program, program.data["Data"], root)
    return [*problems, *program.problems] if plan is None else plan.raw


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
