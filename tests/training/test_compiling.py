"""`compile=true`: the same steps as those of a plain loop, and clear words where it cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from nnspec.training.errors import RunError  # noqa: E402
from tests.training.test_updates import MLP, by_hand, one_epoch, same, sgd, trainer  # noqa: E402

#: the last of its batches of 32 has 10 samples
ODD = MLP.replace("train: 320", "train: 330")


@pytest.mark.parametrize("accumulate", [1, 2])
def test_a_compiled_epoch_is_that_of_a_plain_loop(tmp_path: Path, accumulate: int) -> None:
    from torch._dynamo.utils import counters

    torch._dynamo.reset()
    counters.clear()
    size = 32 // accumulate
    made = trainer(tmp_path, ODD, compile=True, batch_size=size, accumulate=accumulate)
    ours = one_epoch(made)
    assert counters["stats"]["unique_graphs"] == accumulate  # gradients that are there are added to
    assert not counters["graph_break"]
    same(ours, by_hand(trainer(tmp_path, ODD), sgd), rtol=1e-4, atol=1e-6)


def test_without_a_compiler(tmp_path: Path) -> None:
    from torch._inductor import config

    none = config.patch({"cpp.cxx": ("no-such-compiler",)})
    with none, pytest.raises(RunError, match=r"needs a C\+\+ compiler") as caught:
        trainer(tmp_path, MLP, compile=True)
    assert "CXX" in caught.value.help


def test_what_the_compiler_refuses_is_said(tmp_path: Path) -> None:
    from torch._inductor import config

    refuses = tmp_path / "cxx"
    reason = "fatal error: Python.h: No such file or directory"
    says = '#!/bin/sh\n[ "$1" = --version ] && echo g++ 13 && exit\n'
    refuses.write_text(f'{says}echo "{reason}" >&2\nexit 1\n')
    refuses.chmod(0o755)
    torch._dynamo.reset()
    with config.patch({"cpp.cxx": (str(refuses),), "force_disable_caches": True}):
        made = trainer(tmp_path, MLP, compile=True)
        with pytest.raises(RunError, match=r"compile this step: .*Python\.h"):
            one_epoch(made)
