"""Random specs that are well-formed, and mostly right: every construct of the language, composed by chance.

The maker follows the channels of its tensors and how often their height was halved, so that what it
adds and joins mostly fits.
"""

from __future__ import annotations

import math
import random
import re

ACTIVATIONS = [
    "relu",
    "gelu",
    "silu",
    "tanh",
    "sigmoid",
    "leaky_relu(0.1)",
    "elu",
    "identity",
    "softplus",
]
CHANNELS = [1, 2, 3, 4, 6, 8, 12, 16]


class Image:
    """A tensor [N, channels, H, W], `halved` as often as its height was."""

    def __init__(self, name: str, channels: int, halved: float) -> None:
        self.name, self.channels, self.halved = name, channels, halved


class Maker:
    """One spec."""

    def __init__(self, rng: random.Random, daring: bool = False) -> None:
        self.rng = rng
        self.daring = daring  # sizes need not fit: some specs are wrong, others take few sizes
        self.parts: list[str] = []
        self.blocks: list[str] = []  # those of one parameter, that give [N, parameter, H, W]
        self.keepers: list[str] = []  # those that keep the shape
        self.count = 0

    # -- numbers ----------------------------------------------------------------------------------

    def number(self, value: int, depth: int = 2) -> str:
        """An expression that is the value."""
        rng = self.rng
        if depth == 0 or rng.random() < 0.6:
            return str(value)
        inner = self.number(value, depth - 1)
        more = rng.randrange(1, 4)
        return rng.choice(
            [
                f"({inner} + {more} - {more})", f"{more} * ({inner}) // {more}", f"max({inner}, 1)",
                f"min({value + more}, {inner})", f"[0, {inner}][1]", f"sum([{inner}, 0])", f"abs(-({inner}))",
                f"int({value}.0)", f"ceil({value} - 0.5)", f"({inner} if {more} < 4 else 7)",
                f"len([j for j in range({value + more}) if j >= {more}])", f"({inner}) % {value + more}",
                f"({inner}) ** 1", f"half({2 * value})", f"sum([1 for _ in range({inner})])",
            ]
        )  # fmt: skip

    def name(self, stem: str) -> str:
        self.count += 1
        return f"{stem}{self.count}"

    # -- layers -----------------------------------------------------------------------------------

    def layer(self, channels: int, halved: float) -> tuple[str, int, float]:
        """A layer for an image, and the channels and halvings of what it gives."""
        rng = self.rng
        new = rng.choice(CHANNELS)
        kind = rng.randrange(13)
        if self.daring and rng.random() < 0.4:
            return self.odd_layer(channels, halved)
        if kind < 3:
            kernel = rng.choice([1, 3, 5])
            bias = rng.choice(["", "", ", bias=false"])
            return f"conv2d({self.number(new)}, {kernel}, padding={kernel // 2}{bias})", new, halved
        if kind == 3:
            groups = math.gcd(channels, new)
            return f"conv2d({new}, 3, padding=1, groups={self.number(groups)})", new, halved
        if kind == 4 and halved < 3:
            pool = rng.choice(
                ["max_pool2d(2)", "avg_pool2d(2)", "max_pool2d(3, stride=2, padding=1)"]
            )
            return pool, channels, halved + 1
        if kind == 5 and halved < 3:
            return f"conv2d({new}, 3, stride=2, padding=1)", new, halved + 1
        if kind == 6 and halved > 0:
            up = f"conv_transpose2d({new}, 2, stride=2)"
            return rng.choice(
                [("interpolate(scale_factor=2)", channels, halved - 1), (up, new, halved - 1)]
            )
        if kind == 7:
            groups = rng.choice([g for g in range(1, channels + 1) if channels % g == 0])
            return rng.choice(["batch_norm2d", f"group_norm({groups})"]), channels, halved
        if kind == 8 and self.blocks:
            return f"{rng.choice(self.blocks)}({self.number(new)})", new, halved
        if kind == 9 and self.keepers:
            times = rng.choice(["", "", f"{rng.randrange(1, 5)} * "])
            return f"({times}{rng.choice(self.keepers)})", channels, halved
        if kind == 10:
            return f"dropout({rng.choice(['0.1', '0.5', 'p=0.2'])})", channels, halved
        if kind == 11:
            left, middle, down = self.layer(channels, halved)
            right, last, down = self.layer(middle, down)
            return f"({left} -> {right})", last, down
        return rng.choice(ACTIVATIONS), channels, halved

    def odd_layer(self, channels: int, halved: float) -> tuple[str, int, float]:
        """A layer that changes height and width in its own way."""
        rng = self.rng
        new = rng.choice(CHANNELS)
        kernel, stride, padding = rng.randrange(1, 6), rng.randrange(1, 4), rng.randrange(3)
        window = f"{kernel}, stride={stride}, padding={min(padding, kernel // 2)}"
        ceil_mode = rng.choice(["", ", ceil_mode=true"])
        self.count += 1
        layer, channels = rng.choice(
            [
                (f"conv2d({new}, {window}, dilation={rng.randrange(1, 4)})", new),
                (f"conv2d({new}, [{kernel}, 1], stride=[1, {stride}])", new),
                (f'conv2d({new}, {kernel}, padding="same")', new),
                (f"max_pool2d({window}{ceil_mode})", channels),
                (f"avg_pool2d({window}{ceil_mode})", channels),
                (f"conv_transpose2d({new}, {window})", new),
                (f"pad([{padding}, 0, {stride}, -{padding}])", channels),
                (f'pad([{kernel}, {padding}, 0, 1], mode="reflect")', channels),
                ("pixel_shuffle(1) -> pixel_unshuffle(2)", 4 * channels),
                (f"interpolate(scale_factor={stride})", channels),
                ("adaptive_avg_pool2d([none, 4])", channels),
                (f"unfold({kernel}, stride={stride}) -> unsqueeze(-1)", channels * kernel**2),
            ]
        )
        return f"({layer})", channels, halved + rng.choice([0, 1, self.count / 1000])

    def chain(self, image: Image, most: int = 4) -> tuple[str, int, float]:
        """`-> layer -> label: layer …`"""
        text, channels, halved = "", image.channels, image.halved
        for _ in range(self.rng.randrange(1, most + 1)):
            layer, channels, halved = self.layer(channels, halved)
            label = ""
            if self.rng.random() < 0.3:
                label = self.name("l") + ": "
            text += self.rng.choice([" -> ", " -> ", "\n            -> "]) + label + layer
        return text, channels, halved

    # -- definitions ------------------------------------------------------------------------------

    def block(self) -> None:
        rng, name = self.rng, self.name("Block")
        if rng.random() < 0.4:
            act = rng.choice(ACTIVATIONS)
            self.parts.append(
                f"block {name}(c: int, k: int = 3, act: layer = {act}) =\n"
                "    conv2d(c, k, padding=k // 2, bias=false) -> batch_norm2d -> act"
            )
            self.blocks.append(name)
        elif rng.random() < 0.5:
            norm = rng.choice(["batch_norm2d", "identity", "group_norm(1)"])
            act = rng.choice(ACTIVATIONS)
            back = rng.choice(["relu(y + skip)", "y + skip", "out = y * skip"])
            shortcut = "x if C == c else x -> shortcut: conv2d(c, 1)"
            self.parts.append(
                f'block {name}(c: int, p: float = 0.1):\n    """A residual."""\n    input x: [N, C, H, W]\n'
                f"    y = x -> conv2d(c, 3, padding=1) -> {norm} -> {act} -> dropout(p)\n"
                f"    skip = {shortcut}\n    return {back}"
            )
            self.blocks.append(name)
        else:
            gamma = rng.choice(["ones", "zeros", "constant(0.5)", "normal(0, 0.02)"])
            self.parts.append(
                f"block {name}:\n    input x: [N, C, ...]\n    param gamma: [1] = {gamma}\n"
                "    if training:\n        x = x -> dropout(0.1)\n"
                f"    return x * gamma -> {rng.choice(ACTIVATIONS)}"
            )
            self.keepers.append(name)

    def tower(self) -> None:
        name = self.name("Tower")
        self.parts.append(
            f"block {name}(depth: int):\n    input x: [N, C, H, W]\n    if depth > 0:\n"
            f"        x = x -> conv2d(C, 1) -> {name}(depth - 1)\n    return x"
        )
        self.keepers.append(f"{name}({self.rng.randrange(4)})")

    # -- bodies -----------------------------------------------------------------------------------

    def body(self, images: list[Image]) -> list[str]:
        lines: list[str] = []
        for _ in range(self.rng.randrange(2, 8)):
            lines += self.statement(images)
            if self.rng.random() < 0.15:
                lines.append(self.rng.choice(["", "# a comment", "# ok: NN608 on purpose"]))
        return lines

    def statement(self, images: list[Image]) -> list[str]:
        rng = self.rng
        image = rng.choice(images[-3:])
        kind = rng.randrange(12)
        alike = [i for i in images if (i.channels, i.halved) == (image.channels, image.halved)]
        level = [i for i in images if i.halved == image.halved]
        name = self.name("v")
        if kind == 0:
            other, sign = rng.choice(alike), rng.choice("+-*")
            images.append(Image(name, image.channels, image.halved))
            return [f"{name} = {image.name} {sign} {rng.choice(['', '0.5 * '])}{other.name}"]
        if kind == 1:
            joined = [image, *rng.sample(level, min(len(level), 2))]
            images.append(Image(name, sum(i.channels for i in joined), image.halved))
            return [f"{name} = concat({', '.join(i.name for i in joined)}, dim=1)"]
        if kind == 2:
            wide = rng.choice(CHANNELS)
            rounds = rng.randrange(1, 4)
            images.append(Image(name, wide * rounds, image.halved))
            return [
                f"{name} = {image.name}", f"for i in range({self.number(rounds)}):",
                f"    {name} = {name} -> {self.name('c')}[i]: conv2d({wide} * (i + 1), 3, padding=1) -> relu",
            ]  # fmt: skip
        if kind == 3:
            layer, channels, halved = self.layer(image.channels, image.halved)
            images.append(Image(name, channels, halved))
            condition = rng.choice(
                ["2 > 1", "not false", "len([1, 2]) == 2", "1 in [1, 2]", "1 < 2 < 3"]
            )
            return [
                f"if {condition}:",
                f"    {name} = {image.name} -> {layer}",
                "else:",
                f"    {name} = 3",
            ]
        if kind == 4:
            shape = f"[N, {self.number(image.channels)}, _{name}h, _{name}w]"
            images.append(Image(name, image.channels, image.halved))
            return [f"{name}: {shape} = {image.name} -> {rng.choice(ACTIVATIONS)}"]
        if kind == 5 and image.channels % 2 == 0:
            images += [Image(f"{name}{side}", image.channels // 2, image.halved) for side in "ab"]
            return [f"{name}a, {name}b = {image.name} -> chunk(2, dim=1)"]
        if kind == 6:
            images.append(Image(name, image.channels, image.halved))
            shared = self.name("shared")
            return [
                f"layer {shared} = conv2d({self.number(image.channels)}, 1)",
                f"{name} = {image.name} -> {shared} -> relu -> {shared}",
            ]
        if kind == 7:
            images.append(Image(name, image.channels, image.halved))
            return [
                f"param {name}_w: [{image.channels}, 1, 1] = {rng.choice(['ones', 'zeros', 'normal(0, 1)'])}",
                f"{name} = {image.name} * {name}_w",
            ]
        if kind == 8:
            return [f'assert {self.number(image.channels)} == {image.channels}, "as counted"']
        if kind == 9:
            images.append(Image(name, image.channels, image.halved))
            chosen = f"{image.name} if {rng.choice(['true', 'false'])} else {image.name} -> tanh"
            return [f"{name} = {chosen}"]
        if kind == 10:
            images.append(Image(name, image.channels, image.halved))
            return [
                f"{name}s = [{image.name}]",
                f"{name}s = {name}s + [{image.name}]",
                f"{name} = {name}s[-1]",
            ]
        text, channels, halved = self.chain(image)
        images.append(Image(name, channels, halved))
        return [f"{name} = {image.name}{text}"]

    def model(self) -> None:
        rng, name = self.rng, self.name("Model")
        channels = rng.choice([1, 3, 4])
        batch, height, width = rng.choice(
            [("N", "H", "W"), ("N", "H", "H"), ("B", "16", "16"), ("N", "S", "24")]
        )
        images = [Image("image", channels, 0)]
        lines = [
            f"input image: [{batch}, {channels}, {height}, {width}]",
            "assert classes > 0",
            *self.body(images),
        ]
        last = images[-1]
        classes = rng.choice(["classes", f"{self.number(5)} + classes"])
        head = f"{last.name} -> adaptive_avg_pool2d(1) -> flatten -> fc: linear({classes})"
        back = rng.choice(
            [
                f"logits = {head}",
                head,
                f"y = {last.name}",
                f"{last.name}, pooled = {head}",
                f"({last.name} -> relu)",
            ]
        )
        written = " ".join([*lines, back])
        unused = [i.name for i in images if len(re.findall(rf"\b{i.name}\b", written)) == 1]
        back = ", ".join([back, *unused])
        lines = [line.replace("[N,", f"[{batch},") for line in lines]
        parameters = rng.choice(
            ["(classes: int = 10)", "(classes: int = WIDTH, _more: list = [1, 2])"]
        )
        body = "\n".join(f"    {line}" if line else "" for line in [*lines, f"return {back}"])
        self.parts.append(f"model {name}{parameters}:\n{body}")
        if rng.random() < 0.3:
            self.parts.append(f"model {self.name('preset')} = {name}(classes={self.number(3)})")

    # -- sequences --------------------------------------------------------------------------------

    def sequence(self) -> None:
        """A model of tokens: embedding, attention, linear layers, patterns in strings."""
        rng, name = self.rng, self.name("Text")
        heads = rng.choice([1, 2, 4])
        width = heads * rng.choice([2, 4, 8])
        lines = [
            "input tokens: i64[N, T]",
            "assert classes > 0",
            f"layer wte = embedding(11, {self.number(width)})",
            "x = tokens -> wte",
        ]
        for _ in range(rng.randrange(1, 6)):
            lines += self.step(width, heads)
        lines.append(
            rng.choice(
                [
                    "return logits = x -> linear(11, bias=false, weight=wte.weight)",
                    "return x -> mean(1) -> head: linear(classes)",
                    "return x[:, 0], x -> linear(classes)",
                    "return x: [N, T, _]",
                ]
            )
        )
        body = "\n".join(f"    {line}" for line in lines)
        self.parts.append(f"model {name}(classes: int = 3):\n{body}")

    def step(self, width: int, heads: int) -> list[str]:
        rng = self.rng
        number = self.number(width)
        norm = rng.choice(["layer_norm", "rms_norm", "identity"])
        causal = rng.choice(["true", "false"])
        part = f"{heads}, {width // heads}"
        return rng.choice(
            [
                [f"x = x + (x -> {norm} -> linear({4 * width}) -> gelu -> linear({number}))"],
                [f"x = x -> {norm} -> linear({number}) -> dropout(0.1) -> softmax(dim=-1)"],
                [
                    f"q, k, v = x -> {norm} -> linear({self.number(3 * width)}) -> rearrange("
                    f'"n t (three h d) -> three n h t d", three=3, h={heads})',
                    f"x = x + (scaled_dot_product_attention(q, k, v, is_causal={causal})"
                    ' -> rearrange("n h t d -> n t (h d)"))',
                ],
                [
                    f'w = einsum(x, x, "n t d, n s d -> n t s") / {width} ** 0.5 -> softmax(dim=-1)',
                    "x = w @ x",
                ],
                [
                    f"x = x -> permute([0, 2, 1]) -> conv1d({number}, 3, padding=1) -> permute([0, 2, 1])"
                ],
                [
                    f"for i in range({self.number(2)}):",
                    f"    x = x -> {self.name('m')}[i]: linear({number}) -> tanh",
                ],
                [f"x = x * sigmoid(x -> linear({number}))", "x = where(x > 0, x, 0.1 * x)"],
                [
                    f"position = arange(T) -> {self.name('wpe')}: embedding(64, {number})",
                    "x = x + position",
                    "assert T <= 64",
                ],
                [f"x = concat(x, x, dim=-1) -> linear({number})"],
                [
                    f"x = x -> reshape([N, T, {part}]) -> transpose(1, 2) -> transpose(1, 2) -> flatten(2)"
                ],
            ]
        )


def daring(rng: random.Random) -> str:
    """The same, with layers that change sizes in any way: what is right then takes few sizes."""
    return made(rng, True)


def made(rng: random.Random, daring: bool = False) -> str:
    maker = Maker(rng, daring)
    for _ in range(rng.randrange(4)):
        rng.choice([maker.block, maker.block, maker.tower])()
    for _ in range(rng.choice([1, 1, 1, 2])):
        rng.choice([maker.model, maker.model, maker.sequence])()
    head = ['"""Made by chance."""'] if rng.random() < 0.3 else []
    constants = "WIDTH = 2 ** 3\n\nfn half(n: int) = n // 2"
    parts = [*head, constants, *maker.parts]
    if rng.random() < 0.3 and not head:  # in any order
        rng.shuffle(parts)
    return "\n\n".join(parts) + "\n"
