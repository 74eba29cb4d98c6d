"""No file is read but those that may be, and reading them ends."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import pytest

import nnspec
from nnspec.elaborate import imports
from nnspec.limits import Limits

from .files import BLOCKS, USE, problems, refusal, write


@pytest.mark.parametrize(
    "name",
    [
        "../secret.nn", "sub/../../secret.nn", "sub/../../inside/../secret.nn", "..", "{outside}/secret.nn",
        "/etc/passwd",
        "file:///etc/passwd", "https://example.org/a.nn", "C:\\\\secret.nn", "C:/secret.nn",
        "~/secret.nn", "//etc/passwd", "/dev/zero", "/proc/self/environ", "../../../../../etc/secret.nn",
        "a/b/../../../secret.nn", "zoo:../secret.nn", "link.nn", "linked/secret.nn", "dangling.nn",
    ],
)  # fmt: skip
def test_nothing_outside_of_the_folder_is_opened(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside, folder = tmp_path / "outside", tmp_path / "inside"
    write(outside, secret=BLOCKS)
    (folder / "sub").mkdir(parents=True)
    (folder / "link.nn").symlink_to(outside / "secret.nn")
    (folder / "linked").symlink_to(outside)
    (folder / "dangling.nn").symlink_to(outside / "gone.nn")
    path = write(folder, main=f'from "{name.format(outside=outside)}" import Block\n\n' + USE)
    opened: list[str] = []

    def noted(file: str, *mode: str) -> Any:
        opened.append(str(file))
        return io.open(file, *mode)  # noqa: UP020 (`open` itself is replaced)

    monkeypatch.setattr("builtins.open", noted)
    (problem,) = nnspec.check(path).diagnostics
    assert problem.code == "NN214"
    assert opened == [str(path)]


def test_an_imported_file_may_not_leave_the_folder_either(tmp_path: Path) -> None:
    path = write(
        tmp_path / "in",
        main='from "sub/a.nn" import Block\n\n' + USE,
        sub__a='from "../../out.nn" import Block\n',
    )
    write(tmp_path, out=BLOCKS)
    assert problems(nnspec.check(path)) == [("a.nn", "NN214", 1)]


@pytest.mark.parametrize(
    "name",
    ["", " ", ".", "...", "-", "<stdin>", "a\\0b.nn", "\\0", "a\\nb.nn", "..\\\\secret.nn", "$HOME/a.nn",
     "%2e%2e/a.nn", "x" * 5_000 + ".nn", "a/" * 3_000 + "b.nn", "\\u202e.nn"],
)  # fmt: skip
def test_a_name_that_is_none_is_told(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, main=f'from "{name}" import Block\n\n' + USE)
    assert problems(nnspec.check(path)) == [("main.nn", "NN212", 1)]


def test_only_specs_are_read(tmp_path: Path) -> None:
    (tmp_path / "passwords.txt").write_text("model Secret\n")
    problem = refusal(tmp_path, 'from "passwords.txt" import Secret', "")
    assert (problem.code, problem.message) == (
        "NN212",
        "a spec that is imported has a name in `.nn`",
    )


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.nn")
    assert refusal(tmp_path, 'from "pipe.nn" import Block').code == "NN212"


def test_a_link_inside_of_the_folder_is_followed(tmp_path: Path) -> None:
    path = write(tmp_path, main='from "link.nn" import Block\n\n' + USE, parts__blocks=BLOCKS)
    (tmp_path / "link.nn").symlink_to(tmp_path / "parts" / "blocks.nn")
    assert nnspec.check(path).ok
    (tmp_path / "elsewhere").symlink_to(tmp_path)  # the folder itself may be reached over a link
    assert nnspec.check(tmp_path / "elsewhere" / "main.nn").ok


def test_a_folder_in_itself_ends(tmp_path: Path) -> None:
    path = write(tmp_path, main='from "again/main.nn" import Block\n')
    (tmp_path / "again").symlink_to(tmp_path)
    (problem,) = nnspec.check(path).diagnostics
    assert problem.code in ("NN401", "NN212")  # the system has a limit of its own for links


def test_a_long_chain_ends(tmp_path: Path) -> None:
    files = {f"f{i}": f'from "f{i + 1}.nn" import Block\n' for i in range(200)}
    path = write(tmp_path, main='from "f0.nn" import Block\n\n' + USE, f200=BLOCKS, **files)
    assert [code for _, code, _ in problems(nnspec.check(path))] == ["NN401"]


def test_many_files_and_large_ones_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {f"f{i}": f"block B{i} = relu\n" for i in range(10)}
    lines = "".join(f'from "f{i}.nn" import B{i}\n' for i in range(10))
    path = write(tmp_path, main=lines, **files)
    assert nnspec.check(path).ok
    found = problems(nnspec.check(path, limits=Limits(files=8)))
    assert found == [("main.nn", "NN402", 9), ("main.nn", "NN402", 10)]
    monkeypatch.setattr(imports, "MOST_BYTES", 9 * len(files["f0"]))
    assert problems(nnspec.check(path)) == [("main.nn", "NN402", 10)]
    monkeypatch.setattr("nnspec.targets.MOST_BYTES", len(lines))
    write(tmp_path, f0=" " * len(lines) + files["f0"])
    assert ("main.nn", "NN212", 1) in problems(nnspec.check(path))
