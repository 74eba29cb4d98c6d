"""`key=value` words, and targets: what is read, and what is refused with which words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nnspec.settings import BadSetting, parse, parse_sizes, parse_value
from nnspec.targets import Unreadable, find, read_text

VALUES: dict[str, Any] = {
    "3": 3, "1_000": 1000, "-2": -2, "1e-2": 0.01, "0.5": 0.5, ".5": 0.5, "3.": 3.0,
    "true": True, "false": False, "none": None, "adamw": "adamw", '"a b"': "a b", "'a b'": "a b",
    "a b": "a b", "": "", "[1, 2]": [1, 2], "[]": [], "[[1], x]": [[1], "x"], "a/b.nn": "a/b.nn",
    "[train: 0.8, val: 0.2]": {"train": 0.8, "val": 0.2}, "cuda:0": "cuda:0", r'"a\"b"': 'a"b',
    "1_": "1_", "4bit": "4bit", "1e400": "1e400",
}  # fmt: skip


@pytest.mark.parametrize(("text", "value"), VALUES.items())
def test_values(text: str, value: Any) -> None:
    found = parse_value(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "text", ["[1", "[1 2]", "[1]]", "[a: 1, 2]", "[,]", "[1:]", "9" * 5000, "[" * 5000]
)
def test_values_that_cannot_be_read(text: str) -> None:
    with pytest.raises(BadSetting):
        parse_value(text)


def test_settings() -> None:
    known = ["epochs", "optimizer.lr", "model.width"]
    assert parse(["epochs=3", "optimizer.lr=1e-2"], known) == {"epochs": 3, "optimizer.lr": 0.01}
    assert parse(["a=b=c"]) == {"a": "b=c"}
    for word, told in {
        "epoch=3": "did you mean `epochs`",
        "lr=3": "did you mean `optimizer.lr`",
        "zzz=3": "there are: epochs",
        "epochs": "name=value",
        "=3": "no name",
    }.items():
        with pytest.raises(BadSetting, match=told):
            parse([word], known)
    with pytest.raises(BadSetting, match="twice"):
        parse(["epochs=3", "epochs=4"], known)


def test_sizes() -> None:
    assert parse_sizes("H=224,W=224") == parse_sizes("H=224 W=224") == {"H": 224, "W": 224}
    for text in ("H", "H=x", "H=0", "H=-1", "H=1,H=2", "3=3", "H=" + "9" * 5000):
        with pytest.raises(BadSetting):
            parse_sizes(text)


def test_targets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lenet.nn").write_text("x")
    (tmp_path / "odd.nn:Name").write_text("y")
    assert (find("lenet.nn").file, find("lenet.nn").name) == ("lenet.nn", "")
    assert (find("lenet.nn:LeNet").file, find("lenet.nn:LeNet").name) == ("lenet.nn", "LeNet")
    assert find("odd.nn:Name").file == "odd.nn:Name"
    assert find("C:name").file == "C:name"
    assert find("lenet.nn").read().text == "x"
    zoo = find("zoo:resnet50")
    assert (Path(zoo.file).name, zoo.name) == ("resnet.nn", "resnet50")
    assert find("zoo:lenet").name == ""
    with pytest.raises(Unreadable, match="did you mean zoo:resnet50"):
        find("zoo:resnet500")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "lenet.nn").write_text("x")
    (tmp_path / "latin.nn").write_bytes(b"ok\n\xe9\n")
    for name, told in {
        "lenett.nn": r"no such file; did you mean .*lenet\.nn",
        "lenet": r"no such file; did you mean .*lenet\.nn",
        "none/lenet.nn": "there is no folder",
        "": "a folder, not a spec; name a file in it",
        "latin.nn": r"not UTF-8 text: byte 0xe9 in line 2 \(offset 3\)",
        "x" * 5000: "cannot be read",
        "a\0b": "cannot be read",
    }.items():
        with pytest.raises(Unreadable, match=told):
            read_text(str(tmp_path / name) if name else str(tmp_path))


def test_a_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "bom.nn").write_bytes(b"\xef\xbb\xbfmodel")
    assert read_text(str(tmp_path / "bom.nn")) == "model"
