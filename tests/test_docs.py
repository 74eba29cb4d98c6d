"""What docs/ shows is what happens: specs, commands with their outputs, Python; links lead somewhere."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from runpy import run_path

import pytest

from nnspec.cli.commands import COMMANDS
from nnspec.codes import CODES
from nnspec.elaborate.budgets import FIGURES
from nnspec.elaborate.initial import INITIALISERS
from nnspec.elaborate.numbers import FUNCTIONS
from nnspec.limits import MEANINGS
from nnspec.operators import index as operators
from nnspec.recipe.plan import PARTS, SETTINGS
from nnspec.source import Source
from nnspec.syntax import tree
from nnspec.syntax.parser import parse
from nnspec.syntax.table import HARD_WORDS, SOFT_WORDS
from nnspec.tensors import DTYPES
from tests.documents import as_it_was, as_spec, blocks, fits, follow

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(page.relative_to(DOCS).as_posix() for page in DOCS.glob("**/*.md"))
# by docs/generate.py
MADE = {"differences.md", "errors.md", "operators.md", "recipes.md", "zoo.md"}
MADE |= {f"operators/{name}.md" for name in operators()}
MADE |= {f"errors/{code}.md" for code in CODES}  # their examples: test_codes.py
FOLLOWED = [name for name in PAGES if name not in {"architecture.md", "README.md", *MADE}]


@pytest.mark.parametrize("name", FOLLOWED)
def test_the_page_is_what_happens(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, one_thread: None
) -> None:
    shutil.copytree(ROOT / "specs", tmp_path / "specs")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("NO_COLOR", "1")
    with as_it_was():
        follow(DOCS / name)


def test_the_made_pages_are_up_to_date(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(DOCS))
    pages = run_path(str(DOCS / "generate.py"))["pages"]()
    assert set(pages) == MADE
    single = {page for page in PAGES if page.startswith(("errors/", "operators/"))}
    assert single <= MADE, "of codes and operators that are no more"
    for name, text in pages.items():
        up_to_date = (DOCS / name).read_text("utf-8") == text
        assert up_to_date, f"docs/{name} is out of date: run python docs/generate.py"


def _within(node: object) -> Iterator[object]:
    """A part of a syntax tree and all parts of it."""
    yield node
    if isinstance(node, (tree.Tree, tree.Module)):
        for field in node._fields:
            yield from _within(getattr(node, field))
    elif isinstance(node, tuple):
        for item in node:
            yield from _within(item)


def test_the_reference_shows_every_construct() -> None:
    shown: set[str] = set()
    for block in blocks((DOCS / "language.md").read_text("utf-8")):
        if block.kind in ("nn", ""):
            for node in _within(parse(Source(as_spec(block), "page.nn"))[0]):
                shown.add(type(node).__name__)
                if isinstance(node, (tree.Binary, tree.Unary)):
                    shown.add(node.op)
                elif isinstance(node, tree.Compare):
                    shown |= {op for op, _ in node.rest}
    abstract = {"Tree", "Expr", "Statement", "Part"}
    kinds = {
        name
        for name, kind in vars(tree).items()
        if isinstance(kind, type) and issubclass(kind, tree.Tree)
    }
    kinds -= abstract
    operators = {"+", "-", "*", "/", "//", "%", "@", "**", "and", "or", "not"}
    operators |= {"==", "!=", "<", "<=", ">", ">=", "in", "not in"}
    assert kinds | operators <= shown, sorted((kinds | operators) - shown)


def _code(page: str) -> set[str]:
    """The words of a page that are written as code."""
    text = (DOCS / page).read_text("utf-8")
    fenced = re.findall(r"^```.*?^```", text, flags=re.M | re.S)
    spans = re.findall(r"`[^`]+`", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S))
    return set(re.findall(r"\w+", "\n".join([*fenced, *spans])))


def test_every_word_of_the_language_is_in_the_reference() -> None:
    words = {*FUNCTIONS, *INITIALISERS, *DTYPES, *HARD_WORDS, *SOFT_WORDS, *FIGURES, *MEANINGS}
    assert words <= _code("language.md"), sorted(words - _code("language.md"))


def test_every_setting_of_the_trainer_is_in_its_page() -> None:
    words = {*PARTS, *(setting.name for setting in SETTINGS)}
    assert words <= _code("training.md"), sorted(words - _code("training.md"))


def _targets(name: str) -> list[str]:
    text = re.sub(r"^```.*?^```$", "", (DOCS / name).read_text("utf-8"), flags=re.M | re.S)
    return re.findall(r"\]\(([^)\s]+)\)", text)


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name: str) -> None:
    for link in _targets(name):
        file, _, anchor = link.partition("#")
        page = (DOCS / name).parent / file if file else DOCS / name
        assert page.exists(), link
        if anchor:
            headings = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.M)
            made = {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}
            assert anchor in made, link


@pytest.mark.parametrize("name", PAGES)
def test_commands_in_running_text_exist(name: str) -> None:
    for command in re.findall(r"`nnspec (\w+)", (DOCS / name).read_text("utf-8")):
        assert command in COMMANDS, command


def test_the_index_names_every_page() -> None:
    named = {link.partition("#")[0] for link in _targets("README.md")}
    assert named >= {page for page in PAGES if "/" not in page} - {"README.md"}
    for kind in ("errors", "operators"):
        listed = {page for page in _targets(f"{kind}.md") if page.startswith(f"{kind}/")}
        assert listed == {page for page in PAGES if page.startswith(f"{kind}/")}


def test_both_beginners_pages_show_the_same() -> None:
    english, chinese = (
        [block for block in blocks((DOCS / name).read_text("utf-8")) if block.kind == "console"]
        for name in ("beginner.md", "beginner.zh.md")
    )
    assert [block.text for block in english] == [block.text for block in chinese]


def test_both_beginners_pages_are_built_alike() -> None:
    """The same sections, each with the same blocks, lists and tables, the same code less its comments."""
    pages = [(DOCS / name).read_text("utf-8") for name in ("beginner.md", "beginner.zh.md")]
    english, chinese = (list(blocks(page)) for page in pages)
    assert [block.kind for block in english] == [block.kind for block in chinese]
    for one, other in zip(english, chinese, strict=True):
        if one.kind not in ("text", "console"):
            stripped = [
                [line.split("#")[0].rstrip() for line in block.text.splitlines()]
                for block in (one, other)
            ]
            assert stripped[0] == stripped[1]
    lines = [page.splitlines() for page in pages]
    for begins in ("#", "- ", "|", "```", "!["):
        one_count, other_count = (sum(line.startswith(begins) for line in page) for page in lines)
        assert one_count == other_count, begins


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
