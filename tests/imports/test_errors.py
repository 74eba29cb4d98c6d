"""What is said of an import that cannot be, and of a file that has errors."""

from __future__ import annotations

from pathlib import Path

import pytest

import nnspec
from nnspec.report.problems import draw_all

from .files import BLOCKS, USE, problems, refusal, write


def test_a_problem_is_shown_in_its_file_with_the_use(tmp_path: Path) -> None:
    main = 'from "bad.nn" import Bad\n\nmodel Main:\n    input x: [N, 3]\n    return x -> Bad\n'
    bad = "block Bad:\n    input x: [N, C]\n    return x -> conv2d(8, 3)\n"
    report = nnspec.check(write(tmp_path, main=main, bad=bad))
    assert problems(report) == [("bad.nn", "NN303", 3)]
    text = draw_all(report.diagnostics)
    assert "bad.nn:3:17" in text
    assert "main.nn:5:17" in text
    assert "in this use of `Bad`" in text


@pytest.mark.parametrize(
    ("bad", "expected"),
    [
        (
            "block Bad:\n    input x [N]\n\nblock\n",
            {("bad.nn", "NN101", 2), ("bad.nn", "NN101", 4)},
        ),
        ("WIDTH = nothing\n", {("bad.nn", "NN200", 1)}),
        ("model Bad = Nothing(3)\n", {("bad.nn", "NN200", 1)}),
        ('from "gone.nn" import Bad, WIDTH\n', {("bad.nn", "NN212", 1)}),
    ],
)
def test_a_broken_file_gives_its_own_errors_only(
    tmp_path: Path, bad: str, expected: set[tuple[str, str, int]]
) -> None:
    taken = ["Bad"] if "Bad" in bad else ["WIDTH"]
    main = (
        f'from "bad.nn" import {", ".join(taken)}\n\n'
        f"model Main:\n    input x: [N, 3]\n    return x -> {taken[0]} -> linear(2)\n\n"
        f"model preset = {taken[0]}(3)\n\n"
        f"data D:\n    source = digits()\n\ntrain {taken[0]} on D:\n    loss = mean(x)\n"
    )
    report = nnspec.check(write(tmp_path, main=main, bad=bad))
    assert set(problems(report)) == expected
    assert len(report.diagnostics) == len(expected)


def test_errors_of_the_importing_file_are_told_too(tmp_path: Path) -> None:
    main = (
        'from "bad.nn" import Bad\n\nmodel Main:\n    input x: [N, 3]\n    return x -> liner(2)\n'
    )
    found = problems(nnspec.check(write(tmp_path, main=main, bad="block\n")))
    assert found == [("main.nn", "NN200", 5), ("bad.nn", "NN101", 1)]


def test_a_cycle_is_named(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        main='from "a.nn" import A\n\nmodel Main:\n    input x: [N, 3]\n    return x -> A\n',
        a='from "sub/b.nn" import B\n\nblock A = B\n',
        sub__b='from zoo.resnet import ResNet\nfrom "c.nn" import C\n\nblock B = C\n',
        sub__c='from "b.nn" import B\n\nblock C = B\n',
    )
    report = nnspec.check(path)
    assert problems(report) == [("c.nn", "NN213", 1)]
    (problem,) = report.diagnostics
    assert problem.message.endswith(": sub/b.nn -> sub/c.nn -> sub/b.nn")
    assert [(label.span.source.name, label.span.line) for label in problem.labels] == [
        (str(tmp_path / "sub/b.nn"), 2)
    ]


def test_a_file_that_imports_itself(tmp_path: Path) -> None:
    problem = refusal(tmp_path, 'from "main.nn" import Block')
    assert (problem.code, problem.message.partition(": ")[2]) == ("NN213", "main.nn -> main.nn")


@pytest.mark.parametrize(
    ("line", "code", "message", "help"),
    [
        ('from "block.nn" import Block', "NN212", "no file `block.nn`", "`blocks.nn`"),
        ('from "part/more.nn" import Block', "NN212", "no folder `part`", "`parts/more.nn`"),
        ('from "parts/mor.nn" import Block', "NN212", "no file `parts/mor.nn`", "`parts/more.nn`"),
        ('from "blocks" import Block', "NN212", "a name in `.nn`", '"blocks.nn"'),
        ('from "parts" import Block', "NN212", "a name in `.nn`", '"parts.nn"'),
        ('from "folder.nn" import Block', "NN212", "is a folder", ""),
        ('from "parts\\\\more.nn" import Block', "NN212", "divided by `/`", '"parts/more.nn"'),
        ('from "" import Block', "NN212", "no name of a file", ""),
        ('from "resnet.nn" import Block', "NN212", "no file `resnet.nn`", "from zoo.resnet"),
        ('from "parts/inner.nn" import Block', "NN212", "no folder `parts`", "from the folder"),
        ("from blocks import Block", "NN212", "no `blocks`", 'from "blocks.nn" import'),
        ("from parts.more import Block", "NN212", "no `parts.more`", 'from "parts/more.nn" import'),
        ("from torchvision.models import resnet50", "NN212", "no `torchvision.models`", "zoo.resnet"),
        ("from zoo import resnet50", "NN212", "many specs", "from zoo.resnet import"),
        ("from zoo.resent import Block", "NN212", "no spec `resent`", "`zoo.resnet`"),
        ("from zoo.resnet50 import Block", "NN212", "no spec `resnet50`", "from zoo.resnet import resnet50"),
        ('from "blocks.nn" import block', "NN212", "blocks.nn has no `block`", "`Block`"),
        ('from "blocks.nn" import Zzz', "NN212", "has no `Zzz`", "`WIDTHS`, `double`"),
        ('from "binary.nn" import Block', "NN212", "cannot be imported", "not UTF-8"),
    ],
)  # fmt: skip
def test_what_is_not_there(tmp_path: Path, line: str, code: str, message: str, help: str) -> None:
    inner = 'from "parts/more.nn" import Block\n'
    write(tmp_path, blocks=BLOCKS, parts__more=BLOCKS, parts__inner=inner)
    (tmp_path / "folder.nn").mkdir()
    (tmp_path / "binary.nn").write_bytes(b"model \xff\n")
    problem = refusal(tmp_path, line, "")
    assert problem.code == code
    assert message in problem.message
    assert help in problem.help


def test_names_that_clash(tmp_path: Path) -> None:
    main = (
        'from "blocks.nn" import Block, WIDTHS, Digits\n'
        'from "blocks.nn" import Block\n\n'
        "WIDTHS = 3\n\n"
        "block Block = relu\n\n"
        "data Digits:\n    source = digits()\n"
    )
    report = nnspec.check(write(tmp_path, main=main, blocks=BLOCKS))
    assert problems(report) == [("main.nn", "NN201", line) for line in (2, 4, 6, 8)]
    for problem in report.diagnostics:
        assert [label.span.line for label in problem.labels] == [1]
        assert "as …" in problem.help


def test_an_import_below_the_definition_clashes_too(tmp_path: Path) -> None:
    main = 'block Block = relu\n\nfrom "blocks.nn" import Block\n'
    (problem,) = nnspec.check(write(tmp_path, main=main, blocks=BLOCKS)).diagnostics
    assert (problem.code, problem.span.line, problem.labels[0].span.line) == ("NN201", 3, 1)


def test_a_data_part_is_no_layer(tmp_path: Path) -> None:
    main = 'from "blocks.nn" import Digits\n\n' + USE.replace("Block(5)", "Digits")
    assert problems(nnspec.check(write(tmp_path, main=main, blocks=BLOCKS))) == [
        ("main.nn", "NN200", 5)
    ]
