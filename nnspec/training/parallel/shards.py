"""Tensors of which each process holds a part, on disk: torch.distributed.checkpoint, in safetensors files.

PyTorch's own format keeps its index (`.metadata`) as a pickle, which a stranger can make run code. The
safetensors format of the same library has the place of each part in the header of its file, as JSON: the
planning and the exchange of parts are the library's, and nothing is pickled.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors import SafetensorError
from torch import Tensor
from torch.distributed.checkpoint.api import CheckpointException
from torch.distributed.checkpoint.hf_storage import (
    HuggingFaceStorageReader,
    HuggingFaceStorageWriter,
)
from torch.distributed.checkpoint.metadata import TensorStorageMetadata
from torch.distributed.checkpoint.state_dict_loader import load
from torch.distributed.checkpoint.state_dict_saver import save

from nnspec.training.errors import RunError


def write_shards(folder: Path, tensors: dict[str, Tensor]) -> None:
    """Write the parts of all processes, which do it together, into a folder."""
    writer = HuggingFaceStorageWriter(str(folder), save_distributed=True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            save(tensors, storage_writer=writer)
    except CheckpointException as error:
        raise RunError(f"{folder} cannot be written: {_reason(error)}") from None


def read_shards(
    folder: Path, like: Callable[[str], Tensor | None], alone: bool
) -> dict[str, Tensor]:
    """The tensors of such a folder, each divided as `like` of its name, or whole.

    `alone`: no other process reads; however many had written.
    """
    reader = HuggingFaceStorageReader(str(folder))
    try:
        found: dict[str, Tensor] = {}
        for name, kind in reader.read_metadata().state_dict_metadata.items():
            assert isinstance(kind, TensorStorageMetadata)  # there are only tensors in these files
            model = like(name)
            if model is not None and model.shape == kind.size:
                found[name] = torch.zeros_like(model, dtype=kind.properties.dtype).detach()
            else:
                found[name] = torch.zeros(kind.size, dtype=kind.properties.dtype)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            load(found, storage_reader=reader, no_dist=alone)
    except (
        CheckpointException,
        SafetensorError,
        OSError,
        ValueError,
        KeyError,
        TypeError,
    ) as error:
        raise RunError(f"{folder} is damaged: {_reason(error)}") from None
    return found


def _reason(error: BaseException) -> str:
    if isinstance(error, CheckpointException) and error.failures:
        error = next(iter(error.failures.values()))[0]
    return str(error).strip().splitlines()[-1] if str(error).strip() else type(error).__name__
