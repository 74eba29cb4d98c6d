"""Recurrent layers over whole sequences: rnn, lstm, gru. (`torch.nn.RNN`, `LSTM`, `GRU`.)

PyTorch nests the results of an LSTM, `out, (h, c)`; here they are one row, `out, h, c = x -> lstm(64)`,
and the first states are tensors of their own, `(x, h, c) -> lstm(64)`.
"""

from __future__ import annotations

from nnspec.dims import render
from nnspec.operators.definition import ModuleCode, Operator, Param, Ref, Setting, Tensor
from nnspec.operators.fitting import copies
from nnspec.tensors import TensorType, show_shape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ClassVar

    from nnspec.dims import Size
    from nnspec.operators.definition import Use

HIDDEN = Setting("hidden_size", "size", doc="length of the state")
BIAS = Setting("bias", "bool", True, doc="learn two numbers to add in each gate, as in cuDNN")

_NUM_LAYERS = Setting(
    "num_layers", "int", 1, doc="layers on top of each other, each over the one below", fixed=True
)
_MORE = (
    Setting(
        "batch_first",
        "bool",
        False,
        doc="the input is [batch, time, features], not [time, batch, features]; the states never are",
    ),
    Setting("dropout", "float", 0.0, doc="share of each layer's output, but the last's, set to 0"),
    Setting("bidirectional", "bool", False, doc="a second one runs from the end to the beginning"),
)


def check_state(use: Use, index: int, wanted: tuple[Size, ...], meaning: str) -> None:
    """A state that is given has the shape of the one that comes out."""
    state = use.tensor(index)
    if state is None:
        return
    name = use.operator.tensors[index].name
    shown = (
        f"`{name}` of `{use.operator.name}` is {show_shape(wanted)} here ({meaning}), not {state}"
    )
    if state.rank != len(wanted):
        use.fail(shown, code="NN303")
    for size, right in zip(state.shape, wanted, strict=True):
        use.equal(size, right, shown, code="NN301")
    if state.dtype != use.x.dtype:
        use.fail(
            f"`{name}` of `{use.operator.name}` and its input have one dtype, "
            f"not {state.dtype} and {use.x.dtype}",
            code="NN304",
        )


