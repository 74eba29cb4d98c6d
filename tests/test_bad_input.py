"""Whatever is fed to `nnspec check`, it answers with a message, an exit status, and soon."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
#: of the processor, so that a busy machine fails no test; the clock only stops what hangs
SECONDS = 3
PATIENCE = 30.0
BYTES = 2 * 1024**3

MODEL = "model M():\n    input x: [N, 8]\n"


def many_lines(line: str, count: int) -> str:
    return "".join(line.format(i) for i in range(count))


def limited() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))


def run(*arguments: str, seconds: float = PATIENCE) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "nnspec", *arguments],
        capture_output=True,
        timeout=seconds,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1", "PYTHONHASHSEED": "0"},
        preexec_fn=limited,
        check=False,
    )


def said(done: subprocess.CompletedProcess[bytes]) -> str:
    text = (done.stdout + done.stderr).decode("utf-8")
    assert "Traceback" not in text, text[-3000:]
    assert "MemoryError" not in text
    assert "RecursionError" not in text
    return text


# -- what cannot be read: exit status 2 ----------------------------------------------------------------


def test_no_file(tmp_path: Path) -> None:
    done = run("check", str(tmp_path / "gone.nn"))
    assert done.returncode == 2
    assert "gone.nn" in said(done)


def test_a_folder(tmp_path: Path) -> None:
    done = run("check", str(tmp_path))
    assert done.returncode == 2
    assert tmp_path.name in said(done)


def test_a_folder_named_like_a_spec(tmp_path: Path) -> None:
    folder = tmp_path / "folder.nn"
    folder.mkdir()
    done = run("check", str(folder))
    assert done.returncode == 2
    assert "folder.nn" in said(done)


def test_a_nul_in_the_name() -> None:
    """It cannot be passed on a command line, but in Python it can."""
    from nnspec.targets import Unreadable, find

    with pytest.raises(Unreadable):
        find("a\0b.nn").read()


def test_a_name_too_long_for_the_file_system() -> None:
    done = run("check", "a" * 5000 + ".nn")
    assert done.returncode == 2
    assert said(done)


def test_no_such_model(tmp_path: Path) -> None:
    spec = tmp_path / "a.nn"
    spec.write_text(MODEL + "    return x -> relu\n")
    done = run("check", f"{spec}:Nothing")
    assert done.returncode in (1, 2)
    assert "Nothing" in said(done)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_no_permission(tmp_path: Path) -> None:
    spec = tmp_path / "secret.nn"
    spec.write_text(MODEL)
    spec.chmod(0)
    done = run("check", str(spec))
    assert done.returncode == 2
    assert "secret.nn" in said(done)


needs_pipes = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")


@needs_pipes
@pytest.mark.parametrize("command", ["check", "compile", "train", "fmt"])
def test_a_pipe_that_nothing_is_written_to(command: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.nn")
    done = run(command, str(tmp_path / "pipe.nn"), seconds=10)
    assert done.returncode == 2
    assert "a pipe that nothing is written to" in said(done)


@needs_pipes
def test_a_pipe_that_is_written_to_is_read_to_its_end(tmp_path: Path) -> None:
    """`nnspec check <(…)` in a shell."""
    os.mkfifo(tmp_path / "pipe.nn")
    writer = subprocess.Popen(
        [sys.executable, "-c", SLOW_WRITER, str(tmp_path / "pipe.nn"), MODEL + "    return x\n"]
    )
    try:
        while not (tmp_path / "started").exists():
            time.sleep(0.01)
        done = run("check", str(tmp_path / "pipe.nn"), seconds=10)
    finally:
        writer.kill()
        writer.wait()
    assert done.returncode == 0, said(done)


SLOW_WRITER = """
import array, fcntl, os, sys, termios, time
path, text = sys.argv[1:]
# opened for both, so that opening does not wait for the reader
pipe = os.open(path, os.O_RDWR)
out = os.open(path, os.O_WRONLY)
open(os.path.join(os.path.dirname(path), "started"), "w").close()
time.sleep(0.3)
os.write(out, text[:20].encode())
unread = array.array("i", [1])
while unread[0]:  # until there is a reader, the pipe must not be without one
    time.sleep(0.01)
    fcntl.ioctl(out, termios.FIONREAD, unread)
