"""Pages of docs/ as tests: their fenced blocks, and what becomes of each.

The word after the fence says what a block is:

    ```nn NAME.nn    a file of that name, for the commands that follow
    ```nn            a spec: it is checked, and has the errors that `# error[NN301]` tells at their lines
    ```nn body       statements of a model; without a `return` of their own they get one
    ```console       `$ nnspec …` and below it what that prints
    ```python        code that goes on where the page's last python block ended; `print(…)  # this`
    ```output        everything that the python block before it prints
    ```text          a drawing or a scheme, which nothing runs

A block without a word is a spec too.

In an expected output `…` stands for what differs from run to run or is left out: alone on its line for
any number of lines, within a line for any part of it and the spaces around.
"""

from __future__ import annotations

import contextlib
import glob
import io
import re
import shlex
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import nnspec
from nnspec.cli import main

_FENCE = re.compile(r"^```([^\n`]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A fenced block: its kind, the rest of the words after the fence, its text, the line it starts at."""

    kind: str
    name: str
    text: str
    line: int


def blocks(page: str) -> list[Block]:
    """The fenced blocks of a page, in order."""
    return [
        Block(
            *found[1].strip().partition(" ")[::2], found[2], page.count("\n", 0, found.start()) + 1
        )
        for found in _FENCE.finditer(page)
    ]


def fits(expected: str, real: str) -> bool:
    """Whether an output is as expected; spaces at the ends of lines are not compared."""
    pattern = ""
    for line in expected.strip("\n").splitlines():
        if line.strip() == "…":
            pattern += r"(?:[^\n]*\n)*?"
        else:
            pattern += ".*".join(map(re.escape, re.split(r" *… *", line.rstrip()))) + r"\n"
    told = "".join(f"{line.rstrip()}\n" for line in real.strip("\n").splitlines())
    return re.fullmatch(pattern, told) is not None


def commands(text: str) -> Iterator[tuple[str, str]]:
    """The commands of a console block, each with its output."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        yield command, output


def run(command: str) -> str:
    """What `nnspec …` prints, in the working folder; `*` is expanded as a shell does."""
    program, *words = shlex.split(command, comments=True)
    assert program == "nnspec", command
    expanded = [found for word in words for found in (sorted(glob.glob(word)) or [word])]
    told = io.StringIO()
    with contextlib.redirect_stdout(told), contextlib.redirect_stderr(told):
        main(expanded)
    return told.getvalue()


def execute(code: str, names: dict[str, Any]) -> str:
    """What a piece of Python prints; `names` is what the page has bound so far."""
    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        exec(compile(code, "<page>", "exec"), names)
    return told.getvalue()


def as_spec(block: Block) -> str:
    """The spec that an `nn` block stands for."""
    if block.name != "body":
        return block.text
    body = "".join(f"    {line}" if line.strip() else line for line in block.text.splitlines(True))
    if not re.search(r"^\s*input\b", body, re.MULTILINE):
        body = f"    input example: [N]\n{body}"
    if not re.search(r"^    return\b", body, re.MULTILINE):
        first = re.search(r"^\s*input (\w+)", body, re.MULTILINE)
        assert first is not None
        body += f"    return {first[1]}\n"
    return f"model Example:\n{body}"


def errors(spec: str) -> list[tuple[str, str]]:
    """Code and line of each error of a spec."""
    found = []
    for problem in nnspec.check_source(spec).diagnostics:
        if problem.severity == "error":
            assert problem.span is not None
            found.append((problem.code, spec.splitlines()[problem.span.line - 1].strip()))
    return sorted(found)


def expected_errors(spec: str) -> list[tuple[str, str]]:
    """Code and line of each error that the comments of a spec tell."""
    return sorted(
        (code, line.strip())
        for line in spec.splitlines()
        for code in re.findall(r"# error\[(NN\d+)\]", line)
    )


@contextlib.contextmanager
def as_it_was() -> Iterator[None]:
    """Forgets afterwards what a page imported from its own folder, and its import hook."""
    modules, finders = set(sys.modules), list(sys.meta_path)
    yield
    sys.meta_path[:] = finders
    for name in set(sys.modules) - modules:
        if name.partition(".")[0] == "specs" or name == "nnspec.hook":
            del sys.modules[name]


def follow(page: Path) -> None:
    """Do what a page says, in the working folder; what comes out must be what it shows."""
    import_module("nnspec.training")  # defines what a torchvision without its compiled part lacks
    names: dict[str, Any] = {"__name__": "__main__"}
    printed = ""
    for block in blocks(page.read_text(encoding="utf-8")):
        where = f"{page.name}:{block.line}"
        if block.kind == "nn" and block.name.endswith(".nn"):
            Path(block.name).write_text(block.text, encoding="utf-8")
        elif block.kind in ("nn", ""):
            spec = as_spec(block)
            assert errors(spec) == expected_errors(spec), where
        elif block.kind == "console":
            for command, output in commands(block.text):
                real = run(command)
                assert fits(output, real), f"{where}: $ {command}\n{real}"
        elif block.kind == "python":
            printed = execute(block.text, names)
            told = re.findall(r"print\(.*\) +# (.*)", block.text)
            assert not told or fits("\n".join(told), printed), f"{where}\n{printed}"
        elif block.kind == "output":
            assert fits(block.text, printed), f"{where}\n{printed}"
        else:
            assert block.kind == "text", f"{where}: a block must say what it is"
