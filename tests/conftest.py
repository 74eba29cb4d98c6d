"""Golden files: `golden("name.txt", text)` compares with tests/golden/; `--renew-golden` writes
them.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

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
