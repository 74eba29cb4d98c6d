"""The command line as a user meets it: what is printed where, and with which exit status."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import textwrap
from importlib import import_module
from pathlib import Path

import pytest

from nnspec.cli import main
from nnspec.cli.commands import COMMANDS, commands

ROOT = Path(__file__).parent.parent
GOOD = """\
\"\"\"Two convolutions.\"\"\"

model Net(width: int = 8):
    input image: [N, 3, 32, 32]
    return out = image -> stem: conv2d(width, 5) -> relu -> head: conv2d(4, 3, padding=1)
"""


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    file = tmp_path / "net.nn"
    file.write_text(GOOD)
    (tmp_path / "bad.nn").write_text(GOOD.replace("head: conv2d(4", "head: conv3d(4"))
    return file


def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "nnspec", *words],
        capture_output=True,
        text=True,
        env={
            **os.environ,
            "PYTHONPATH": f"{os.environ.get('PYTHONPATH', '')}:{ROOT}",
            **environment,
        },
    )


def test_a_good_spec(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "net.nn"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "\x1b" not in out
    # 8 filters of 3*5*5 weights and a bias at 28*28 places; 4 filters of 8*3*3 and a bias
    assert f"{8 * (3 * 25 + 1) + 4 * (8 * 9 + 1)}" in out
    assert f"{8 * 3 * 25 * 28 * 28 + 4 * 8 * 9 * 28 * 28:,}" in out


@pytest.mark.parametrize(
    "words",
    [
        ["net.nn"],
        ["bad.nn"],
        ["net.nn", "bad.nn"],
        ["gone.nn"],
        ["net.nn", "--sizes", "N=2", "--strict", "--depth=1"],
    ],
)
def test_click_is_not_needed_for_words_that_are_right(
    spec: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The short way and click's way are the same; only the first leaves click alone."""
    status = main(["check", *words])
    short = capsys.readouterr()
    assert commands.main(["check", *words], prog_name="nnspec", standalone_mode=False) == status
    assert capsys.readouterr() == short
    code = f"import sys; from nnspec.cli import main; main(['check', *{words}])\n"
    code += "sys.exit('click' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


def test_a_wrong_spec(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "bad.nn"]) == 1
    out, err = capsys.readouterr()
    assert err == ""
    assert out.startswith("error[NN303]")
    assert out.endswith("1 error in bad.nn\n")


