"""What people who know PyTorch or Keras type first: each is understood, or the message says what to type."""

from __future__ import annotations

import pytest

import nnspec

#: what is written after `y = ` -> the code, the words that are marked, and what the help must say
HABITS = {
    "x -> Conv2d(4, 3)": ("NN200", "Conv2d", "`conv2d`"),
    "nn.ReLU()(x)": ("NN200", "nn.ReLU", "`relu`"),
    "x -> conv(4, 3)": ("NN200", "conv", "`conv1d`, `conv2d`, `conv3d`"),
    "x -> maxpool(2)": ("NN200", "maxpool", "`max_pool1d`, `max_pool2d`, `max_pool3d`"),
    "x -> nn.BatchNorm()": ("NN200", "nn.BatchNorm", "one of `batch_norm1d`"),
    "x -> nn.Conv2d(4, 3)": ("NN200", "nn.Conv2d", "`conv2d`"),
    "x -> torch.nn.Linear(4)": ("NN200", "torch.nn.Linear", "`linear`"),
    "F.relu(x)": ("NN200", "F.relu", "`relu`"),
    "torch.cat([x, x], 1)": ("NN200", "torch.cat", "`concat`"),
    "nonzero(x)": ("NN200", "nonzero", "depends on the values, and a shape does not"),
    "x -> torch.unique": ("NN200", "torch.unique", "depends on the values"),
    "x -> swapaxes(0, 1)": ("NN200", "swapaxes", "`transpose`"),
    "x -> cat(x)": ("NN200", "cat", "`concat`"),
    "nn.Sequential(relu, relu)(x)": ("NN200", "nn.Sequential", "arrow"),
    "x -> conv2d(in_channels=3, out_channels=4, kernel_size=3)": (
        "NN203",
        "in_channels=3",
        "shape",
    ),
    "x -> conv2d(3, 64, 3)": ("NN302", "64", "`conv2d(64, 3)`"),
    "x -> linear(8, 5)": ("NN205", "5", "`linear(5)`"),
    "x -> BatchNorm2d(64)": ("NN200", "BatchNorm2d", "`batch_norm2d`"),
    "x -> batch_norm2d(3)": ("NN206", "batch_norm2d(3)", "`batch_norm2d`"),
    "x -> layer_norm(8)": ("NN206", "layer_norm(8)", "`layer_norm`"),
    "x -> group_norm(1, 3)": ("NN206", "group_norm(1, 3)", "`group_norm(1)`"),
    "x -> conv2d(4, 3, bias=False)": ("NN200", "False", "`false`"),
    "x -> max_pool2d(2, None)": ("NN200", "None", "`none`"),
    "x.view(2, -1)": ("NN209", "view", "`x -> view(2, -1)`"),
    "x.reshape(2, -1)": ("NN209", "reshape", "`reshape(x, 2, -1)`"),
    "x.size(0)": ("NN209", "x.size", "[N, C, H, W]"),
    "x.shape[1]": ("NN209", "x.shape", "[N, C, H, W]"),
    "x.T": ("NN209", "x.T", "transpose"),
    "self.conv1(x)": ("NN200", "self", "conv1: conv2d"),
    "x -> Dense(10)": ("NN200", "Dense", "`linear`"),
    'x -> Conv2D(32, 3, activation="relu")': ("NN200", "Conv2D", "`conv2d`"),
    "x -> MaxPooling2D(2)": ("NN200", "MaxPooling2D", "`max_pool2d`"),
    "x -> Flatten()": ("NN200", "Flatten", "`flatten`"),
    "x -> GlobalAveragePooling2D()": ("NN200", "GlobalAveragePooling2D", "adaptive_avg_pool2d(1)"),
    "x -> BatchNormalization()": ("NN200", "BatchNormalization", "batch_norm2d"),
    "x -> UpSampling2D(2)": ("NN200", "UpSampling2D", "`upsample`"),
    "x -> nn.Upsample(2)": ("NN200", "nn.Upsample", "`upsample`"),
    "x -> clip(0, 1)": ("NN200", "clip", "`clamp`"),
    "x.long()": ("NN209", "long", 'to("i64")'),
    "x.contiguous()": ("NN209", "contiguous", "leave it out"),
    "concat(x, x, axis=1)": ("NN203", "axis=1", "dim"),
    "x + y;": ("NN106", ";", "line of its own"),
    "x |> relu": ("NN101", "|>", "`->`"),
    "x => relu": ("NN101", "=>", "`->`"),
    "x && x": ("NN101", "&&", "`and`"),
    "!x": ("NN106", "!", "not x"),
    "lambda a: a": ("NN101", "lambda", "fn name(x)"),
    "print(x)": ("NN200", "print", "nnspec check"),
    "x -> conv2d(4, [3, 3, 3])": ("NN205", "[3, 3, 3]", "conv3d"),
    "x -> conv2d(4, kernel=3)": ("NN203", "kernel=3", "kernel_size"),
    "x -> relu(inplace=true)": ("NN203", "inplace=true", "compiler"),
    "x -> max_pool2d(2, stirde=2)": ("NN203", "stirde=2", "`stride`"),
    # the whole call, as it is written here
    "x -> Conv2d(3, 4, kernel_size=3)": (
        "NN200",
        "Conv2d",
        "`conv2d(4, kernel_size=3)`: the input tells the 3",
    ),
    "x -> nn.Conv2d(in_channels=3, out_channels=4, kernel_size=3)": (
        "NN200",
        "nn.Conv2d",
        "`conv2d(out_channels=4, kernel_size=3)`",
    ),
    "x -> Conv2d(3, 4, 3, bias=False)": ("NN200", "Conv2d", "`conv2d(4, 3, bias=false)`"),
    "nn.ReLU(inplace=True)(x)": ("NN200", "nn.ReLU", "here it is `relu`"),
    "x -> LSTM(8, 16, batch_first=True)": ("NN200", "LSTM", "`lstm(16, batch_first=true)`"),
    "x -> nn.GroupNorm(1, 3)": ("NN200", "nn.GroupNorm", "`group_norm(1)`: the input tells the 3"),
    "x -> nn.Bilinear(8, 8, 4)": ("NN200", "nn.Bilinear", "the 8 and the 8"),
    "x -> Linear(10)": ("NN200", "Linear", "`linear`"),
    'x -> Dense(10, activation="relu")': ("NN200", "Dense", "`linear(10) -> relu`"),
    "x -> nn.Dense(features=10)": ("NN200", "nn.Dense", "`linear(out_features=10)`"),
    "np.mean(x, axis=1)": ("NN200", "np.mean", "`mean(x, dim=1)`"),
    "nn.functional.relu(x)": ("NN200", "nn.functional.relu", "`relu`"),
    "x / math.sqrt(8)": ("NN200", "math.sqrt", "`sqrt`"),
    "x -> to(torch.float16)": ("NN200", "torch.float16", '`"f16"`'),
    "x.flatten(1)": (
        "NN209",
        "flatten",
        "`x -> flatten(1)`, or, within an expression, `flatten(x, 1)`",
    ),
    "x.size(1)": ("NN209", "x.size", "`x` is [N, 3, 8, 8]"),
    "x.cuda()": ("NN209", "cuda", "leave it out"),
    "x.dtype": ("NN209", "x.dtype", "to("),
    "x -> linear(units=3)": ("NN203", "units=3", "`out_features`"),
    'x -> conv2d(4, 3, activation="relu")': ("NN203", 'activation="relu"', "`-> relu`"),
    "relu(x, inplace=True)": ("NN203", "inplace=True", "compiler"),
    "x -> attn(8)": ("NN200", "attn", "`multihead_attention(heads)`"),
    "list(range(3))": ("NN200", "list", "`[1, 2, 3]`"),
    "x if x is not none else 0 * x": ("NN101", "is", "`!=`"),
}
FINE = (
    "concat([x, x], 1)",
    "concat([x, x], dim=1)",
    "x -> relu()",
    "relu(x)",
    "x -> reshape([N, -1])",
    "x -> view(N, -1)",
)


