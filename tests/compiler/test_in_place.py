"""Where an activation writes over its input, and where that would change a result."""

from __future__ import annotations

import pytest

from nnspec.source import Source

torch = pytest.importorskip("torch")


def compiled(body: str) -> tuple[str, object]:
    from nnspec.compiler.source import complete, program_of, source_of
    from nnspec.compiler.spec import Spec

    text = f"model Net:\n    input x: [N, 4, 8, 8]\n{body}"
    program = program_of(Source(text, "test.nn"))
    return source_of(program, complete(program)).text, Spec(program).Net()


SAFE = {
    "after a convolution": "    return x -> conv2d(4, 3) -> relu\n",
    "after a norm": "    return x -> batch_norm2d -> relu6\n",
    "after a sum": "    return (x + x) -> relu\n",
    "as a layer": "    return x -> conv2d(4, 3) -> act: relu\n",
    "in a sequence": "    return x -> stem: (conv2d(4, 3) -> relu)\n",
}
UNSAFE = {
    "the caller's tensor": "    return relu(x)\n",
    "used again": "    y = x -> conv2d(4, 3)\n    return relu(y) + y\n",
    "also a result": "    y = x -> conv2d(4, 3)\n    return a=relu(y), b=y\n",
    "a view": "    y = x -> transpose(2, 3) -> relu\n    return y + x\n",
    "needed by the backward": "    return x -> sigmoid -> relu\n",
    "of a product": "    y = exp(x)\n    return relu(y) + y * y\n",
    "a layer used twice": (
        "    layer act = relu\n    y = x -> conv2d(4, 1) -> act\n    return act(x) + y + x\n"
    ),
    "a first layer of a sequence": "    return x + (x -> stem: (relu -> conv2d(4, 1)))\n",
}


@pytest.mark.parametrize("body", SAFE.values(), ids=SAFE)
def test_writes_over_what_nothing_else_needs(body: str) -> None:
    text, _ = compiled(body)
    assert "inplace=True" in text


@pytest.mark.parametrize("body", UNSAFE.values(), ids=UNSAFE)
def test_leaves_alone_what_something_else_needs(body: str) -> None:
    text, _ = compiled(body)
    assert "inplace" not in text


@pytest.mark.parametrize("body", [*SAFE.values(), *UNSAFE.values()], ids=[*SAFE, *UNSAFE])
def test_neither_results_nor_gradients_change(body: str) -> None:
    """Against the same module with each activation out of place: what it was made of decides."""
    text, module = compiled(body)
    space: dict[str, object] = {"__name__": "plain"}
    exec(text.replace(", inplace=True", "").replace("inplace=True", ""), space)
    plain = space["Net"]()  # type: ignore[operator]
    plain.load_state_dict(module.state_dict())  # type: ignore[attr-defined]
    results = []
    for made in (module, plain):
        x = torch.linspace(-2, 2, 2 * 4 * 8 * 8).reshape(2, 4, 8, 8).requires_grad_()
        found = made(x)  # type: ignore[operator]
        values = found if isinstance(found, tuple) else (found,)
        total = sum((value.square().sum() for value in values), torch.zeros(()))
        grads = torch.autograd.grad(total, [x, *made.parameters()])  # type: ignore[attr-defined]
        results.append([*values, *grads])
    assert all(map(torch.equal, *results))
