"""In notebooks: tables in HTML, and specs that are imported anew when they were edited."""

from __future__ import annotations

import importlib
import os
import sys
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("torch")

import nnspec
import nnspec.hook

SPEC = '''
model Net(width: int = 4):
    """<script>alert(1)</script>"""
    input x: [N, 3]
    return y = x -> fc: linear(width)
'''


class Cells(HTMLParser):
    """The cells of all tables, and the names of all tags."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.cells: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1] in ("td", "th"):
            self.cells.append(data)


def read(html: str) -> Cells:
    found = Cells()
    found.feed(html)
    return found


def test_a_spec_a_report_and_a_model_show_their_table(tmp_path: Path) -> None:
    file = tmp_path / "net.nn"
    file.write_text(SPEC)
    spec, report = nnspec.load(file), nnspec.check(str(file))
    for shown in (spec, report, report.models["Net"], spec.Net()):
        found = read(shown._repr_html_())
        assert found.cells[:5] == ["layer", "operator", "output", "parameters", "MACs"]
        row = found.cells.index("fc")
        assert found.cells[row : row + 5] == ["fc", "linear(4)", "[N, 4]", "16", "12"]
    assert "36" in read(spec.Net(width=9)._repr_html_()).cells  # 3 * 9 + 9


def test_what_a_spec_says_is_escaped() -> None:
    text = 'model Net:\n    input x: [N, 3]\n    return x -> nonsense_<b>("<img>")\n'
    html = nnspec.check_source(text)._repr_html_()
    assert "error[" in html
    assert {"b", "img", "script"}.isdisjoint(read(html).tags)


def test_an_edited_spec_is_imported_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    file = tmp_path / "in_a_notebook.nn"
    file.write_text(SPEC)
    importlib.invalidate_caches()
    module = importlib.import_module("in_a_notebook")
    called: list[Any] = []
    shell = SimpleNamespace(
        user_ns={"Net": module.Net, "Other": module.Net, "width": 4},
        events=SimpleNamespace(register=lambda name, function: called.append((name, function))),
    )
    nnspec.hook.load_ipython_extension(shell)
    ((event, before_cell),) = called
    assert event == "pre_run_cell"
    before_cell(None)
    assert shell.user_ns["Net"]().fc.out_features == 4
    file.write_text(SPEC.replace("width: int = 4", "width: int = 7"))
    os.utime(file, ns=(1, 1))
    before_cell(None)
    assert shell.user_ns["Net"]().fc.out_features == 7
    assert shell.user_ns["Other"] is module.Net is shell.user_ns["Net"]
    assert shell.user_ns["width"] == 4
    del sys.modules["in_a_notebook"]
