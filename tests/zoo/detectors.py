"""torchvision's detectors up to the raw outputs of their heads, as they were published."""

from __future__ import annotations

from importlib import import_module
from types import MethodType
from typing import Any
from unittest import mock


def published(models: Any, name: str) -> Any:
    """The module that the published weights belong to (their norms are frozen), without the weights;
    it gives what its heads give, before anything depends on the values."""
    torch = import_module("torch")
    api = import_module("torchvision.models._api")
    with (
        mock.patch.object(api.WeightsEnum, "get_state_dict", return_value={}),
        mock.patch.object(torch.nn.Module, "load_state_dict", return_value=None),
    ):
        model = models.get_model(name, weights="DEFAULT")
    model.forward = MethodType(two_stages if hasattr(model, "rpn") else one_stage, model)
    return model.requires_grad_()  # the builder froze the first layers


def one_stage(self: Any, image: Any) -> dict[str, Any]:
    raw: dict[str, Any] = self.head(list(self.backbone(image).values()))
    return raw


def two_stages(self: Any, image: Any, regions: Any, objects: Any = None) -> tuple[Any, ...]:
    rpn = import_module("torchvision.models.detection.rpn")
    features = list(self.backbone(image).values())
    objectness, deltas = rpn.concat_box_prediction_layers(*self.rpn.head(features))
    heads = self.roi_heads
    found = heads.box_predictor(heads.box_head(regions))
    for kind in ("mask", "keypoint"):
        if getattr(heads, f"{kind}_head") is not None:
            drawn = getattr(heads, f"{kind}_head")(objects)
            found = (*found, getattr(heads, f"{kind}_predictor")(drawn))
    batch = len(image)
    return (*features, objectness.reshape(batch, -1, 1), deltas.reshape(batch, -1, 4), *found)


def inputs(model: Any, batch: int, height: int, width: int) -> tuple[Any, ...]:
    """Images, and for two stages the cuts that the second one looks at; drawn from one seed."""
    torch = import_module("torch")
    given = [(batch, 3, height, width)]
    if hasattr(model, "rpn"):
        given.append((3, 256, 7, 7))
        if model.roi_heads.mask_head is not None or model.roi_heads.keypoint_head is not None:
            given.append((2, 256, 14, 14))
    torch.manual_seed(0)
    return tuple(torch.randn(shape) for shape in given)
