"""What other checkers of networks do that none may: run code of a file, hang, die, be silent.

The docstrings say what they do; `test_peers.py` has their wrong verdicts.
"""

from __future__ import annotations

import ast
import time
from pathlib import Path

import pytest

import nnspec
from nnspec.cli import main

torch = pytest.importorskip("torch")

ROOT = Path(__file__).parents[1]
REJECTED = sorted((ROOT / "tests/cases/reject").glob("*.nn"))
SPECS = sorted((ROOT / "specs").glob("*.nn"))
IMAGE = "model M:\n    input x: [N, 3, 28, 28]\n"


def image(lines: str) -> str:
    return IMAGE + "".join(f"    {line}\n" for line in lines.split("\n"))


# -- code made by pasting strings from the file ----------------------------------------------------------


HOSTILE = "__import__('pathlib').Path({!r}).touch()"


def hostile_specs(mark: str) -> dict[str, str]:
    call = HOSTILE.format(mark)
    double = call.replace("'", '\\"')
    return {
        "an argument": image(f'return x -> gelu(approximate="{double}")'),
        "an expression": image(f"return x -> conv2d({call.replace(chr(39), chr(34))}, 3)"),
        "a label": image(f'return x -> "a = {double}": conv2d(4, 3)'),
        "a field of a label": image('return x -> "a{' + call + '}": conv2d(4, 3)'),
        "the file's text": f'"""A file. \\"\\"\\"\n{call}\n\\"\\"\\" """\n'
        + image("return x -> relu"),
        "a model's text": IMAGE.replace(
            ":\n", f':\n    """Doc \\"\\"\\" + {call} + \\"\\"\\" {{{call}}} \\\\"""\n', 1
        )
        + "    return x -> relu\n",
        "a message": image(f'assert 28 == 28, "{double}"\nreturn x -> relu'),
        "a pattern": image(f'return x -> rearrange("n c h w -> {double}")'),
        "an equation": image(f'return x -> einsum("{double}")'),
        "a parameter": f'block B(kind: str = "{double}"):\n    input x: [N, C, H, W]\n'
        "    return x -> relu\n\n" + image("return x -> B"),
        "a name": f'from "{call.replace(chr(39), "")}" import B\n' + image("return x -> B"),
        "a comment": image(f"# {call}\nreturn x -> relu"),
        "an extern": f"extern E = \"builtins:eval('{double}')\":\n    input x: [N, C, H, W]\n"
        "    return [N, C, H, W]\n\n" + image("return x -> E"),
        "a data part": f'data D:\n    source = image_folder("{double}")\n',
    }


@pytest.mark.parametrize("where", hostile_specs(""))
def test_what_a_file_says_never_runs(where: str, tmp_path: Path) -> None:
    """A peer pastes arguments into the Python that it writes: `__import__('os')…` in one ran."""
    mark = tmp_path / "ran"
    spec = tmp_path / "spec.nn"
    spec.write_text(hostile_specs(str(mark))[where], encoding="utf-8")
    report = nnspec.check(spec)
    if report.ok and report.models:
        assert main(["compile", str(spec), "-o", str(tmp_path / "made.py")]) == 0
        made = ast.parse((tmp_path / "made.py").read_text(encoding="utf-8"))
        called = {ast.unparse(node.func) for node in ast.walk(made) if isinstance(node, ast.Call)}
        assert not called & {"__import__", "eval", "exec", "open", "compile"}
        nnspec.load(f"{spec}:M")()(torch.zeros(1, 3, 28, 28))
    assert not mark.exists()


