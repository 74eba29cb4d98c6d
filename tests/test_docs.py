"""What docs/ shows is what happens: specs, commands with their outputs, Python; links lead somewhere."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from runpy import run_path

import pytest

from tests.documents import as_it_was, blocks, fits, follow

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(page.name for page in DOCS.glob("*.md"))
MADE = {"errors.md", "operators.md", "recipes.md"}  # by docs/generate.py
FOLLOWED = [name for name in PAGES if name not in {"architecture.md", "README.md", *MADE}]


@pytest.mark.parametrize("name", FOLLOWED)
def test_the_page_is_what_happens(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch = pytest.importorskip("torch")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # these networks are too small for more
    shutil.copytree(ROOT / "specs", tmp_path / "specs")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("NO_COLOR", "1")
    with as_it_was():
        follow(DOCS / name)
    torch.set_num_threads(threads)


def test_the_made_pages_are_up_to_date() -> None:
    pages = run_path(str(DOCS / "generate.py"))["pages"]()
    assert set(pages) == MADE
    for name, text in pages.items():
        up_to_date = (DOCS / name).read_text("utf-8") == text
        assert up_to_date, f"docs/{name} is out of date: run python docs/generate.py"


def _targets(name: str) -> list[str]:
    text = re.sub(r"^```.*?^```$", "", (DOCS / name).read_text("utf-8"), flags=re.M | re.S)
    return re.findall(r"\]\(([^)\s]+)\)", text)


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name: str) -> None:
    for link in _targets(name):
        file, _, anchor = link.partition("#")
        page = (DOCS / file) if file else DOCS / name
        assert page.exists(), link
        if anchor:
            headings = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.M)
            made = {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}
            assert anchor in made, link


def test_the_index_names_every_page() -> None:
    assert {link.partition("#")[0] for link in _targets("README.md")} >= set(PAGES) - {"README.md"}


def test_both_beginners_pages_show_the_same() -> None:
    english, chinese = (
        [block for block in blocks((DOCS / name).read_text("utf-8")) if block.kind == "console"]
        for name in ("beginner.md", "beginner.zh.md")
    )
    assert [block.text for block in english] == [block.text for block in chinese]


@pytest.mark.parametrize(
    ("expected", "real", "fitting"),
    [
        ("a  b", "a  b   \n", True),
        ("a  b", "a b", False),
        ("took … s\nend", "took 0.2 s\nend", True),
        ("took … s\nend", "took 0.2 s\nmore\nend", False),
        ("first\n…\nlast", "first\n1\n2\nlast", True),
        ("first\n…\nlast", "first\nlast", True),
        ("first\n…\nlast", "first\n1\n2", False),
        ("", "something", False),
        ("(a.c)", "(abc)", False),
    ],
)
def test_an_output_is_compared(expected: str, real: str, fitting: bool) -> None:
    assert fits(expected, real) is fitting
