"""Loaded classes are ordinary modules: they pickle, copy, compile, export, show their source."""

from __future__ import annotations

import copy
import inspect
import io
import pickle
import traceback
from pathlib import Path

import pytest

import nnspec

torch = pytest.importorskip("torch")

ROOT = Path(__file__).parent.parent.parent
OWN = Path(__file__).parent / "attention.nn"


@pytest.fixture(scope="module")
def tiny() -> torch.nn.Module:
    return nnspec.load(str(OWN)).Tiny().eval()


def test_pickle_deepcopy_and_save(tiny: torch.nn.Module) -> None:
    x = torch.randn(2, 5, 16)
    stream = io.BytesIO()
    torch.save(tiny, stream)
    stream.seek(0)
    for other in (
        pickle.loads(pickle.dumps(tiny)),
        copy.deepcopy(tiny),
        torch.load(stream, weights_only=False),
    ):
        assert type(other) is type(tiny)
        assert torch.equal(other(x).first, tiny(x).first)
    changed = copy.deepcopy(tiny)
    with torch.no_grad():
        changed.ln_f.weight.zero_()
    assert not torch.equal(changed(x).y, tiny(x).y)


def test_compile_export_and_trace(tiny: torch.nn.Module) -> None:
    x = torch.randn(2, 5, 16)
    expected = tiny(x).first
    compiled = torch.compile(tiny, fullgraph=True, backend="eager")
    assert torch.equal(compiled(x).first, expected)
    sizes = {0: torch.export.Dim("N"), 1: torch.export.Dim("T")}
    exported = torch.export.export(tiny, (x,), dynamic_shapes=(sizes,))
    other = torch.randn(3, 6, 16)
    torch.testing.assert_close(exported.module()(other).first, tiny(other).first)
    assert torch.equal(torch.fx.symbolic_trace(tiny)(x).first, expected)


def test_source_and_tracebacks_are_shown(tiny: torch.nn.Module) -> None:
    assert inspect.getsource(type(tiny)).startswith("class Tiny(nn.Module):")
    assert "def forward(self, x: Tensor)" in inspect.getsource(type(tiny.h[0]).forward)
    with pytest.raises(RuntimeError) as caught:
        tiny(torch.zeros(2, 5, 3))
    assert "self.h(x)" in "".join(traceback.format_exception(caught.value))


def test_signature_is_the_specs_and_says_where() -> None:
    found = inspect.signature(nnspec.load(str(OWN)).Tiny)
    assert {name: p.default for name, p in found.parameters.items()} == {
        "width": 16, "depth": 3, "heads": 2, "p": 0.1, "device": None, "dtype": None,
    }  # fmt: skip


def test_parameters_that_shape_the_model() -> None:
    spec = nnspec.load(str(ROOT / "specs/unet.nn"))
    small = spec.UNet(width=2, depth=2)
    assert len(small.down) == 2
    assert small(torch.zeros(1, 3, 8, 8)).shape == (1, 2, 8, 8)
    assert type(pickle.loads(pickle.dumps(small))) is type(small)
    assert type(spec.UNet(width=4, depth=2)) is type(small)
    assert len(spec.UNet(width=2).down) == 4
    mlp = nnspec.load(str(ROOT / "specs/mlp.nn")).MLP
    assert [layer.out_features for layer in mlp(hidden=[5, 6, 7]).hidden] == [5, 6, 7]
    assert [layer.out_features for layer in mlp(12, (5, 6)).hidden] == [5, 6]
    assert isinstance(mlp(hidden=[256, 128]), mlp)


def test_written_code_refuses_what_it_was_not_compiled_for() -> None:
    from nnspec.compiler.source import program_of, source_of
    from nnspec.targets import find

    program = program_of(find(str(ROOT / "specs/unet.nn")).read())
    scope: dict[str, object] = {}
    exec(source_of(program, ["UNet"]).text, scope)
    with pytest.raises(ValueError, match="depth=4, not 3"):
        scope["UNet"](depth=3)  # type: ignore[operator]


def test_required_parameters() -> None:
    from nnspec.compiler.source import program_of
    from nnspec.compiler.spec import Spec
    from nnspec.source import Source

    text = "model Net(width: int):\n    input x: [N, 3]\n    return x -> fc: linear(width)\n"
    spec = Spec(program_of(Source(text, "net.nn")))
    assert spec.Net(width=5).fc.out_features == 5
    assert spec.Net(6).fc.out_features == 6
    with pytest.raises(TypeError, match="needs width"):
        spec.Net()


def test_wrong_words_are_told_with_the_nearest() -> None:
    spec = nnspec.load(str(ROOT / "specs/lenet.nn"))
    assert "LeNet" in dir(spec)
    with pytest.raises(AttributeError, match="did you mean `LeNet`"):
        _ = spec.Lenet
    with pytest.raises(AttributeError, match="did you mean `LeNet`"):
        nnspec.load(f"{ROOT / 'specs/lenet.nn'}:LeNt")
    with pytest.raises(TypeError, match="did you mean 'classes'"):
        spec.LeNet(clases=3)
    with pytest.raises(TypeError, match="two values"):
        spec.LeNet(3, classes=3)
    with pytest.raises(nnspec.SpecError):
        spec.LeNet(classes=0)


def test_errors_of_a_spec_are_raised_together(tmp_path: Path) -> None:
    file = tmp_path / "bad.nn"
    file.write_text("model A:\n    input x: [N, 3]\n    return x -> conv2d(3, 3)\n")
    with pytest.raises(nnspec.SpecError, match=r"bad.nn:3:\d+: NN303"):
        _ = nnspec.load(str(file)).A
    with pytest.raises(OSError, match="no such file"):
        nnspec.load(str(tmp_path / "none.nn"))
