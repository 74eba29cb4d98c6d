"""The page of the zoo, for docs/generate.py: what each spec costs, and how long it and its original are."""

from __future__ import annotations

import ast
import importlib
import inspect
import io
import tokenize
from collections.abc import Iterator

import nnspec.training  # noqa: F401  (before torchvision)
from nnspec.checking import check_target
from nnspec.cli.zoo import about, figures
from nnspec.targets import find, read_text, zoo

#: spec -> the module of torchvision that has the same models
ORIGINALS = {
    **{
        name: name
        for name in (
            *("alexnet", "convnext", "densenet", "efficientnet", "googlenet", "maxvit", "mnasnet"),
            *("regnet", "resnet", "squeezenet", "vgg"),
        )
    },
    "deeplabv3": "segmentation.deeplabv3",
    "fcn": "segmentation.fcn",
    "inception_v3": "inception",
    "lraspp": "segmentation.lraspp",
    "mobilenet_v2": "mobilenetv2",
    "mobilenet_v3": "mobilenetv3",
    "s3d": "video.s3d",
    "shufflenet_v2": "shufflenetv2",
    "swin": "swin_transformer",
    "swin_v2": "swin_transformer",
    "video_resnet": "video.resnet",
    "vit": "vision_transformer",
}
INTRODUCTION = """# The zoo

Specs that come along, in `specs/`. `nnspec zoo resnet50` shows one; `nnspec check`, `compile` and
`train` take it as `zoo:resnet50`, and a spec takes parts from it with `from zoo.resnet import
Bottleneck`. The tests hold those that torchvision has to torchvision: its published numbers of
parameters and operations, the names in its state dict, its outputs and gradients. Those of the others have
the published numbers of parameters and names in the state dict, which each spec tells with their sources,
and the outputs and gradients of references that are written in the tests after the papers.

## Lines

Those that carry code, of the spec and of the module that builds the same models in torchvision:
without blank lines, comments and docstrings; of Python also without imports and the tables of
published weights.
"""


def spec_lines(text: str) -> int:
    """Lines of a spec that carry code."""
    count, inside = 0, False
    for line in text.splitlines():
        stripped = line.strip()
        quotes = stripped.count('"""')
        if inside or stripped.startswith('"""'):
            inside = inside ^ (quotes % 2 == 1)
        elif stripped and not stripped.startswith("#"):
            count += 1
    return count


def python_lines(source: str) -> int:
    """Lines of a module that carry code, but for imports and tables of weights."""
    skipped: set[int] = set()
    module = ast.parse(source)
    for node in module.body:
        weights = isinstance(node, ast.ClassDef) and node.name.endswith("_Weights")
        table = isinstance(node, (ast.Assign, ast.AnnAssign, ast.Import, ast.ImportFrom))
        if weights or table:
            skipped.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    for part in ast.walk(module):
        if isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant):  # a docstring
            skipped.update(range(part.lineno, (part.end_lineno or part.lineno) + 1))
    no_code = {
        *(tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT),
        tokenize.ENDMARKER,
    }
    carried: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in no_code:
            carried.update(range(token.start[0], token.end[0] + 1))
    return len(carried - skipped)


def rows(name: str, text: str) -> Iterator[tuple[str, str, str]]:
    for each, model in check_target(find(f"zoo:{name}")).models.items():
        params, macs, shapes = figures(model)
        yield f"`{each}`", params, f"{macs} for {shapes}"


def page() -> str:
    """The text of `docs/zoo.md`."""
    lines = ["| spec | what it is | lines | in torchvision |", "| --- | --- | --- | --- |"]
    models = ["| model | parameters | MACs |", "| --- | --- | --- |"]
    for name, file, _ in zoo():
        text = read_text(file)
        original = ORIGINALS.get(name)
        theirs = "-"
        if original:
            module = importlib.import_module(f"torchvision.models.{original}")
            theirs = str(python_lines(inspect.getsource(module)))
        link = f"[{name}](../specs/{name}.nn)"
        lines.append(f"| {link} | {about(text)} | {spec_lines(text)} | {theirs} |")
        models += [f"| {' | '.join(row)} |" for row in rows(name, text)]
    return "\n".join([INTRODUCTION, *lines, "\n## Figures\n", *models]) + "\n"