def check(line: str) -> nnspec.report.model.Report:  # type: ignore[name-defined]
    text = (
        f"model Net:\n    input x: [N, 3, 8, 8]\n    y = {line}\n    return concat(y, y, dim=1)\n"
    )
    return nnspec.check_source(text, "net.nn")


@pytest.mark.parametrize("line", HABITS)
def test_the_message_says_what_to_type(line: str) -> None:
    code, marked, words = HABITS[line]
    (problem,) = check(line).diagnostics
    assert (problem.code, problem.span.line, problem.span.text) == (code, 3, marked)
    assert words in problem.help, problem.help


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("x -> conv2d(4, relu)", "the layer `relu`"),
        ("x -> linear(linear(3) -> relu)", "a layer"),
        ("x -> linear(linear(3))", "the layer `linear`"),
        ("x -> linear(len)", "`len`"),
        ("x -> linear([a: 1])", "[a: 1]"),
        ("x -> reshape([x, 3])", "[a tensor [N, 3, 8, 8], 3]"),
        ("x -> permute([0, relu])", "[0, the layer `relu`]"),
        ("x -> dropout(2 * relu)", "a layer"),
    ],
)
def test_a_wrong_value_is_told_in_the_users_words(line: str, said: str) -> None:
    (problem,) = check(line).diagnostics
    assert f"not {said}" in problem.message
    assert not set("<>=") & set(problem.message)


@pytest.mark.parametrize("line", FINE)
def test_it_works_as_typed(line: str) -> None:
    assert check(line).ok


def test_an_operator_where_a_tensor_belongs() -> None:
    text = "model Net:\n    input logits: [N, 10]\n    input label: i64[N]\n"
    report = nnspec.check_source(text + "    return loss = cross_entropy(logit, label)\n", "net.nn")
    (problem,) = report.diagnostics
    assert (problem.code, problem.span.text) == ("NN202", "logit")
    assert "did you mean `logits`?" in problem.help
