"""The spec's comments in the generated code: above what their statement became."""

from __future__ import annotations

import ast
import io
import tokenize

from nnspec.compiler.source import program_of, source_of
from nnspec.source import Source

SPEC = """
# squeezes, then widens
block Unit(c: int):
    input x: [N, C, H, W]
    # of the numbers nothing is left
    wide = 2 * c
    # one factor for each channel
    param gamma: [c, 1, 1] = ones
    # two convolutions
    for i in range(2):
        x = x -> conv2d(wide, 3)  # each takes two rows away
    y = x
        -> a: conv2d(8, 3)   # narrow
        -> relu
        -> b: conv2d(c, 3)   # wide again
    # a branch that is not taken
    if c == 99:
        # not at all
        y = y -> relu
    # scaled
    return y * gamma

# a section

model Net:
    input x: [N, 3, H, W]
    layer enc = conv2d(8, 3)                # used once
    z = x -> enc -> norm: batch_norm2d      # ok: NN608 the published weights have a bias
    if training:
        z = z -> dropout(0.5)               # noise
    z = z -> tail[0]: conv2d(8, 1) -> tail[1]: conv2d(8, 1)  # ok: NN609
    return z -> unit: Unit(8)
"""

#: the comments, with the line of code below each block of them
PLACES = [
    (["# squeezes, then widens"], "class Unit(nn.Module):"),
    (["# one factor for each channel"], "self.gamma = nn.Parameter(torch.ones(c, 1, 1))"),
    (["# two convolutions", "# each takes two rows away"], "x = self.conv2d_1(x)"),
    (["# narrow"], "x = F.relu(self.a(x), inplace=True)"),
    (["# wide again"], "y = self.b(x)"),
    (["# scaled"], "return y * self.gamma"),
    (["# used once"], "self.enc = nn.Conv2d(3, 8, 3)"),
    (["# the published weights have a bias"], "z = self.norm(self.enc(x))"),
    (["# noise"], "z = self.dropout(z)"),
]


def test_they_stand_above_their_lines() -> None:
    text = source_of(program_of(Source(SPEC, "net.nn")), ["Net"]).text
    lines = [line.strip() for line in text.splitlines()]
    found = [(list(said), line) for said, line in _blocks(lines)]
    assert found == PLACES
    count = sum(
        token.type == tokenize.COMMENT
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
    )
    assert count == sum(len(said) for said, _ in PLACES)
    bare = source_of(program_of(Source(_without(SPEC), "net.nn")), ["Net"]).text
    assert ast.dump(ast.parse(text)) == ast.dump(ast.parse(bare))


def _blocks(lines: list[str]) -> list[tuple[list[str], str]]:
    found: list[tuple[list[str], str]] = []
    said: list[str] = []
    for line in lines:
        if line.startswith("#"):
            said.append(line)
        elif said:
            found.append((said, line))
            said = []
    return found


def _without(spec: str) -> str:
    return "\n".join(line.partition("#")[0].rstrip() for line in spec.splitlines())
