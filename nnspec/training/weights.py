"""Weights to begin with, from a safetensors file, a `state_dict` file or a run, and what of them matched."""

from __future__ import annotations

import os
import pickle

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
    fits = {k: v for k, v in given.items() if k in own and own[k].shape == v.shape}
    if not fits:
        raise RunError(
            f"nothing in {file} fits the model",
            f"it has {_some(list(given))}; the model has {_some(list(own))}",
        )
    model.load_state_dict(fits, strict=False)
    lines = [f"{len(fits)} of {len(own)} tensors from {file}"]
    other = [
        f"{k} {_shape(given[k])}, not {_shape(own[k])}" for k in own if k in given and k not in fits
    ]
    missing = [k for k in own if k not in given]
    unused = [k for k in given if k not in own]
    for what, names in (
        ("of another shape, drawn anew", other),
        ("not in the file, drawn anew", missing),
        ("in the file only, left out", unused),
    ):
        if names:
            lines.append(f"{what}: {_some(names)}")
    return lines


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
