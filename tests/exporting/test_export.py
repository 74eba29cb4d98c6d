"""`nnspec export`: the files are read back by the programs that they are for, and give PyTorch's outputs."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from nnspec.cli import main  # noqa: E402
from nnspec.compiler.spec import load  # noqa: E402

SPEC = """
model Net:
    input image: [N, 3, H, W]
    a = image -> conv2d(4, 3, padding=1) -> batch_norm2d -> relu -> max_pool2d(2)
    skip = image -> conv2d(2, 1)
    mask = skip + (a -> interpolate(scale_factor=2) -> conv2d(2, 1))
    score = a -> adaptive_avg_pool2d(1) -> flatten -> linear(5)
    return mask, score
"""
TRAINED = """
model Net(width: int = 8):
    input image: [N, 1, 8, 8]
    return logits = image -> flatten -> linear(width) -> relu -> linear(10)

data digits:
    source = digits()

train Net on digits:
    loss = cross_entropy(logits, label)
    metrics = [accuracy(logits, label)]
    epochs = 1
"""
#: a norm over channels that are last: torch.export does not follow it down to sizes of 1
LAST = """
model Net:
    input image: [N, 3, H, W]
    x = image -> conv2d(8, 4, stride=4) -> permute(0, 2, 3, 1) -> layer_norm
    x = x -> permute(0, 3, 1, 2) -> conv2d(8, 2, stride=2) -> permute(0, 2, 3, 1) -> layer_norm
    return y = x -> permute(0, 3, 1, 2) -> conv2d(8, 7, padding=3, groups=8)
"""


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    Path("net.nn").write_text(SPEC)
    torch.manual_seed(0)  # as `nnspec export` draws fresh weights
    return load("net.nn").Net().eval()


def test_onnx(net: Any, capsys: pytest.CaptureFixture[str]) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    assert main(["export", "net.nn", "-o", "net.onnx"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert out.startswith("net.onnx: Net, fresh weights\n")
    assert "onnxruntime gives what PyTorch gives" in out
    session = onnxruntime.InferenceSession("net.onnx")
    assert [(i.name, i.shape) for i in session.get_inputs()] == [("image", ["N", 3, "H", "W"])]
    assert [o.name for o in session.get_outputs()] == ["mask", "score"]
    for shape in ((1, 3, 2, 2), (3, 3, 14, 20), (2, 3, 64, 32)):
        x = torch.randn(shape)
        found = session.run(None, {"image": x.numpy()})
        for ours, theirs in zip(net(x), found, strict=True):
            torch.testing.assert_close(ours, torch.from_numpy(theirs), rtol=1e-4, atol=1e-5)


def test_a_root_of_a_sum_is_compared_as_a_number(
    net: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """Graph networks divide by the root of each row's sum, which numbers of either sign do not have."""
    pytest.importorskip("onnxruntime")
    Path("graph.nn").write_text(
        "model Net:\n    input a: [V, V]\n    return (sum(a, dim=1) ** -0.5)[:, none] * a -> relu\n"
    )
    assert main(["export", "graph.nn", "-o", "graph.onnx"]) == 0
    assert "gives what PyTorch gives" in capsys.readouterr().out


def test_sizes_that_are_fixed(net: Any) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    assert main(["export", "net.nn", "-o", "net.onnx", "--sizes", "H=8,W=10"]) == 0
    session = onnxruntime.InferenceSession("net.onnx")
    assert session.get_inputs()[0].shape == ["N", 3, 8, 10]


def test_an_exported_program(net: Any) -> None:
    assert main(["export", "net.nn", "--to", "pt2"]) == 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.export.load("Net.pt2").module()
    for shape in ((2, 3, 12, 20), (3, 3, 4, 6)):
        torch.testing.assert_close(program(x := torch.randn(shape)), net(x)._asdict())


def test_safetensors(net: Any) -> None:
    from safetensors.torch import load_file

    assert main(["export", "net.nn", "--to", "safetensors"]) == 0
    found = load_file("Net.safetensors")
    assert found.keys() == net.state_dict().keys()
    assert all(torch.equal(found[key], value) for key, value in net.state_dict().items())


def test_a_run(net: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """The weights are the best ones, the parameters those that the run was begun with."""
    from safetensors.torch import load_file

    Path("digits.nn").write_text(TRAINED)
    assert main(["train", "digits.nn", "model.width=12"]) == 0
    (run,) = Path("runs/Net").iterdir()
    assert main(["export", str(run), "-o", "net.safetensors"]) == 0
    assert f"the best weights of {run}" in capsys.readouterr().out
    found = load_file("net.safetensors")
    wanted = load_file(run / "best" / "model.safetensors")
    assert found.keys() == wanted.keys()
    assert all(torch.equal(found[key], wanted[key]) for key in wanted)
    assert main(["export", str(run), "-o", "net.pt2"]) == 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.export.load("net.pt2").module()
    assert program(torch.zeros(3, 1, 8, 8)).shape == (3, 10)


def test_a_narrower_range_is_told(net: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """`nnspec check` says H >= 8; what the file takes is what torch.export could follow."""
    Path("last.nn").write_text(LAST)
    assert main(["export", "last.nn", "--to", "pt2"]) == 0
    told = capsys.readouterr().out
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.export.load("Net.pt2").module()
    program(torch.zeros(2, 3, 16, 16))
    if "the file takes sizes with" not in told:
        program(torch.zeros(1, 3, 8, 8))
    else:
        assert "H >= 16" in told
        with pytest.raises((RuntimeError, AssertionError)):
            program(torch.zeros(1, 3, 8, 8))


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (["net.nn"], 2, "say the format: --to onnx, pt2, safetensors"),
        (["net.nn", "-o", "net.tflite"], 2, "say the format"),
        (["net.nn", "-o", "gone/net.pt2"], 1, "there is no folder gone"),
        (["gone.nn", "--to", "pt2"], 2, "gone.nn"),
        (["zoo:resnet", "--to", "pt2"], 1, "name one: zoo:resnet:"),
        (["gone", "--to", "pt2"], 1, "no such run"),
        (["net.nn", "--to", "pt2", "--sizes", "Q=3"], 2, "no size `Q`"),
        (["net.nn", "--to", "pt2", "--sizes", "H"], 2, "write sizes as"),
    ],
)
def test_mistakes(
    net: Any, capsys: pytest.CaptureFixture[str], words: list[str], status: int, told: str
) -> None:
    assert main(["export", *words]) == status
    out, err = capsys.readouterr()
    assert told in err
    assert out == ""
    assert sorted(path.name for path in Path.cwd().iterdir()) == ["net.nn"]


def test_a_size_that_is_not_admitted(net: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "net.nn", "--to", "pt2", "--sizes", "H=7"]) == 1
    assert "error[NN309]" in capsys.readouterr().out


def test_without_onnx(
    net: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import importlib.util

    there = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name == "onnx" else there(name, *a)
    )
    assert main(["export", "net.nn", "--to", "onnx"]) == 1
    assert 'pip install "nnspec[export]"' in capsys.readouterr().err


def test_a_model_that_onnx_gets_wrong_is_not_written(
    net: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    run = onnxruntime.InferenceSession.run
    monkeypatch.setattr(
        onnxruntime.InferenceSession, "run", lambda *words: [out + 1 for out in run(*words)]
    )
    assert main(["export", "net.nn", "--to", "onnx"]) == 1
    assert "do not agree" in capsys.readouterr().err
    assert sorted(path.name for path in Path.cwd().iterdir()) == ["net.nn"]
