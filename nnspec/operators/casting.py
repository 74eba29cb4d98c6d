"""`dtype=` of sums and shares: what the values are made before anything is computed."""

from __future__ import annotations

from nnspec.operators.definition import Setting
from nnspec.tensors import TensorType, torch_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nnspec.operators.definition import Use

DTYPE = Setting("dtype", "dtype|none", None, doc="what the values are made before; as they are")


def cast(use: Use) -> TensorType:
    """The input in the dtype that is given, where one is."""
    return TensorType(use.settings.get("dtype") or use.x.dtype, use.x.shape)


def dtype_given(use: Use) -> dict[str, Any]:
    """The argument for it in the code."""
    dtype = use.settings.get("dtype")
    return {} if dtype is None else {"dtype": f"torch.{torch_name(dtype)}"}
