"""One run on the digits, which several files look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from nnspec.training.run import Run


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    pytest.importorskip("torch")
    from tests.training.started import start

    return start(tmp_path_factory.mktemp("runs"), epochs=4)