def test_both_are_shown_and_the_worst_counts(
    spec: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "net.nn", "bad.nn"]) == 1
    out, err = capsys.readouterr()
    assert "error[NN303]" in out
    assert "stem" in out
    assert main(["check", "net.nn", "elsewhere/gone.nn", "bad.nn"]) == 2
    out, err = capsys.readouterr()
    assert "error[NN303]" in out
    assert err == "nnspec: elsewhere/gone.nn: there is no folder elsewhere\n"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["chek"], "did you mean `check`"),
        (["net.nn"], "to check a spec: nnspec check net.nn"),
        (["check"], "Missing argument"),
        (["check", "net.nn", "--frmat", "json"], "--format"),
        (["check", "net.nn", "--format", "yaml"], "'text', 'json', 'sarif', 'github'"),
        (["check", "net.nn", "--depth", "0"], "0 is not in the range"),
        (["check", "net.nn", "--sizes", "N"], "write sizes as"),
        (["check", "net.nn", "--sizes", "Q=2"], "no size `Q`; the sizes are N"),
        (["check", "net.nn:Nut"], "did you mean `Net`"),
        (["check", "zoo:resnet500"], "did you mean zoo:resnet50"),
        (["check", "zoo:resnet500", "--devices", "4"], "did you mean zoo:resnet50"),
        (["compile", "zoo:resnet500"], "did you mean zoo:resnet50"),
        (["check", "."], "a folder, not a spec; name a file in it"),
        (["explain", "NN3011"], "did you mean NN301"),
        (["explain", "net.nn"], "nnspec explain net.nn LAYER"),
        (["explain", "net.nn", "stm"], "did you mean `stem`"),
        (["ops", "conv2"], "did you mean `conv2d`"),
        (["train", "net.nn", "epochs"], "write it as name=value"),
        (["new", "1x"], "no name for a model"),
    ],
)
def test_wrong_use_is_exit_status_2(
    spec: Path, capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert told in err
    assert out == ""


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    assert "Usage: nnspec " + command in capsys.readouterr().out
    assert import_module(f"nnspec.cli.{command}").command.name == command


def test_the_zoo_is_listed_with_figures(capsys: pytest.CaptureFixture[str]) -> None:
    """Those of torchvision's tables: 25,557,032 parameters, 4.089 G MACs; 27,161,264 and 5.713 G."""
    assert main(["zoo"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    figures = {line[0]: " ".join(line[1:]) for line in lines if "parameters" in line}
    assert figures["resnet50"] == "25.6 M parameters 4.09 G MACs for [1, 3, 224, 224]"
    # the head that only training has takes no smaller images
    assert figures["inception_v3"] == "27.2 M parameters 5.71 G MACs for [1, 3, 299, 299]"


def test_one_of_the_zoo_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "zoo:resnet18"]) == 0
    shown = capsys.readouterr()
    assert main(["zoo", "resnet18"]) == 0
    assert capsys.readouterr() == shown
    assert main(["zoo", "resnet500"]) == 2
    assert "did you mean zoo:resnet50" in capsys.readouterr().err


def test_the_zoo_by_kind(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["zoo", "flow"]) == 0
    shown = capsys.readouterr().out
    assert "raft_large" in shown and "resnet50" not in shown
    # torchvision's table: 990,162 parameters
    assert "990,162 parameters" in shown


def test_every_kind_has_its_families(capsys: pytest.CaptureFixture[str]) -> None:
    from nnspec.cli.zoo import families

    found = families()
    assert "video_resnet" in found["video"] and "fcos" in found["detection"]
    every = [family for kind in found.values() for family in kind]
    assert sorted(every) == sorted(path.stem for path in (ROOT / "specs").glob("*.nn"))


TINY = """model Tiny(classes: int = 3):
    input x: [N, 3, H, W]
    return x -> conv2d(4, 3) -> relu -> adaptive_avg_pool2d(1) -> flatten -> linear(classes)
"""


def test_a_model_without_a_train_part_is_trained_on_data_that_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In three colours and with ten classes, as the digits ask for."""
    pytest.importorskip("torch")
    pytest.importorskip("sklearn")
    monkeypatch.chdir(tmp_path)
    Path("tiny.nn").write_text(TINY)
    assert main(["train", "tiny.nn", "data=digits", "epochs=1"]) == 0
    (kept,) = Path("runs/Tiny").glob("*/spec.nn")
    assert "Base(classes=10)" in kept.read_text() and "rgb" in kept.read_text()
    capsys.readouterr()
    for words, told in {
        ("tiny.nn",): "nnspec train tiny.nn:Tiny data=cifar10",
        ("zoo:gpt2",): "nnspec train zoo:gpt2 'data=text(\"FILE\")'",
        ("zoo:nerf",): "from zoo.nerf import nerf",
        ("zoo:siamese",): "left [N, 1, H, W], right [N, 1, H, W]",
        ("zoo:raft_small", "data=digits"): "needs a train part of its own",
    }.items():
        assert main(["train", *words]) == 2
        said = capsys.readouterr().err
        assert told in said
        assert ("cifar10" in said) == (words == ("tiny.nn",))
    assert main(["train", "zoo:resnet18", "data=digitz"]) == 1
    assert "did you mean `digits`" in capsys.readouterr().out


def kept(words: str, capsys: pytest.CaptureFixture[str]) -> str:
    """The spec that a run of these words kept, without what it took from the model."""
    assert main(["train", *words.split(), "epochs=1", "batch_size=2"]) == 0
    folder = re.search(r"run folder: (.*)", capsys.readouterr().out)
    assert folder
    return Path(folder[1].strip(), "spec.nn").read_text()


def test_the_usual_recipe_is_what_the_model_is_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Scores of anything, a language model on a text, and any model at all on random numbers of its own
    shapes; the zoo's also where its file has a train part for another."""
    pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    Path("points.nn").write_text(
        "model Points(classes: int = 3):\n    input points: [N, 3, P]\n"
        "    return scores = points -> amax(dim=2) -> linear(classes)\n"
    )
    Path("words.nn").write_text(
        "model Words(vocab: int = 99):\n    input tokens: i64[N, T]\n"
        "    return tokens -> embedding(vocab, 4) -> linear(vocab)\n"
    )
    Path("book.txt").write_text("abcabcabc" * 10)
    assert "loss = cross_entropy(scores, label)" in kept("points.nn data=fake(samples=8)", capsys)
    made = kept('words.nn data=text("book.txt",context=4)', capsys)
    assert "Base(vocab=3)" in made and "cross_entropy(transpose(output, 1, 2), next)" in made
    assert "mean(color ** 2) + mean(density ** 2)" in kept("zoo:nerf data=fake(samples=4)", capsys)
    assert "mean(again ** 2)" in kept("zoo:vae data=fake(samples=4)", capsys)


def test_what_the_message_proposes_trains(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    assert main(["train", "zoo:nerf"]) == 2
    said = capsys.readouterr().err
    file, _, command = said[said.index("  from zoo") :].partition("or try it on random numbers:")
    Path("mine.nn").write_text(textwrap.dedent(file))
    for words in (["nnspec", "train", "mine.nn", "epochs=1"], shlex.split(command)):
        assert main(words[1:]) == 0


def test_files_that_are_no_specs(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("empty.nn").write_text("")
    assert main(["check", "empty.nn"]) == 1
    assert "a spec holds a model, for example" in capsys.readouterr().out
    Path("latin.nn").write_bytes(b"\xff\xfe")
    assert main(["check", "latin.nn"]) == 2
    assert "not UTF-8" in capsys.readouterr().err


def test_json_is_what_the_schema_says(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((ROOT / "nnspec/report/schema.json").read_text())
    for words, ok in ((["net.nn"], True), (["bad.nn"], False), (["net.nn", "bad.nn"], False)):
        assert main(["check", *words, "--format", "json"]) == (0 if ok else 1)
        found = json.loads(capsys.readouterr().out)
        jsonschema.validate(found, schema)
        assert found["ok"] is ok
    found["surprise"] = 1
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(found, schema)


def test_json_and_python_tell_the_same(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import nnspec

    main(["check", "net.nn", "--sizes", "N=2", "--format", "json"])
    told = json.loads(capsys.readouterr().out)["models"]["Net"]
    model = nnspec.check("net.nn").models["Net"].at({"N": 2})
    assert told["outputs"]["out"]["shape"] == list(model.outputs["out"].shape) == [2, 4, 28, 28]
    assert told["macs"] == model.macs == sum(layer["macs"] for layer in told["layers"])
    assert told["params"]["total"] == sum(layer["params"] for layer in told["layers"])
    stem = told["layers"][0]
    line, column = stem["span"]["line"], stem["span"]["column"]
    assert GOOD.splitlines()[line - 1][column - 1 :].startswith("conv2d(width, 5)")


def test_github(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "bad.nn", "--format", "github"]) == 1
    out = capsys.readouterr().out
    assert out.startswith("::error file=bad.nn,line=5,endLine=5,col=")
    assert out.count("\n") == 1


def test_sarif(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "bad.nn", "--format", "sarif"]) == 1
    run = json.loads(capsys.readouterr().out)["runs"][0]
    result = run["results"][0]
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == "NN303"
    place = result["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == ("bad.nn", 5)


def test_sarif_has_what_its_specification_asks(
    spec: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """SARIF 2.1.0, sections 3.13 to 3.30: what must be there, and that nothing else is."""
    files = sorted((ROOT / "tests/cases/reject").glob("*.nn"))[:20]
    assert main(["check", "--format", "sarif", "net.nn", *map(str, files)]) == 1
    log = json.loads(capsys.readouterr().out)
    assert set(log) == {"$schema", "version", "runs"}
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    assert set(run) == {"tool", "columnKind", "results"}
    rules = run["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    assert len(run["results"]) > 20
    for result in run["results"]:
        assert set(result) <= {
            "ruleId", "ruleIndex", "level", "message", "locations", "relatedLocations"
        }  # fmt: skip
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("none", "note", "warning", "error")
        assert result["message"]["text"]
        assert len(result["locations"]) == 1  # GitHub reads the first
        for place in (*result["locations"], *result.get("relatedLocations", ())):
            region = place["physicalLocation"]["region"]
            begin = region["startLine"], region["startColumn"]
            assert (1, 1) <= begin <= (region["endLine"], region["endColumn"])


def test_explain_a_layer(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "net.nn", "stem"]) == 0
    out = capsys.readouterr().out
    assert "[N, 3, 32, 32] -> [N, 8, 28, 28]" in out
    assert "8 × 3 × 5 × 5 = 600" in out
    assert "Each of the 8 filters has 3 × 5 × 5 = 75 weights and 1 bias: 76." in out
    assert "does not depend on the size of the image" in out
    assert main(["explain", "net.nn", "relu_1"]) == 0
    out = capsys.readouterr().out
    assert "no dimension changes" in out
    assert "nothing to learn" in out


def test_explain_puts_numbers_in_everywhere(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec.write_text("model A:\n    input x: [N, 3, H, W]\n    return x -> conv: conv2d(6, 5)\n")
    assert main(["explain", "net.nn", "conv", "--sizes", "H=32,W=30"]) == 0
    out = capsys.readouterr().out
    assert "(32 + 0 - 1 * (5 - 1) - 1) // 1 + 1" in out
    assert "N * 6 * 28 * 26 output values" in out
    assert "H - 4" not in out


def test_what_takes_values_together_is_not_said_to_work_on_each_by_itself(
    spec: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec.write_text("model A:\n    input x: [N, 8]\n    return x -> batch_norm1d -> softmax(1)\n")
    for layer in ("batch_norm1d_1", "softmax_1"):
        assert main(["explain", "net.nn", layer]) == 0
        out = capsys.readouterr().out
        assert "No dimension changes." in out
        assert "by itself: no dimension" not in out


def test_a_filter_of_3x3x3_has_28_parameters(
    spec: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec.write_text(GOOD.replace("conv2d(width, 5)", "conv2d(1, 3)"))
    main(["explain", "net.nn", "stem"])
    assert "3 × 3 × 3 = 27 weights and 1 bias: 28." in capsys.readouterr().out


def test_new_makes_a_clean_spec(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "my-net"]) == 0
    assert main(["check", "my-net.nn"]) == 0
    assert "MyNet" in capsys.readouterr().out
    assert main(["new", "my-net"]) == 2


def test_colours_follow_the_environment(spec: Path) -> None:
    plain = run("check", "net.nn").stdout
    assert "\x1b" not in plain
    assert "\x1b" in run("check", "net.nn", FORCE_COLOR="1").stdout
    assert "\x1b" in run("check", "net.nn", FORCE_COLOR="1", NO_COLOR="").stdout
    assert run("check", "net.nn", FORCE_COLOR="1", NO_COLOR="1").stdout == plain


@pytest.mark.parametrize("columns", [40, 60, 80])
def test_a_narrow_terminal(spec: Path, columns: int) -> None:
    import re

    out = run("check", "net.nn", FORCE_COLOR="1", COLUMNS=str(columns)).stdout
    table = re.sub(r"\x1b\[[\d;]*m", "", out).split("\n\n")[1]
    longest = max(len(line) for line in table.splitlines())
    assert longest <= max(columns, 72)


def test_ascii_output_does_not_fail(spec: Path) -> None:
    done = run("check", "net.nn", PYTHONIOENCODING="ascii", FORCE_COLOR="1")
    assert done.returncode == 0, done.stderr
    assert done.stdout.isascii()


@pytest.mark.skipif(os.name != "posix", reason="a POSIX shell")
def test_a_reader_that_goes_away(spec: Path) -> None:
    command = f"{sys.executable} -m nnspec check {'net.nn ' * 300} | head -n 1"
    environment = {**os.environ, "PYTHONPATH": f"{os.environ.get('PYTHONPATH', '')}:{ROOT}"}
    done = subprocess.run(
        command, shell=True, capture_output=True, text=True, env=environment, cwd=spec.parent
    )
    assert done.stderr == ""
    assert done.stdout == "Net\n"


def test_ctrl_c(spec: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import nnspec.cli.checks

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(nnspec.cli.checks, "check_target", interrupted)
    assert main(["check", "net.nn"]) == 130


def test_nearest(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    unet = str(ROOT / "specs" / "unet.nn")
    assert main(["check", unet, "--nearest", "H=225,W=3"]) == 0
    assert "the nearest that it takes: H=224,W=16 or H=240,W=16\n" in capsys.readouterr().out
    assert main(["check", unet, "--nearest", "H=32"]) == 0
    assert capsys.readouterr().out == "UNet: takes H=32\n"
    assert main(["check", unet, "--nearest", "H=32", "--sizes", "W=7"]) == 0
    assert "UNet: does not take W=7: it needs H % 16 == 0" in capsys.readouterr().out
    assert main(["check", unet, "--nearest", "Q=3"]) == 2
    assert "there is no size `Q`; the sizes are H, N, W" in capsys.readouterr().err
    assert main(["check", unet, "--nearest", "H"]) == 2
    assert main(["check", "bad.nn", "--nearest", "H=3"]) == 1
    assert "error[NN" in capsys.readouterr().out
    assert main(["check", "nosuch.nn", "--nearest", "H=3"]) == 2


@pytest.mark.parametrize(
    "words",
    [
        ["check", "--sizes", "Q=3"],
        ["check", "--nearest", "Q=3"],
        ["check", "--nearest", "H=32", "--sizes", "Q=3"],
        ["check", "--devices", "2", "--sizes", "Q=3,H=32,W=32"],
    ],
    ids=" ".join,
)
def test_a_size_that_no_model_has(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*words, str(ROOT / "specs" / "unet.nn")]) == 2
    found = capsys.readouterr()
    assert not found.out
    assert "there is no size `Q`; the sizes are H, N, W" in found.err


def test_a_size_that_one_of_the_targets_has(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "zoo:unet", "zoo:lenet", "--sizes", "H=32,W=32"]) == 0
    assert main(["check", "zoo:unet", "zoo:lenet", "--sizes", "Q=32"]) == 2
    assert "the sizes are H, N, W" in capsys.readouterr().err


def test_the_memory_of_training_is_of_sizes_that_the_model_takes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["check", "zoo:unet", "--devices", "2", "--sizes", "H=33,W=32"]) == 1
    out = capsys.readouterr().out
    assert "error[NN309]: `UNet` does not take H = 33" in out
    assert "weights" not in out


def test_explain_an_input(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", str(ROOT / "specs" / "unet.nn"), "image"]) == 0
    out = capsys.readouterr().out
    assert "shape  [N, 3, H, W]" in out
    assert "3: the channels of an image" in out
    assert "sizes  H % 16 == 0 and H >= 16" in out


def test_a_model_that_needs_a_parameter(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "model Net(width: int):\n    input x: [N, 4]\n    return x -> linear(width)\n"
    spec.write_text(text)
    assert main(["check", "net.nn"]) == 0
    out = capsys.readouterr().out
    assert "`Net` needs width" in out
    preset = out.rpartition("a preset gives them: ")[2].strip().replace("…", "3")
    spec.write_text(f"{text}\n{preset}\n")
    assert main(["check", "net.nn"]) == 0
    assert "linear(3)" in capsys.readouterr().out