# -- `9**9**9` hanging the checker -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "number",
    ["9**9**9", "10**10**10", "(10**9)**(10**9)", "2**10**18", "(-3)**10**9", "9**9**9**9", "1e300**9",
     "sum(range(10**12))", "len([1] * 10**12)", "max([i * j for i in range(10**6) for j in [1, 2]])"],
)  # fmt: skip
def test_no_number_hangs(number: str) -> None:
    """`9**9**9` in an argument hangs a peer: Python itself computes it."""
    start = time.process_time()
    (problem,) = nnspec.check_source(image(f"return x -> conv2d({number}, 3)")).diagnostics
    assert time.process_time() - start < 2
    assert problem.severity == "error"
    assert problem.span is not None
    assert problem.span.line == 3


# -- a 2,000-layer chain dying of recursion --------------------------------------------------------------

STAGES = 2_000
CHAINS = {
    "a line for each": "".join(f"    x = x -> l{i}: linear(8)\n" for i in range(STAGES))
    + "    return x\n",
    "one pipeline": "    return x"
    + "".join(f"\n        -> l{i}: linear(8)" for i in range(STAGES))
    + "\n",
    "one line": "    return x" + "".join(f" -> l{i}: linear(8)" for i in range(STAGES)) + "\n",
}


@pytest.mark.parametrize("way", CHAINS)
def test_a_chain_of_2000_layers_is_checked_compiled_and_run(way: str, tmp_path: Path) -> None:
    """Peers walk the graph recursively and die at about 1,000 layers, with RecursionError."""
    text = "model M:\n    input x: [N, 8]\n" + CHAINS[way]
    report = nnspec.check_source(text)
    assert report.ok
    assert report.models["M"].params.total == STAGES * (8 * 8 + 8)
    (tmp_path / "chain.nn").write_text(text)
    net = nnspec.load(f"{tmp_path / 'chain.nn'}:M")()
    layers = [net.get_submodule(f"l{i}") for i in range(STAGES)]
    for layer in layers:  # else the numbers die out on the way
        torch.nn.init.orthogonal_(layer.weight)
    x = torch.randn(2, 8)
    expected = x
    for layer in layers:
        expected = layer(expected)
    result = net(x)
    torch.testing.assert_close(result, expected)
    result.sum().backward()
    assert layers[0].weight.grad.abs().sum() > 0


# -- exit status 1 without a word ------------------------------------------------------------------------


@pytest.mark.parametrize("path", REJECTED, ids=lambda path: path.stem)
def test_a_failure_says_why(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A peer ends with status 1 and says nothing: whoever runs it in CI knows nothing."""
    assert main(["check", str(path)]) == 1
    said = capsys.readouterr().out
    assert "error[NN" in said
    assert path.name in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "Usage"), (["check"], "Missing argument"), (["chek", "a.nn"], "did you mean `check`?"),
        (["check", "gone.nn"], "gone.nn"), (["check", "zoo:lenett"], "did you mean"),
        (["check", "zoo:lenet:Nothing"], "Nothing"), (["check", "--sises", "H=3", "zoo:lenet"], "--sizes"),
        (["check", "--sizes", "Q=3", "zoo:unet"], "no size `Q`"), (["compile", "gone.nn"], "gone.nn"),
        (["explain", "NN999"], "NN999"), (["train", "gone.nn"], "gone.nn"), (["fmt", "gone.nn"], "gone.nn"),
        (["eval", "gone"], "gone"), (["predict", "gone", "a.png"], "gone"), (["ops", "conv9d"], "conv9d"),
    ],
)  # fmt: skip
def test_a_wrong_command_says_why(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same of commands: what could not be done, and what to type, on the terminal."""
    assert main(words) in (1, 2)
    shown = capsys.readouterr()
    assert said in shown.out + shown.err


# -- shipped examples that fail --------------------------------------------------------------------------


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_what_is_shipped_is_right(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Examples that a peer ships fail in the peer itself."""
    assert main(["check", "--strict", str(path)]) == 0
    assert "error" not in capsys.readouterr().out


def test_the_first_spec_is_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same of the first spec that a user gets."""
    monkeypatch.chdir(tmp_path)
    assert main(["new", "mine.nn"]) == 0
    assert main(["check", "--strict", "mine.nn"]) == 0