class Recurrent(Operator):
    """What the three share. Counted are the products of inputs and states with the weights, over
    all steps, layers and directions: what `torch.utils.flop_counter` sees where the layer is not
    run as one fused kernel, of which it sees nothing."""

    autocast = "low"

    family = "recurrent"
    fresh = True
    tensors: ClassVar[tuple[Tensor, ...]] = (
        Tensor("input"),
        Tensor("hx", optional=True, doc="the first state; zeros without it"),
    )
    result_names: ClassVar[tuple[str, ...]] = ("out", "h")
    gates: ClassVar[int]
    #: what a step keeps, in states
    kept_in_a_step: ClassVar[int]
    torch_name: ClassVar[str]

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        x = use.x
        order = "[batch, time, features]" if use["batch_first"] else "[time, batch, features]"
        use.rank(3, meaning=order)
        use.weighted()
        self.check_settings(use)
        time, batch = x.shape[:2]
        if use["batch_first"]:
            time, batch = batch, time
        rows, size = use["num_layers"] * self.directions(use), self.state_size(use)
        meaning = "layers and directions, batch, state"
        check_state(use, 1, (rows, batch, size), meaning)
        out = x.with_shape((*x.shape[:2], self.directions(use) * size))
        return (out, x.with_shape((rows, batch, size)))

    def check_settings(self, use: Use) -> None:
        use.at_least(
            use["hidden_size"],
            1,
            f"hidden_size must be at least 1, not {render(use['hidden_size'])}",
            code="NN206",
            argument="hidden_size",
        )
        copies(use, "num_layers")
        if not 0 <= use["dropout"] <= 1:
            use.fail(
                f"dropout is between 0 and 1, not {use['dropout']}",
                code="NN206",
                argument="dropout",
            )

    def directions(self, use: Use) -> int:
        return 2 if use["bidirectional"] else 1

    def state_size(self, use: Use) -> Size:
        """The length of `h`, and of the output of one direction."""
        size: Size = use["hidden_size"]
        return size

    def params(self, use: Use) -> dict[str, Param]:
        found: dict[str, Param] = {}
        gates, size = self.gates * use["hidden_size"], self.state_size(use)
        rows = f"{self.gates} * hidden_size" if self.gates > 1 else "hidden_size"
        short = "hidden_size" if size is use["hidden_size"] else "proj_size"
        into, into_formula = use.x.shape[-1], "input_size"
        for layer in range(use["num_layers"]):
            for end in ("", "_reverse")[: self.directions(use)]:
                at = f"_l{layer}{end}"
                found[f"weight_ih{at}"] = Param((gates, into), formula=f"{rows}, {into_formula}")
                found[f"weight_hh{at}"] = Param((gates, size), formula=f"{rows}, {short}")
                if use["bias"]:
                    found[f"bias_ih{at}"] = Param((gates,), formula=rows)
                    found[f"bias_hh{at}"] = Param((gates,), formula=rows)
                if size is not use["hidden_size"]:
                    found[f"weight_hr{at}"] = Param(
                        (size, use["hidden_size"]), formula="proj_size, hidden_size"
                    )
            into = self.directions(use) * size
            into_formula = f"2 * {short}" if use["bidirectional"] else short
        return found

    def macs(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        matrices: Size = 0
        for param in self.params(use).values():
            if len(param.shape) == 2:
                matrices = matrices + param.shape[0] * param.shape[1]
        return use.x.shape[0] * use.x.shape[1] * matrices

    def module(self, use: Use) -> ModuleCode:
        call = (Ref(0), *((Ref(1),) if use.tensor(1) else ()))
        made = (use.x.shape[-1], use["hidden_size"])
        return ModuleCode(f"nn.{self.torch_name}", made, use.changed(1), call)

    def explain(self, use: Use, outputs: tuple[TensorType, ...]) -> list[str]:
        size = render(self.state_size(use))
        lines = [
            f"at each step the state of {size} is made from the step's {render(use.x.shape[-1])} "
            "features and the state before it",
            f"`out` is the last layer's state at every step, {outputs[0]}; "
            f"`h` is the last state of each layer and direction, {outputs[1]}",
        ]
        if use["bidirectional"]:
            lines.append(
                f"two directions side by side: 2 * {size} = {render(outputs[0].shape[-1])}"
            )
        return lines

    def macs_formula(self, use: Use, outputs: tuple[TensorType, ...]) -> str:
        return "the weights without the biases, for each step of each sequence"

    def saved(self, use: Use) -> tuple[str | int, ...]:
        return ("hx",) if use["batch_first"] else ("inputs",)

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        steps = 4 * use.x.shape[0] * use.x.shape[1]
        layers: Size = use["num_layers"]
        rows = layers * self.directions(use)
        found: Size = rows * steps * self.kept_in_a_step * use["hidden_size"] + outputs[1].bytes
        between = outputs[0].bytes * (2 if use["dropout"] else 1)  # layers take what others give
        copy = use.x.bytes if use["batch_first"] else 0
        return found + between * (layers - 1) + copy


class Rnn(Recurrent):
    """h' = tanh(W x + U h) over a sequence; `out, h = x -> rnn(64)` (Elman 1990)."""

    name = "rnn"
    kept_in_a_step = 1
    gates, torch_name = 1, "RNN"
    settings = (
        HIDDEN,
        _NUM_LAYERS,
        Setting("nonlinearity", "str", "tanh", choices=("tanh", "relu"), doc="of the new state"),
        BIAS,
        *_MORE,
    )
    accepts = (
        "[5, 2, 3] -> rnn(4)",
        '([2, 5, 3], [4, 2, 6]) -> rnn(6, 2, "relu", batch_first=true, bidirectional=true)',
    )
    rejects = ("[5, 2, 3, 1] -> rnn(4)", "([5, 2, 3], [1, 5, 4]) -> rnn(4)")


class Gru(Recurrent):
    """Gated recurrent units over a sequence; `out, h = x -> gru(64)` (Cho et al. 2014,
    arXiv:1406.1078)."""

    name = "gru"
    kept_in_a_step = 7
    gates, torch_name = 3, "GRU"
    settings = (HIDDEN, _NUM_LAYERS, BIAS, *_MORE)
    accepts = (
        "[5, 2, 3] -> gru(4)",
        "([2, 5, 3], [2, 2, 4]) -> gru(4, bidirectional=true, batch_first=true)",
        "[5, 2, 3] -> gru(4, 2, bias=false, dropout=0.5)",
    )
    rejects = ("[5, 2, 3] -> gru(0)", "([5, 2, 3], [1, 2, 3]) -> gru(4)")


class Lstm(Recurrent):
    """Long short-term memory over a sequence; `out, h, c = x -> lstm(64)` (Hochreiter & Schmidhuber
    1997)."""

    name = "lstm"
    kept_in_a_step = 8
    gates, torch_name = 4, "LSTM"
    tensors = (
        Tensor("input"),
        Tensor("hx", optional=True, doc="the first state; zeros without it"),
        Tensor("cx", optional=True, doc="the first cell; given together with hx"),
    )
    result_names = ("out", "h", "c")
    settings = (
        HIDDEN,
        _NUM_LAYERS,
        BIAS,
        *_MORE,
        Setting(
            "proj_size",
            "int",
            0,
            doc="length of the state after a learned projection; 0 for none",
            fixed=True,
        ),
    )
    accepts = (
        "[5, 2, 3] -> lstm(4)",
        "([5, 2, 3], [1, 2, 4], [1, 2, 4]) -> lstm(4)",
        "([2, 5, 3], [4, 2, 2], [4, 2, 4]) -> lstm(4, 2, bidirectional=true, batch_first=true, proj_size=2)",
        "[5, 2, 3] -> lstm(4, 3, bias=false, proj_size=3)",
    )
    rejects = (
        "[5, 2, 3] -> lstm(4, proj_size=4)",
        "([5, 2, 3], [1, 2, 4], [1, 2, 3]) -> lstm(4)",
        "[5, 2, 3] -> lstm(4, dropout=1.5)",
    )

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        if (use.tensor(1) is None) is not (use.tensor(2) is None):
            use.fail("`lstm` takes hx and cx together or neither", code="NN208")
        out, state = super().infer(use)
        cell = (*state.shape[:2], use["hidden_size"])
        check_state(use, 2, cell, "layers and directions, batch, cell")
        return (out, state, state.with_shape(cell))

    def check_settings(self, use: Use) -> None:
        super().check_settings(use)
        projected = use["proj_size"]
        if projected < 0:
            use.fail(
                f"proj_size is at least 0, which is for no projection, not {projected}",
                code="NN206",
                argument="proj_size",
            )
        use.at_least(
            use["hidden_size"],
            projected + 1,
            f"proj_size={projected} must be smaller than hidden_size {render(use['hidden_size'])}",
            code="NN206",
            argument="proj_size",
        )

    def state_size(self, use: Use) -> Size:
        size: Size = use["proj_size"] or use["hidden_size"]
        return size

    def module(self, use: Use) -> ModuleCode:
        states = ((Ref(1), Ref(2)),) if use.tensor(1) else ()
        made = (use.x.shape[-1], use["hidden_size"])
        return ModuleCode("nn.LSTM", made, use.changed(1), (Ref(0), *states), results=(0, (1, 2)))

    def explain(self, use: Use, outputs: tuple[TensorType, ...]) -> list[str]:
        return [*super().explain(use, outputs), f"`c` is the last cell of each, {outputs[2]}"]

    def fused(self, use: Use) -> bool:
        """Whether oneDNN computes it, which keeps what it works on as one piece."""
        return not use["proj_size"]

    def saved(self, use: Use) -> tuple[str | int, ...]:
        if not self.fused(use):
            return ("hx", "cx") if use["batch_first"] else ("inputs",)
        return ("inputs",) if use["bidirectional"] else ("inputs", 0)

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        if not self.fused(use):
            return super().workspace(use, outputs)
        # measured, of PyTorch 2.13: 15.5 states for each step
        steps, directions = use.x.shape[0] * use.x.shape[1], self.directions(use)
        layers: Size = use["num_layers"]
        worked_on: Size = 62 * layers * directions * steps * use["hidden_size"]
        own_outputs = layers - (1 if directions == 1 else 0)
        return worked_on + own_outputs * outputs[0].bytes + 4 * outputs[1].bytes
