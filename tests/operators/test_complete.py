"""Which operators there are: every layer of torch.nn, and the functions that models are built from."""

from __future__ import annotations

import re

from torch import nn

from nnspec.operators import every, generate, index
from nnspec.testing.cases import BASES
from nnspec.testing.definitions import lacking

#: classes of torch.nn that are no operator here, each with its reason
NO_OPERATOR = {
    "a container, or what others are made of": (
        "Buffer Container DataParallel Module ModuleDict ModuleList Parameter ParameterDict "
        "ParameterList RNNBase RNNCellBase Sequential UninitializedBuffer UninitializedParameter"
    ),
    "the input tells the size of every layer": (
        "LazyBatchNorm1d LazyBatchNorm2d LazyBatchNorm3d LazyConv1d LazyConv2d LazyConv3d "
        "LazyConvTranspose1d LazyConvTranspose2d LazyConvTranspose3d LazyInstanceNorm1d "
        "LazyInstanceNorm2d LazyInstanceNorm3d LazyLinear"
    ),
    "kept by PyTorch for old code": "CrossMapLRN2d NLLLoss2d UpsamplingBilinear2d UpsamplingNearest2d",
    "a matter of how it is trained": "SyncBatchNorm",
    "takes a function of Python": "TripletMarginWithDistanceLoss",
    "what `chunked` of linear_cross_entropy_loss is made of": "LinearCrossEntropyOptions",
}
#: whose name here is not the class in snake case
OTHERWISE = {
    "BCELoss": "binary_cross_entropy",
    "BCEWithLogitsLoss": "binary_cross_entropy_with_logits",
    "CrossEntropyLoss": "cross_entropy",
    "KLDivLoss": "kl_div",
}
#: torch, torch.nn.functional, torch.fft, einops, torchvision.ops
FUNCTIONS = """
    add sub mul div floor_divide remainder pow eq ne lt le gt ge matmul bmm einsum tensordot outer
    sum mean amax amin max min argmax prod var std norm logsumexp any all cumsum reshape view
    flatten permute transpose movedim squeeze unsqueeze expand repeat repeat_interleave tile stack
    concat split chunk unbind roll flip rot90 narrow index_select gather scatter take_along_dim
    where masked_fill tril triu diagonal pad unflatten arange linspace zeros ones full eye
    randn_like rand_like tensor meshgrid one_hot abs ceil clamp cos erf exp floor log log2 neg round
    rsqrt sign sin sqrt tan atan2 log1p expm1 square reciprocal scaled_dot_product_attention
    rearrange reduce interpolate pixel_shuffle channel_shuffle normalize fft ifft rfft irfft hfft
    ihfft fft2 ifft2 rfft2 irfft2 fftn ifftn rfftn irfftn fftshift ifftshift fftfreq rfftfreq detach
    checkpoint weight_norm spectral_norm stochastic_depth squeeze_excitation deform_conv2d roi_align
    roi_pool ps_roi_align ps_roi_pool addmm baddbmm addcmul addcdiv inverse det slogdet matrix_exp trace
    cross kron median kthvalue mode quantile aminmax count_nonzero nansum nanmean var_mean std_mean
    trapezoid heaviside copysign fmax fmin isclose signbit scatter_reduce scatter_add index_add index_copy
    index_fill searchsorted bucketize cdist lerp logaddexp cummax cummin cumprod logcumsumexp topk sort
    argsort erfinv polar view_as_complex view_as_real fmod hypot xlogy nan_to_num bitwise_and logical_and
    isnan isfinite hstack vstack dstack block_diag cartesian_prod select diag_embed tril_indices
    triu_indices hann_window affine_grid grid_sample stft istft gumbel_softmax tensor_split cov corrcoef histc
    pdist randint cholesky qr svd eigh solve sigmoid_focal_loss generalized_box_iou_loss
    distance_box_iou_loss complete_box_iou_loss
"""


def snake(name: str) -> str:
    """`ConvTranspose2d` -> `conv_transpose2d`, `LSTMCell` -> `lstm_cell`."""
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return name.lower()


def test_every_layer_of_pytorch_is_an_operator() -> None:
    classes = {n for n, v in vars(nn).items() if isinstance(v, type) and n[0].isupper()}
    left_out = {name for names in NO_OPERATOR.values() for name in names.split()}
    assert left_out <= classes
    known = {name.replace("_", "") for name in index()}
    missing = {
        name
        for name in classes - left_out
        if OTHERWISE.get(name, snake(name)).replace("_", "") not in known
    }
    assert not missing
    assert not {n for n in left_out if snake(n) in index()}, "what is there is not left out"


def test_functions_are_there() -> None:
    assert not set(FUNCTIONS.split()) - index().keys()


def test_every_definition_is_complete() -> None:
    drawn = [
        operator for operator in every() if operator.name not in BASES
    ]  # the others have no text
    assert not [why for operator in drawn for why in lacking(operator)]


def test_the_index_is_what_the_files_say() -> None:
    """`python -m nnspec.operators.generate` renews it."""
    assert generate.FILE.read_text() == generate.text()
