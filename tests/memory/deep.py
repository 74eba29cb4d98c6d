"""`python -m tests.memory.deep`: a dozen models of all kinds, foretold and measured.

docs/clusters.md has the table.
"""

from __future__ import annotations

import sys

from nnspec.source import Source

from .judge import peaks, row, source_of

LSTM = """
model Words(width: int = 256, words: int = 10_000):
    input tokens: i64[N, T]
    x = tokens -> embed: embedding(words, width)
    out, h, c = x -> lstm: lstm(width, 2)
    return scores = out -> head: linear(words)
"""

SMALL = "Llama3(width=256, depth=6, heads=8, hidden=688, kv_heads=4, vocab=8000)"

MODELS = [
    ("zoo:resnet50", {"N": 8, "H": 224, "W": 224}),
    ("zoo:vit_b_16", {"N": 8}),
    ("zoo:convnext_tiny", {"N": 4, "H": 224, "W": 224}),
    ("zoo:efficientnet_b0", {"N": 8, "H": 224, "W": 224}),
    ("zoo:densenet121", {"N": 4, "H": 224, "W": 224}),
    ("zoo:mobilenet_v3_large", {"N": 16, "H": 224, "W": 224}),
    ("zoo:swin_t", {"N": 2, "H": 224, "W": 224}),
    ("zoo:UNet", {"N": 2, "H": 128, "W": 128}),
    ("zoo:gpt2", {"N": 4, "T": 128}),
    ("LLAMA", {"N": 4, "T": 128}),
    ("specs/digits.nn:DigitsCNN", {"N": 512}),
    ("LSTM", {"N": 16, "T": 64}),
]
#: PyTorch's fake tensors do not run these
REAL = ("zoo:swin_t", "LSTM")


def found(target: str) -> tuple[Source, str]:
    """The spec of a line of a table, and the name of its model."""
    if target == "LSTM":
        return Source(LSTM, "words.nn"), "Words"
    if target == "LLAMA":
        text = source_of("zoo:llama3_8b").text
        return Source(f"{text}\nmodel llama_small = {SMALL}\n", "llama.nn"), "llama_small"
    return source_of(target), target.rpartition(":")[2]


def main() -> None:
    worst = 0.0
    print("| model | sizes | foretold | measured | |\n|---|---|---|---|---|")
    for target, sizes in MODELS:
        if sys.argv[1:] and target not in sys.argv[1:]:
            continue
        source, name = found(target)
        ours, theirs = peaks(source, name, sizes, target in REAL)
        worst = max(worst, abs(ours / theirs - 1))
        row(name, sizes, ours, theirs)
    print(f"worst: {100 * worst:.1f}%")


if __name__ == "__main__":
    main()
