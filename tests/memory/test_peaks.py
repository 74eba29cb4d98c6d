"""The foretold peak of a training step, within a tenth of what PyTorch's memory tracker sees.

`python -m tests.memory.deep` has more models.
"""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

from nnspec.source import Source

from .deep import LSTM, found
from .judge import peaks, source_of

#: a tied table, a branch that is added, a chain of blocks, attention, a dropout
TIED = """
block Layer(heads: int):
    input x: [N, T, D]
    h = x -> norm: layer_norm
    q, k, v = h -> qkv: linear(3 * D) -> chunk(3, dim=-1)
    h = scaled_dot_product_attention(
        q -> rearrange("n t (h d) -> n h t d", h=heads), k -> rearrange("n t (h d) -> n h t d", h=heads),
        v -> rearrange("n t (h d) -> n h t d", h=heads), is_causal=true)
    x = x + (h -> rearrange("n h t d -> n t (h d)") -> out: linear(D) -> dropout(0.1))
    return x + (x -> norm2: layer_norm -> up: linear(4 * D) -> gelu -> down: linear(D))

model small(width: int = 128, words: int = 1000):
    input tokens: i64[N, T]
    x = tokens -> embed: embedding(words, width) -> layers: 4 * Layer(4)
    return scores = x -> head: linear(words)
"""


AGAIN = TIED.replace("4 * Layer(4)", "4 * checkpoint(Layer(4))").replace(
    "words: int = 1000", "words: int = 10"
)


@pytest.mark.parametrize(
    ("source", "name", "sizes", "how"),
    [
        (source_of("specs/digits.nn"), "DigitsCNN", {"N": 512}, {}),
        (source_of("zoo:resnet18"), "resnet18", {"N": 16, "H": 64, "W": 64}, {"half": True}),
        (Source(TIED, "small.nn"), "small", {"N": 8, "T": 64}, {}),
        (Source(AGAIN, "again.nn"), "small", {"N": 32, "T": 64}, {}),
        (Source(LSTM, "words.nn"), "Words", {"N": 8, "T": 32}, {"real": True}),
    ],
    ids=["digits", "resnet18 in bf16", "transformer", "checkpoint", "lstm"],
)
def test_the_peak_is_within_a_tenth(
    source: Source, name: str, sizes: dict[str, int], how: dict[str, bool]
) -> None:
    ours, theirs = peaks(source, name, sizes, **how)
    assert ours == pytest.approx(theirs, rel=0.1)


def test_what_fsdp_holds_is_foretold_to_a_tenth() -> None:
    """Of two processes, as PyTorch's tracker for FSDP2 counts; without the exchange itself."""
    from .divided import peaks as divided_peaks

    ours, theirs = divided_peaks(*found("LLAMA"), {"N": 2, "T": 64}, 2)
    assert ours == pytest.approx(theirs, rel=0.1)


def test_what_ddp_holds_is_foretold_to_a_tenth() -> None:
    """With the buckets of its exchange, as PyTorch's allocator counts."""
    from .exchanged import peaks as exchanged_peaks

    ours, theirs = exchanged_peaks(Source(TIED, "small.nn"), "small", {"N": 8, "T": 64})
    assert ours == pytest.approx(theirs, rel=0.1)
