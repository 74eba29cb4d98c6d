"""`import nnspec.hook`: specs are imported like modules."""

from __future__ import annotations

import importlib
import inspect
import pickle
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("torch")

import nnspec.hook

NET = "model Net(width: int = 4):\n    input x: [N, 3]\n    return x -> fc: linear(width)\n"
Write = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Writes a file below a folder on the path."""
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)

    def file(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        importlib.invalidate_caches()
        return path

    yield file
    for name in set(sys.modules) - before:
        if name.startswith("hooked"):
            del sys.modules[name]


def test_a_spec_in_a_folder_without_init(write: Write) -> None:
    path = write("hooked_folder/inner/net.nn", NET)
    module = importlib.import_module("hooked_folder.inner.net")
    assert module.Net.__module__ == "hooked_folder.inner.net"
    assert module.__spec__.origin == str(path)
    net = module.Net(width=5)
    assert type(pickle.loads(pickle.dumps(net))) is module.Net
    assert inspect.getsource(module.Net).startswith("class Net(nn.Module):")
    assert not list(path.parent.glob("**/*.pyc"))


def test_python_wins(write: Write) -> None:
    write("hooked_both.nn", NET)
    write("hooked_both.py", "Net = 'python'\n")
    assert importlib.import_module("hooked_both").Net == "python"


def test_an_edit_is_seen_on_reload(write: Write) -> None:
    write("hooked_edit.nn", NET)
    module = importlib.import_module("hooked_edit")
    assert module.Net().fc.out_features == 4
    write("hooked_edit.nn", NET.replace("= 4", "= 7"))
    assert importlib.reload(module).Net().fc.out_features == 7


def test_errors_are_import_errors_with_their_places(write: Write) -> None:
    write("hooked_bad.nn", NET.replace("linear", "linaer"))
    with pytest.raises(ImportError, match=r"hooked_bad.nn:3:\d+: NN200") as caught:
        importlib.import_module("hooked_bad")
    assert isinstance(caught.value, nnspec.SpecError)
    assert "hooked_bad" not in sys.modules


def test_it_is_installed_once() -> None:
    before = list(sys.meta_path)
    nnspec.hook.install()
    assert sys.meta_path == before
