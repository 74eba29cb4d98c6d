"""One step of a recurrent layer: rnn_cell, lstm_cell, gru_cell. (`torch.nn.RNNCell`, …)"""

from __future__ import annotations

from nnspec.dims import render
from nnspec.operators.definition import ModuleCode, Operator, Param, Ref, Setting, Tensor
from nnspec.operators.recurrent import BIAS, HIDDEN, check_state
from nnspec.tensors import TensorType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ClassVar

    from nnspec.dims import Size
    from nnspec.operators.definition import Use


class Cell(Operator):
    """What the three share."""

    saves: ClassVar[tuple[str | int, ...]] = ("inputs",)
    autocast = "low"
    #: what a step keeps of its gates, in states
    between: ClassVar[int] = 0

    family = "recurrent"
    fresh = True
    tensors: ClassVar[tuple[Tensor, ...]] = (
        Tensor("input"),
        Tensor("hx", optional=True, doc="the state before; zeros without it"),
    )
    settings: ClassVar[tuple[Setting, ...]] = (HIDDEN, BIAS)
    gates: ClassVar[int]
    torch_name: ClassVar[str]

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        use.rank(2, meaning="[batch, features]")
        use.weighted()
        size = use["hidden_size"]
        use.at_least(
            size,
            1,
            f"hidden_size must be at least 1, not {render(size)}",
            code="NN206",
            argument="hidden_size",
        )
        state = use.x.with_shape((use.x.shape[0], size))
        for index in range(1, len(self.tensors)):
            check_state(use, index, state.shape, "batch, state")
        return (state,) * (len(self.tensors) - 1)

    def params(self, use: Use) -> dict[str, Param]:
        size, into = use["hidden_size"], use.x.shape[-1]
        rows = f"{self.gates} * hidden_size" if self.gates > 1 else "hidden_size"
        found = {
            "weight_ih": Param((self.gates * size, into), formula=f"{rows}, input_size"),
            "weight_hh": Param((self.gates * size, size), formula=f"{rows}, hidden_size"),
        }
        if use["bias"]:
            found["bias_ih"] = Param((self.gates * size,), formula=rows)
            found["bias_hh"] = Param((self.gates * size,), formula=rows)
        return found

    def macs(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        size: Size = use["hidden_size"]
        return use.x.shape[0] * self.gates * size * (use.x.shape[-1] + size)

    def module(self, use: Use) -> ModuleCode:
        call = (Ref(0), *((Ref(1),) if use.tensor(1) else ()))
        made = (use.x.shape[-1], use["hidden_size"])
        return ModuleCode(f"nn.{self.torch_name}", made, use.changed(1), call)

    def explain(self, use: Use, outputs: tuple[TensorType, ...]) -> list[str]:
        return [
            f"the new state of {render(use['hidden_size'])} is made from the "
            f"{render(use.x.shape[-1])} features and the state before"
        ]

    def macs_formula(self, use: Use, outputs: tuple[TensorType, ...]) -> str:
        size, gates = render(use["hidden_size"]), f"{self.gates} * " if self.gates > 1 else ""
        return (
            f"for each sample {gates}hidden_size * (input_size + hidden_size): {gates}{size} * ("
            + (f"{render(use.x.shape[-1])} + {size})")
        )

    def first_state(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        """The zeros that take the place of a state that is not given."""
        return 0 if use.tensor(1) is not None else outputs[0].bytes

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        return self.first_state(use, outputs) + self.between * outputs[0].bytes


class RnnCell(Cell):
    """h' = tanh(W x + U h): one step of `rnn`; `h = (x, h) -> rnn_cell(64)`."""

    name = "rnn_cell"
    saves = ("inputs", 0)
    gates, torch_name = 1, "RNNCell"
    settings = (
        HIDDEN,
        BIAS,
        Setting("nonlinearity", "str", "tanh", choices=("tanh", "relu"), doc="of the new state"),
    )
    accepts = ("[2, 3] -> rnn_cell(4)", '([2, 3], [2, 4]) -> rnn_cell(4, nonlinearity="relu")')
    rejects = ("([2, 3], [2, 3]) -> rnn_cell(4)",)


class GruCell(Cell):
    """One step of `gru`; `h = (x, h) -> gru_cell(64)`."""

    name = "gru_cell"
    between = 6
    gates, torch_name = 3, "GRUCell"
    accepts = ("[2, 3] -> gru_cell(4)", "([2, 3], [2, 4]) -> gru_cell(4, bias=false)")
    rejects = ("([2, 3], [3, 4]) -> gru_cell(4)",)


class LstmCell(Cell):
    """One step of `lstm`; `h, c = (x, h, c) -> lstm_cell(64)`."""

    name = "lstm_cell"
    between = 5
    gates, torch_name = 4, "LSTMCell"
    tensors = (
        Tensor("input"),
        Tensor("hx", optional=True, doc="the state before; zeros without it"),
        Tensor("cx", optional=True, doc="the cell before; given together with hx"),
    )
    result_names = ("h", "c")
    accepts = ("[2, 3] -> lstm_cell(4)", "([2, 3], [2, 4], [2, 4]) -> lstm_cell(4, bias=false)")
    rejects = ("([2, 3], [2, 4], [2, 3]) -> lstm_cell(4)",)

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        if (use.tensor(1) is None) is not (use.tensor(2) is None):
            use.fail("`lstm_cell` takes hx and cx together or neither", code="NN208")
        return super().infer(use)

    def module(self, use: Use) -> ModuleCode:
        states = ((Ref(1), Ref(2)),) if use.tensor(1) else ()
        made = (use.x.shape[-1], use["hidden_size"])
        return ModuleCode("nn.LSTMCell", made, use.changed(1), (Ref(0), *states))
