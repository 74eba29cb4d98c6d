"""What an import takes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import nnspec
from nnspec.places import Shelves
from nnspec.source import Source

from .files import BLOCKS, ROOT, USE, write


def test_a_block_keeps_the_scope_of_its_file(tmp_path: Path) -> None:
    """`double` of the importing file is another one."""
    main = 'from "parts/blocks.nn" import Block\n\nfn double(n: int) = 100 * n\n\n' + USE
    report = nnspec.check(write(tmp_path, main=main, parts__blocks=BLOCKS))
    assert report.ok
    assert list(report.models) == ["Main"]
    assert report.models["Main"].params.total == 3 * 10 + 10


def test_functions_constants_and_other_names(tmp_path: Path) -> None:
    main = (
        'from "blocks.nn" import double as twice, WIDTHS, Block as Other\n\n'
        "model Main:\n    input x: [N, 3]\n    return x -> Other(twice(WIDTHS[1]))\n"
    )
    report = nnspec.check(write(tmp_path, main=main, blocks=BLOCKS))
    assert report.models["Main"].outputs["output"].shape == ("N", 64)


def test_imported_models_are_named_but_not_listed(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        main='from "blocks.nn" import Net, wide as broad\n\nmodel big = Net(64)\nmodel huge = broad()\n',
        blocks=BLOCKS,
    )
    assert list(nnspec.check(path).models) == ["big", "huge"]
    for name, width in (("big", 64), ("huge", 32), ("Net", 4), ("broad", 32)):
        model = nnspec.check(f"{path}:{name}").models[name]
        hidden = 2 * width
        assert model.params.total == 3 * hidden + hidden + hidden * 2 + 2, name
    with pytest.raises(OSError, match="did you mean `broad`"):
        nnspec.check(f"{path}:braod")


def test_names_pass_through_a_file(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        main='from "all.nn" import Block\n\n' + USE,
        all='from "parts/blocks.nn" import Block\n',
        parts__blocks=BLOCKS,
    )
    assert nnspec.check(path).ok


def test_paths_count_from_the_importing_file(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        main='from "a/b.nn" import Block\n\n' + USE,
        a__b='from "c/d.nn" import Block\n',
        a__c__d='from "../../blocks.nn" import Block\n',
        blocks=BLOCKS,
    )
    assert nnspec.check(path).ok


def test_a_diamond_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    inner = Shelves.read

    def noted(shelves: Shelves, key: str) -> Source:
        read.append(key)
        return inner(shelves, key)

    monkeypatch.setattr(Shelves, "read", noted)
    path = write(
        tmp_path,
        main='from "left.nn" import Left\nfrom "./right.nn" import Right\n\n'
        "model Main:\n    input x: [N, 3]\n    return x -> Left -> Right\n",
        left='from "blocks.nn" import Block\n\nblock Left = Block(2)\n',
        right='from "blocks.nn" import Block\n\nblock Right = Block(3)\n',
        blocks=BLOCKS,
    )
    assert nnspec.check(path).ok
    assert sorted(read) == ["blocks.nn", "left.nn", "right.nn"]


def test_the_zoo_is_there_without_a_folder() -> None:
    text = "from zoo.resnet import ResNet, BasicBlock\n\nmodel tiny = ResNet(BasicBlock, [1, 1])\n"
    assert nnspec.check_source(text).ok
    (problem,) = nnspec.check_source('from "a.nn" import A\n' + text).diagnostics
    assert (problem.code, problem.message) == (
        "NN212",
        "this spec comes from no file, so it has no folder to import from",
    )


def test_a_text_with_a_folder(tmp_path: Path) -> None:
    write(tmp_path, blocks=BLOCKS)
    text = 'from "blocks.nn" import Block\n\n' + USE
    assert nnspec.check_source(text, str(tmp_path / "edited.nn")).ok


@pytest.mark.parametrize("command", ["check", "compile"])
def test_standard_input_imports_from_the_current_folder(tmp_path: Path, command: str) -> None:
    if command == "compile":
        pytest.importorskip("torch")
    write(tmp_path, blocks=BLOCKS)
    done = subprocess.run(
        [sys.executable, "-m", "nnspec", command, "-"],
        input='from "blocks.nn" import Block\n\n' + USE,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Main" in done.stdout


def test_no_file_is_opened_without_an_import(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("a file was opened")

    text = "model Main:\n    input x: [N, 3]\n    return x -> linear(2)\n"
    assert nnspec.check_source(text).ok
    monkeypatch.setattr("builtins.open", never)
    assert nnspec.check_source(text).ok
    with pytest.raises(AssertionError, match="opened"):
        nnspec.check_source("from zoo.resnet import ResNet\n" + text)


def test_a_spec_in_a_folder_takes_from_the_zoo(tmp_path: Path) -> None:
    main = (
        "from zoo.resnet import Bottleneck\n\nmodel Net:\n    input x: [N, 64, 8, 8]\n"
        "    return x -> body: 2 * Bottleneck(16)\n"
    )
    net = nnspec.check(write(tmp_path / "deep" / "er", main=main)).models["Net"]
    # 1x1, 3x3, 1x1 without bias, and a norm after each, twice
    assert net.params.total == 2 * (64 * 16 + 16 * 16 * 9 + 16 * 64 + 2 * (16 + 16 + 64))
