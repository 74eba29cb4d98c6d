"""`nnspec new NAME`"""

from __future__ import annotations

import click

from nnspec.cli.output import complain, write

SPEC = '''\
"""{model}: a small network for 8x8 images of handwritten digits. Change it to what you need."""

block ConvNormAct(channels: int) =
    conv2d(channels, 3, padding=1, bias=false) -> batch_norm2d -> relu

model {model}(classes: int = 10, width: int = 32):
    input image: [N, 1, 8, 8]

    features = image
        -> stem: ConvNormAct(width)     -> max_pool2d(2)
        -> deep: ConvNormAct(2 * width) -> max_pool2d(2)
        -> flatten

    logits = features -> head: linear(classes)
    return logits: [N, classes]

data Digits:
    source = digits()                       # image: u8[1, 8, 8], label: class(10)
    split  = [train: 0.8, val: 0.2]
    image  = normalize(mean=0.3, std=0.375)

train {model} on Digits:
    loss       = cross_entropy(logits, label)
    metrics    = [accuracy(logits, label)]
    optimizer  = adamw(lr=3e-3, weight_decay=0.01)
    epochs     = 10
    batch_size = 64
'''


@click.command(name="new")
@click.argument("name", metavar="NAME")
def command(name: str) -> int:
    """Write a first spec to start from: NAME.nn."""
    import os

    stem = os.path.basename(name).removesuffix(".nn")
    if not stem.replace("-", "_").isidentifier():
        raise click.UsageError(f"`{stem}` is no name for a model: letters, digits and _ only")
    model = "".join(part[:1].upper() + part[1:] for part in stem.replace("-", "_").split("_"))
    file = name.removesuffix(".nn") + ".nn"
    try:
        with open(file, "x", encoding="utf-8") as stream:
            stream.write(SPEC.format(model=model))
    except FileExistsError:
        complain(f"{file} is there already")
        return 2
    except OSError as error:
        complain(f"{file}: cannot be written: {(error.strerror or str(error)).lower()}")
        return 2
    write(f"wrote {file}; look at it with: nnspec check {file}\n")
    return 0
