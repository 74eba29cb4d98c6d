"""Labels with computed parts become the keys of the state dict."""

from __future__ import annotations

from pathlib import Path

import nnspec

CASE = Path(__file__).parent.parent / "cases" / "accept" / "labels.nn"


def test_numbers_of_a_block_and_hyphens_are_in_the_keys() -> None:
    keys = nnspec.load(str(CASE)).Net().state_dict()
    assert [key for key in keys if key.endswith("weight")] == [
        "trunk.stage-1.block1-0.weight",
        "trunk.stage-1.block1-1.weight",
        "trunk.stage-1.last.1.weight",
        "trunk.stage-2.block2-0.weight",
        "trunk.stage-2.block2-1.weight",
        "trunk.stage-2.last.2.weight",
    ]
