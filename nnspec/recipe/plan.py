"""What a data part and a train part come to: everything the trainer needs, resolved and checked."""

from __future__ import annotations

from nnspec.operators.definition import Setting
from nnspec.records import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from nnspec.graph import Graph
    from nnspec.recipe.definition import Bound, Field

#: the plain settings of a train part
SETTINGS = (
    Setting("epochs", "int", 10, doc="passes over the training data"),
    Setting(
        "batch_size",
        "int|str",
        64,
        choices=("auto",),
        doc='samples in a batch, of all processes together; "auto" tries sizes',
    ),
    Setting("accumulate", "int", 1, doc="batches whose gradients make one step of the optimizer"),
    Setting("seed", "int", 0, doc="of the weights, the split and the order of the samples"),
    Setting("clip_grad_norm", "float|none", None, doc="longest gradient that is let through"),
    Setting("clip_grad_value", "float|none", None, doc="largest number in a gradient"),
    Setting("no_decay", "bool", False, doc="no weight decay on norms and biases"),
    Setting("freeze", "str|list|none", None, doc='what is not trained: "stem", "features.*.bias"'),
    Setting("weights", "str|none", None, doc="safetensors or state_dict file to begin with"),
    Setting("patience", "int|none", None, doc="epochs without a better one before it stops early"),
    Setting(
        "precision",
        "str",
        "float32",
        choices=("float32", "tf32", "bf16", "fp16"),
        doc="of the computation",
    ),
    Setting("compile", "bool", False, doc="the step compiled by torch.compile"),
    Setting(
        "channels_last", "bool|none", None, doc="memory format of images; by default for conv2d"
    ),
    Setting(
        "fused",
        "bool|none",
        None,
        doc="the optimizer changes all weights at once; by default where PyTorch can",
    ),
    Setting(
        "resident",
        "bool|none",
        None,
        doc="images lie on the device, not in their files; by default where they fit",
    ),
    Setting(
        "deterministic", "bool", False, doc="only operations that give the same sums every time"
    ),
    Setting(
        "checkpoint_minutes",
        "float",
        10.0,
        doc="the state is saved this often within an epoch, and after each",
    ),
    Setting(
        "workers", "int|none", None, doc="processes that read files which do not fit into memory"
    ),
    Setting(
        "strategy",
        "str",
        "ddp",
        choices=("ddp", "fsdp"),
        doc="of several processes: each holds the model (ddp), or a part of it (fsdp)",
    ),
    Setting(
        "sync_batch_norm",
        "bool",
        False,
        doc="batch norms see the batches of all processes, on GPUs",
    ),
    Setting("device", "str|none", None, doc="cpu, cuda, cuda:1, …; the best there is by default"),
    Setting(
        "threads",
        "int|none",
        None,
        doc="processor threads; by default as many as the model's size is worth",
    ),
)

#: with strategy=fsdp a block with this part of the weights is a unit, whose weights come together as one
UNIT_SHARE = 100

#: those that are of one train part, where several are trained together; the others are of the run
OF_ONE_PART = ("clip_grad_norm", "clip_grad_value", "no_decay", "freeze", "weights")

#: the settings of a train part that are more than a plain value
PARTS = ("loss", "metrics", "optimizer", "scheduler", "average", "groups", "mix")


#: the split of a source that comes divided, where the spec says none: its two parts
AS_PUBLISHED = {"train": 1.0, "val": 1.0}


class DataPlan(Record):
    """A data part. `transforms[field][split]` are the steps, `fields` is what comes out of them.

    Paths in it count from the folder `root`. `unreadable` files "stop" the run, or are "skip"ped. The
    fields in `drawn` are no part of the source: they are drawn for each batch.
    """

    name: str
    source: Bound
    split: dict[str, float]
    transforms: dict[str, dict[str, list[Bound]]]
    fields: dict[str, Field]
    raw: dict[str, Field]
    seed: int
    root: str = ""
    unreadable: str = "stop"
    drawn: Mapping[str, Bound] = {}


class MetricPlan(Record):
    """`accuracy(logits, label)`. `probabilities`: the output is that of a sigmoid or softmax."""

    metric: Bound
    output: str
    field: str
    probabilities: bool = False

    def build(self, field: Field) -> Any:
        """The metric itself, of this field."""
        metric = self.metric.definition
        return metric.build(field, metric.settled(self.metric.settings, self.probabilities))


class GroupPlan(Record):
    """`group("head.*", lr=1e-2)`: parameters by name, and the settings in which the optimizer differs."""

    pattern: str
    settings: dict[str, Any]


class MixPlan(Record):
    """`mix = [mixup(), cutmix()]`: one of the ways, drawn for each batch, of an image and its class."""

    ways: tuple[Bound, ...]
    image: str
    label: str


class TrainPlan(Record):
    """A train part. `inputs` maps the model's inputs to fields; `loss` is the graph of its expression,
    whose inputs are those outputs and fields that it uses. `partners` are the models that it applies by
    name, this one's own perhaps among them."""

    model: str
    inputs: dict[str, str]
    outputs: tuple[str, ...]
    loss: Graph
    metrics: tuple[MetricPlan, ...]
    optimizer: Bound
    scheduler: Bound
    average: Bound | None
    groups: tuple[GroupPlan, ...]
    mix: MixPlan | None
    settings: dict[str, Any]
    data: DataPlan
    partners: tuple[str, ...] = ()
