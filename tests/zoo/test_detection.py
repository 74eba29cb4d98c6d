"""The zoo's detectors against torchvision, up to the raw outputs of their heads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import nnspec
from tests.zoo import detectors, judge

#: builder -> file, and the size that its images are resized to before they are counted
ONE_STAGE = {
    "ssd300_vgg16": ("ssd", 300),
    "ssdlite320_mobilenet_v3_large": ("ssdlite", 320),
    "retinanet_resnet50_fpn": ("retinanet", 800),
    "retinanet_resnet50_fpn_v2": ("retinanet", 800),
    "fcos_resnet50_fpn": ("fcos", 800),
}
TWO_STAGES = {
    "fasterrcnn_resnet50_fpn": ("faster_rcnn", 800),
    "fasterrcnn_resnet50_fpn_v2": ("faster_rcnn", 800),
    "fasterrcnn_mobilenet_v3_large_fpn": ("faster_rcnn", 800),
    "fasterrcnn_mobilenet_v3_large_320_fpn": ("faster_rcnn", 320),
    "maskrcnn_resnet50_fpn": ("mask_rcnn", 800),
    "maskrcnn_resnet50_fpn_v2": ("mask_rcnn", 800),
    "keypointrcnn_resnet50_fpn": ("keypoint_rcnn", 800),
}
FILE = {name: file for name, (file, _) in {**ONE_STAGE, **TWO_STAGES}.items()}

#: how many regions of torchvision's image were classified, and how many objects were found in it, when
#: the published figures were counted: whole numbers of both explain them to the last digit
COUNTED = {
    "fasterrcnn_resnet50_fpn": {"COCO_V1": (1000, 0)},
    "fasterrcnn_resnet50_fpn_v2": {"COCO_V1": (1000, 0)},
    "fasterrcnn_mobilenet_v3_large_fpn": {"COCO_V1": (0, 0)},
    "fasterrcnn_mobilenet_v3_large_320_fpn": {"COCO_V1": (0, 0)},
    "maskrcnn_resnet50_fpn": {"COCO_V1": (1000, 0)},
    "maskrcnn_resnet50_fpn_v2": {"COCO_V1": (1000, 100)},
    "keypointrcnn_resnet50_fpn": {"COCO_LEGACY": (1000, 0), "COCO_V1": (1000, 1)},
}
