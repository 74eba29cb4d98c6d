"""Training: data, the loop, the run folder, evaluation, prediction. Needs the extra `[train]`."""

from nnspec.compiler.torchvision_ops import define_missing_operators

define_missing_operators()
