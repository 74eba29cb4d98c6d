"""Weights to begin with, from a safetensors file, a `state_dict` file or a run, and what of them matched."""

from __future__ import annotations

import os
import pickle
from collections.abc import Container

import torch
from torch import Tensor, nn

from nnspec.training.errors import RunError
from nnspec.training.run import Run, read_tensors

#: names of each kind that the report shows
SHOWN = 3


def begin_with(model: nn.Module, file: str, name: str = "") -> list[str]:
    """Put the weights of a file into the model, name by name; what matched, in lines to be shown.

    `name` is the model's, under which a run of several models keeps its weights.

    A tensor of another shape is left as it was drawn: a head for other classes, most often. RunError where
    the file cannot be read, or nothing in it fits.
    """
    given = {k.removeprefix(f"{name}."): v for k, v in _read(file).items()}
    own = dict(model.state_dict())
    given, renamed = _named_as(own, given)
    fits = {k: v for k, v in given.items() if k in own and own[k].shape == v.shape}
    if not fits:
        raise RunError(
            f"nothing in {file} fits the model",
            f"it has {_some(list(given))}; the model has {_some(list(own))}",
        )
    model.load_state_dict(fits, strict=False)
    shared = {own[k].data_ptr() for k in fits}  # under another name
    lines = [f"{len(fits)} of {len(own)} tensors from {file}{renamed}"]
    other = [
        f"{k} {_shape(given[k])}, not {_shape(own[k])}" for k in own if k in given and k not in fits
    ]
    missing = [k for k in own if k not in given and own[k].data_ptr() not in shared]
    unused = [k for k in given if k not in own]
    for what, names in (
        ("of another shape, drawn anew", other),
        ("not in the file, drawn anew", missing),
        ("in the file only, left out", unused),
    ):
        if names:
            lines.append(f"{what}: {_some(names)}")
    return lines


def _named_as(own: Container[str], given: dict[str, Tensor]) -> tuple[dict[str, Tensor], str]:
    """The tensors under the model's names where a file puts the name of a part in front of all of it
    (`transformer.wte.weight`), or calls the weight and bias of a norm `gamma` and `beta`; and what to say of
    it."""
    said = ""
    for old, new in ((".gamma", ".weight"), (".beta", ".bias")):
        moved = {k: k.removesuffix(old) + new for k in given if k.endswith(old) and k not in own}
        if moved:
            given = {moved.get(k, k): v for k, v in given.items()}
            said += f", their `{old[1:]}` as `{new[1:]}`"
    fronts = {"", *(k.partition(".")[0] + "." for k in given)}
    found = {front: sum(k.removeprefix(front) in own for k in given) for front in fronts}
    front = max(found, key=lambda each: (found[each], not each))
    if front:
        given = {k.removeprefix(front): v for k, v in given.items()}
        said += f", without the `{front}` in front of their names"
    return given, said


def _read(file: str) -> dict[str, Tensor]:
    if os.path.isdir(file):
        return Run.open(file).weights("best")
    if not os.path.isfile(file):
        raise RunError(f"there is no file {file}", "`weights` counts from the folder of the spec")
    if file.endswith(".safetensors"):
        return read_tensors(file)
    try:
        found = torch.load(file, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, OSError, ValueError, KeyError) as error:
        raise RunError(
            f"{file} is neither a safetensors file nor a state_dict: {str(error).splitlines()[0]}",
            "save one with torch.save(model.state_dict(), file); whole pickled models are not read, "
            "for they can run code",
        ) from None
    for word in ("state_dict", "model"):  # what training scripts put around it
        if isinstance(found, dict) and isinstance(found.get(word), dict):
            found = found[word]
    if not isinstance(found, dict) or not all(isinstance(v, Tensor) for v in found.values()):
        raise RunError(f"{file} holds no state_dict", "that is a dict of names and tensors")
    return {str(name).removeprefix("module."): value for name, value in found.items()}


def _some(names: list[str]) -> str:
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def _shape(tensor: Tensor) -> str:
    return str(list(tensor.shape))
