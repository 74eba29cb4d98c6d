"""`nnspec zoo` lists the specs that come along; `nnspec zoo NAME` shows one."""

from __future__ import annotations

import click

from nnspec.cli.output import style, write
from nnspec.report.columns import pad, shorten

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nnspec.report.model import ModelReport

#: sizes for the figures of the list: what most papers count at; a nearest one where a model takes it not
USUAL = {"N": 1, "H": 224, "W": 224}
OTHERS = 16
COLUMNS = 100


#: what a family is for; the others are the last kind
KINDS = {
    "classification": (
        "alexnet cifar_speedrun convnext densenet digits efficientnet googlenet inception_v3 lenet maxvit "
        "mlp mnasnet mobilenet_v2 mobilenet_v3 regnet resnet shufflenet_v2 squeezenet swin swin_v2 vgg vit"
    ),
    "segmentation": "deeplabv3 fcn lraspp unet",
    "detection": "faster_rcnn fcos keypoint_rcnn mask_rcnn resnet_fpn retinanet ssd ssdlite",
    "video": "mvit s3d swin3d video_resnet",
    "flow": "raft",
    "language": "bert gpt2 llama3 lstm mamba t5",
    "speech": "wavenet whisper",
    "generation": "dcgan ddpm stable_diffusion vae",
}
OTHER_KIND = "others"


@click.command(name="zoo")
@click.argument("names", metavar="[NAME]...", nargs=-1)
def command(names: Sequence[str]) -> int:
    """List the specs that come along, with parameters and MACs; or show those that are named.

    NAME is a kind (`detection`), a family (`resnet`) or one of its models (`resnet50`).
    """
    kinds = families()
    if names and not kinds.keys() >= set(names):
        from nnspec.cli.checks import check

        every = [each for name in names for each in kinds.get(name, [name])]
        return check([f"zoo:{name.removeprefix('zoo:')}" for name in every])
    for kind in names or kinds:
        write(f"{style().paint(kind, 'title')}\n\n")
        for family in kinds[kind]:
            show(family)
        write("\n")
    write(
        "nnspec zoo NAME shows one; nnspec check, compile and train take it as zoo:NAME.\n"
        f"nnspec zoo KIND lists one kind: {', '.join(kinds)}.\n"
    )
    return 0


def families() -> dict[str, list[str]]:
    """The families of each kind that has some."""
    from nnspec.targets import zoo

    kind_of = {family: kind for kind, text in KINDS.items() for family in text.split()}
    found: dict[str, list[str]] = {kind: [] for kind in (*KINDS, OTHER_KIND)}
    for name, _, _ in zoo():
        found[kind_of.get(name, OTHER_KIND)].append(name)
    return {kind: names for kind, names in found.items() if names}


def show(family: str) -> None:
    """What a family is, and the figures of its models."""
    from nnspec.checking import check_target
    from nnspec.targets import find, read_text

    looks = style()
    target = find(f"zoo:{family}")
    sentence = shorten(about(read_text(target.file)), COLUMNS - len(family) - 4)
    write(f"  {looks.paint(family, 'name')}  {sentence}\n")
    models = check_target(target).models
    longest = max(map(len, models), default=0)
    for each, model in models.items():
        params, macs, shapes = figures(model)
        line = f"{params:>9} parameters  {macs:>8} MACs for {shapes}"
        write(f"    {pad(each, longest)}  {looks.paint(line, 'aside')}\n")


def about(text: str) -> str:
    """The first sentences of a spec's docstring, in one line."""
    if not text.startswith('"""'):
        return ""
    paragraph = text[3 : text.index('"""', 3)].strip().split("\n\n")[0]
    return " ".join(paragraph.split())


def figures(model: ModelReport) -> tuple[str, str, str]:
    """Parameters, MACs, and the shapes of usual inputs that these are for: `25.6 M`, `4.09 G`, …"""
    from nnspec.report.units import short

    sizes = {name: USUAL.get(name, OTHERS) for name in model.all_symbols}
    if not model.admits(sizes):
        sizes = next(iter(model.nearest(sizes)), sizes)
    at = model.at(sizes)
    shapes = ", ".join(f"[{', '.join(map(str, given.shape))}]" for given in at.inputs.values())
    macs = short(at.macs) if isinstance(at.macs, int) else str(at.macs)
    params = short(at.params.total) if isinstance(at.params.total, int) else at.params.total
    return params, macs, shapes
