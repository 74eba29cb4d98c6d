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
from nnspec.compiler.source import complete, program_of, source_of
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
    "faster_rcnn": "detection.faster_rcnn",
    "fcn": "segmentation.fcn",
    "fcos": "detection.fcos",
    "inception_v3": "inception",
    "keypoint_rcnn": "detection.keypoint_rcnn",
    "lraspp": "segmentation.lraspp",
    "mask_rcnn": "detection.mask_rcnn",
    "mobilenet_v2": "mobilenetv2",
    "mobilenet_v3": "mobilenetv3",
    "mvit": "video.mvit",
    "raft": "optical_flow.raft",
    "resnet_fpn": "detection.backbone_utils",
    "retinanet": "detection.retinanet",
    "s3d": "video.s3d",
    "shufflenet_v2": "shufflenetv2",
    "ssd": "detection.ssd",
    "ssdlite": "detection.ssdlite",
    "swin": "swin_transformer",
    "swin3d": "video.swin_transformer",
    "swin_v2": "swin_transformer",
    "video_resnet": "video.resnet",
    "vit": "vision_transformer",
}
#: of a detector's module, what leads to the raw outputs of its heads: anchors, losses and the choice of
#: boxes are no part of the specs
PARTS = {
    "faster_rcnn": (
        *("TwoMLPHead", "FastRCNNConvFCHead", "FastRCNNPredictor", "fasterrcnn_resnet50_fpn"),
        *("fasterrcnn_resnet50_fpn_v2", "_fasterrcnn_mobilenet_v3_large_fpn"),
        *("fasterrcnn_mobilenet_v3_large_fpn", "fasterrcnn_mobilenet_v3_large_320_fpn"),
    ),
    "fcos": ("FCOSHead", "FCOSClassificationHead", "FCOSRegressionHead", "fcos_resnet50_fpn"),
    "keypoint_rcnn": ("KeypointRCNNHeads", "KeypointRCNNPredictor", "keypointrcnn_resnet50_fpn"),
    "mask_rcnn": (
        *("MaskRCNNHeads", "MaskRCNNPredictor", "maskrcnn_resnet50_fpn"),
        "maskrcnn_resnet50_fpn_v2",
    ),
    "retinanet": (
        *("RetinaNetHead", "RetinaNetClassificationHead", "RetinaNetRegressionHead"),
        *("retinanet_resnet50_fpn", "retinanet_resnet50_fpn_v2"),
    ),
    "ssd": (
        *(
            "_xavier_init",
            "SSDHead",
            "SSDScoringHead",
            "SSDClassificationHead",
            "SSDRegressionHead",
        ),
        *("SSDFeatureExtractorVGG", "_vgg_extractor", "ssd300_vgg16"),
    ),
}
#: methods that are left out there
LEFT_OUT = ("compute_loss", "_load_from_state_dict")
INTRODUCTION = """# The zoo

Specs that come along, in `specs/`. `nnspec zoo resnet50` shows one; `nnspec check`, `compile` and
`train` take it as `zoo:resnet50`, and a spec takes parts from it with `from zoo.resnet import
Bottleneck`. The tests hold those that torchvision has to torchvision: its published numbers of
parameters and operations, the names in its state dict, its outputs and gradients. Those of the others have
the published numbers of parameters and names in the state dict, which each spec tells with their sources,
and the outputs and gradients of references that are written in the tests after the papers.

## Lines

Those that carry code: of the spec, of the file that `nnspec compile` writes for the first of its models,
and of the module that builds the same models in torchvision, without blank lines, comments and
docstrings; of Python also without imports and the tables of published weights. Of the detectors it is the
classes and functions up to the raw outputs of the heads, without losses.
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


def python_lines(source: str, parts: tuple[str, ...] = ()) -> int:
    """Lines of a module that carry code, but for imports and tables of weights; of these parts, if any."""
    skipped: set[int] = set()
    module = ast.parse(source)

    def skip(node: ast.AST) -> None:
        skipped.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))  # type: ignore[attr-defined]

    for node in module.body:
        name = getattr(node, "name", "")
        table = isinstance(node, (ast.Assign, ast.AnnAssign, ast.Import, ast.ImportFrom))
        if name.endswith("_Weights") or table or (parts and name not in parts):
            skip(node)
    for part in ast.walk(module):
        if (isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant)) or (
            parts and isinstance(part, ast.FunctionDef) and part.name in LEFT_OUT
        ):  # a docstring
            skip(part)
    no_code = {
        *(tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT),
        tokenize.ENDMARKER,
    }
    carried: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in no_code:
            carried.update(range(token.start[0], token.end[0] + 1))
    return len(carried - skipped)


def compiled_lines(name: str) -> int:
    """Lines of the file that the first model of a family compiles to."""
    program = program_of(find(f"zoo:{name}").read())
    return python_lines(source_of(program, complete(program)[:1]).text)


def rows(name: str, text: str) -> Iterator[tuple[str, str, str]]:
    for each, model in check_target(find(f"zoo:{name}")).models.items():
        params, macs, shapes = figures(model)
        yield f"`{each}`", params, f"{macs} for {shapes}"


def page() -> str:
    """The text of `docs/zoo.md`."""
    lines = [
        "| spec | what it is | lines | compiled | in torchvision |",
        "| --- | --- | --- | --- | --- |",
    ]
    models = ["| model | parameters | MACs |", "| --- | --- | --- |"]
    for name, file, _ in zoo():
        text = read_text(file)
        original = ORIGINALS.get(name)
        theirs = "-"
        if original:
            module = importlib.import_module(f"torchvision.models.{original}")
            theirs = str(python_lines(inspect.getsource(module), PARTS.get(name, ())))
        link = f"[{name}](../specs/{name}.nn)"
        ours = f"{spec_lines(text)} | {compiled_lines(name)}"
        lines.append(f"| {link} | {about(text)} | {ours} | {theirs} |")
        models += [f"| {' | '.join(row)} |" for row in rows(name, text)]
    return "\n".join([INTRODUCTION, *lines, "\n## Figures\n", *models]) + "\n"