os.close(pipe)
time.sleep(0.2)
os.write(out, text[20:].encode())
"""


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="no devices here")
def test_a_device_without_an_end() -> None:
    done = run("check", "/dev/zero")
    assert done.returncode == 2
    assert "larger than 64 MiB" in said(done)


def test_a_file_of_a_gigabyte(tmp_path: Path) -> None:
    """Sparse, so that it takes no room; it must not be read as a whole."""
    with (tmp_path / "big.nn").open("wb") as stream:
        stream.truncate(2**30)
    (tmp_path / "takes.nn").write_text('from "big.nn" import Block\n')
    done = run("check", str(tmp_path / "big.nn"))
    assert done.returncode == 2
    assert "larger than 64 MiB" in said(done)
    done = run("check", str(tmp_path / "takes.nn"))
    assert done.returncode == 1
    assert "error[NN212]" in said(done)


def test_a_file_cannot_write_to_the_terminal(tmp_path: Path) -> None:
    """An escape sequence in a file would clear the screen, or hide the error."""
    hidden = "\x1b[2J\x9b31m\u202e"
    spec = tmp_path / "escape.nn"
    for line in (
        f'    return x -> "a{hidden}": relu\n',
        f'    return x -> nosuch("{hidden}")  # {hidden}\n',
        f'    return x -> gelu("{hidden}")\n',
        "    return x -> B\n",
    ):
        text = f'block B(kind: str = "{hidden}"):\n    input x: [N, C]\n    return x -> relu\n\n'
        spec.write_text(f'"""{hidden}"""\n' + text + MODEL + line, encoding="utf-8")
        for form in ("text", "github"):
            shown = said(run("check", "--format", form, str(spec)))
            assert shown
            assert not {"\x1b", "\x9b", "\u202e"} & set(shown), shown


# -- what can be read and is wrong: exit status 1, a code ------------------------------------------------

WRONG: dict[str, str | bytes] = {
    "not UTF-8": b"model M():\n    input x: [N, \xff\xfe]\n",
    "a tab of indentation": "model M():\n\tinput x: [N, 8]\n\treturn x -> relu\n",
    "a line of a megabyte": MODEL + "    return x -> linear(" + "1 + " * 250_000 + "1)\n",
    "a megabyte of one word": MODEL + "    return " + "x" * 1_000_000 + "\n",
    "ten thousand brackets": MODEL + "    return " + "(" * 10_000 + "x" + ")" * 10_000 + "\n",
    "ten thousand open brackets": MODEL + "    return x -> linear(" + "(" * 10_000,
    "ten thousand lists": MODEL + "    a = " + "[" * 10_000 + "]" * 10_000 + "\n    return x\n",
    "ten thousand minus signs": MODEL + "    return x -> linear(" + "-" * 10_000 + "1)\n",
    "ten thousand nots": MODEL + "    a = " + "not " * 10_000 + "true\n    return x\n",
    "a billion layers": MODEL + "    return x -> 1_000_000_000 * relu\n",
    "a billion layers in blocks": MODEL + "    return x -> 1000 * (1000 * (1000 * relu))\n",
    "an integer of 5000 digits": MODEL + "    return x -> linear(" + "9" * 5000 + ")\n",
    "a power tower": MODEL + "    return x -> linear(9**9**9)\n",
    "a great power": MODEL + "    return x -> linear(2**100000)\n",
    "a great power of a symbol": "model M():\n    input x: [N, C]\n"
    "    return x -> reshape([N, C**100000])\n",
    "a great size": "model M():\n    input x: [N, 9999999999999999999999999999999999999999]\n"
    "    return x -> relu\n",
    "a shift of nothing": MODEL + "    return x -> linear(10 // 0)\n",
    "a remainder of nothing": MODEL + "    return x -> linear(10 % 0)\n",
    "a float beyond floats": MODEL + "    return x -> dropout(1e999)\n",
    "a billion rounds": MODEL + "    for i in range(10**9):\n        x = relu(x)\n    return x\n",
    "rounds in rounds": MODEL
    + "    for i in range(10000):\n        for j in range(10000):\n            x = relu(x)\n"
    + "    return x\n",
    "a list of 10**12": MODEL
    + "    a = [i + j for i in range(10**6) for j in range(10**6)]\n    return x\n",
    "a list of doubled lists": MODEL
    + "    a = [1]\n    for i in range(60):\n        a = [a, a]\n    return x\n",
    "a doubled string": MODEL
    + "    a = 'abc'\n    for i in range(100):\n        a = a + a\n    return x\n",
    "a great list again and again": MODEL
    + "    for i in range(100000):\n        a = range(1000000)\n    return x\n",
    "layers of doubled layers": MODEL
    + "    a = p: relu -> q: relu\n    for i in range(60):\n        a = p: a -> q: a\n"
    + "    return x -> a\n",
    "a list of 10**6 lists of 10**6": MODEL
    + "    a = [[j for j in range(10**6)] for i in range(10**6)]\n    return x\n",
    "a list many times": MODEL + "    a = [1] * 10**12\n    return x\n",
    "a string many times": MODEL + "    a = 'abc' * 10**12\n    return x\n",
    "a block of itself": "block B:\n    input x: [N, 8]\n    return x -> B\n\n"
    + MODEL
    + "    return x -> B\n",
    "a short block of itself": "block B = relu -> B\n\n" + MODEL + "    return x -> B\n",
    "a short block that is itself": "block B = B\n\n" + MODEL + "    return x -> B\n",
    "a block with itself as a default": "block B(inner: layer = B) = inner\n\n"
    + MODEL
    + "    return x -> B\n",
    "a block that takes itself": "block B(inner: layer) = inner -> B(B(inner))\n\n"
    + MODEL
    + "    return x -> B(relu)\n",
    "blocks of each other": "block A:\n    input x: [N, 8]\n    return x -> B\n\n"
    "block B:\n    input x: [N, 8]\n    return x -> A\n\n" + MODEL + "    return x -> A\n",
    "short blocks of each other": "block A = B\nblock B = A\n\n" + MODEL + "    return x -> A\n",
    "a function of itself": "fn f(n) = f(n + 1)\n\n" + MODEL + "    return x -> linear(f(1))\n",
    "a function of itself twice": "fn f(n) = 1 if n == 0 else f(n - 1) + f(n - 1)\n\n"
    + MODEL
    + "    return x -> linear(f(50))\n",
    "presets of each other": "model A = B(n=1)\nmodel B = A(n=2)\n",
    "presets in a ring": "model A = B()\nmodel B = C()\nmodel C = A()\n",
    "constants of each other": "A = B\nB = A\n\n" + MODEL + "    return x -> linear(A)\n",
    "a model of itself": "model M():\n    input x: [N, 8]\n    return M(x)\n",
    "a NUL": "model M():\n    input x: [N, 8]\n    return x -> re\0lu\n",
    "only NUL": "\0" * 1000,
    "a surrogate": b"model M():\n    input x\xed\xa0\x80: [N, 8]\n",
    "a block parameter without a value, doubled": "block B(a: int, a: int):\n    return relu\n\n"
    + MODEL
    + "    return x -> B(1, 2)\n",
    "a string without an end": MODEL + "    return x -> einsum('" + "a" * 100_000 + "\n",
    "ten thousand errors": "model M():\n" + many_lines("    y{} = = 3\n", 10_000),
    "ten thousand names not known": MODEL
    + many_lines("    y{} = nosuch\n", 3_000)
    + "    return x\n",
    "a hundred nested blocks": "block B0 = relu\n\n"
    + "".join(
        f"block B{i}:\n    input x: [N, 8]\n    return x -> B{i - 1}\n\n" for i in range(1, 100)
    )
    + MODEL
    + "    return x -> B99\n",
    "a great width": MODEL + "    return x -> linear(10**29) -> linear(10**29)\n",
    "a product of many sizes": "model M():\n    input x: [N, " + "C*" * 60 + "C]\n    return x\n",
    "a long sum of symbols": "model M():\n    input x: [N, C]\n    n = C\n"
    "    for i in range(1, 5000):\n        n = n + C // i\n    return x -> linear(n)\n",
    "sizes in sizes": "model M():\n    input x: [N, C]\n    n = C\n"
    "    for i in range(1, 5000):\n        n = (n * n + 1) // (n + C)\n    return x -> linear(n)\n",
    "a size of many symbols": "model M():\n    input x: ["
    + ", ".join(f"A{i}" for i in range(3000))
    + "]\n    return x -> flatten -> linear(3)\n",
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong(name: str, tmp_path: Path) -> None:
    content = WRONG[name]
    spec = tmp_path / "bad.nn"
    spec.write_bytes(content if isinstance(content, bytes) else content.encode())
    done = run("check", str(spec))
    text = said(done)
    assert done.returncode in (1, 2), text[-2000:]
    assert "bad.nn" in text
    if done.returncode == 1:
        assert "error[NN" in text
    assert len(text) < 60_000, "a message is for people"


# -- what is odd: right where there is a model, an error without one -------------------------------------

ODD: dict[str, tuple[int, str | bytes]] = {
    "an empty file": (1, ""),
    "only a newline": (1, "\n"),
    "only a comment": (1, "# nothing"),
    "a byte order mark": (0, b"\xef\xbb\xbf" + (MODEL + "    return x -> relu\n").encode()),
    "the line ends of Windows": (0, (MODEL + "    return x -> relu\n").replace("\n", "\r\n")),
    "no newline at the end": (0, MODEL + "    return x -> relu"),
    "five thousand arrows": (0, MODEL + "    return x" + " -> relu" * 5_000 + "\n"),
    "ten thousand terms": (1, MODEL + "    return " + " + ".join(["x"] * 10_000) + "\n"),
    "a long name": (
        1,
        "model M():\n    input " + "x" * 100_000 + ": [N, 8]\n    return " + "x" * 100_000 + "\n",
    ),
    "five thousand lines": (0, MODEL + "    x = relu(x)\n" * 5_000 + "    return x\n"),
    "ten thousand comments": (0, "# a\n" * 10_000 + MODEL + "    return x\n"),
}


@pytest.mark.parametrize("name", ODD)
def test_odd(name: str, tmp_path: Path) -> None:
    status, content = ODD[name]
    spec = tmp_path / "odd.nn"
    spec.write_bytes(content if isinstance(content, bytes) else content.encode())
    done = run("check", str(spec))
    text = said(done)
    assert done.returncode == status, text[-2000:]
    assert ("error[NN" in text) == (status == 1)


def test_a_list_is_no_dtype() -> None:
    from nnspec import check_source

    text = "model M:\n    input x: [N]\n    y = arange(4, dtype=[1])\n    return x, y\n"
    (problem,) = check_source(text).diagnostics
    assert (problem.code, "`dtype` of `arange`" in problem.message) == ("NN205", True)
