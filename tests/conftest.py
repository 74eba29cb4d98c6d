"""Golden files: `golden("name.txt", text)` compares with tests/golden/; `--renew-golden` writes
them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

GOLDEN = Path(__file__).parent / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--renew-golden", action="store_true", help="write tests/golden/ anew")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compares a text with the golden file of that name."""

    def check(name: str, text: str) -> None:
        file = GOLDEN / name
        if request.config.getoption("--renew-golden"):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        assert file.exists(), (
            f"{file} is missing: run pytest --renew-golden, and read what it wrote"
        )
        assert text == file.read_text(encoding="utf-8")

    return check


@pytest.fixture(scope="session")
def torchvision_models() -> Any:
    """torchvision.models, also of a build that lacks its compiled operators."""
    if find_spec("torchvision") is None:
        pytest.skip("torchvision is not installed")
    import_module("nnspec.training")  # defines what such a build lacks
    return import_module("torchvision.models")


@pytest.fixture
def one_thread() -> Iterator[None]:
    """PyTorch with one thread, where networks are too small for more or the order of sums matters."""
    torch = pytest.importorskip("torch")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
