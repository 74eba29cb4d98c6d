"""What people bring along to data and train parts from training loops, Lightning and Keras, and what is
written here."""

from __future__ import annotations

from nnspec.diagnostics import nearest
from nnspec.elaborate.rewriting import recipe_call
from nnspec.recipe import lookup, names
from nnspec.syntax import tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

#: what data and train parts name in another way
_RECIPES = {
    "ToTensor": "leave it out: images come as numbers from 0 to 1",
    "ToImage": "leave it out: images come as numbers from 0 to 1",
    "Compose": "steps are joined with the arrow: `resize(28) -> normalize(mean=0.5, std=0.25)`",
    "CosineAnnealingLR": "cosine", "CosineDecay": "cosine", "CosineAnnealingWarmRestarts": "cosine_restarts",
    "ReduceLROnPlateau": "plateau", "LambdaLR": "factors", "ChainedScheduler": "chained",
    "LinearLR": "linear", "acc": "accuracy", "top1": "accuracy",
}  # fmt: skip
#: so many names are listed; of more, those without a `_`
_LISTED = 20

_SPLIT = "the data part divides: `split = [train: 0.8, val: 0.2]`"
_SHUFFLED = "leave it out: the samples of `train` are shuffled anew for each epoch"
_KEPT = "leave it out: the run folder has the metrics, the weights and the settings"
_FIRST = "the first line of the part says it: `train Net on Digits:`"
_MACHINES = "leave it out: it trains on the fastest device that is there; `nnspec train --device` chooses one"

#: settings of train parts: the name here, or a sentence that says how
_TRAINING = {
    **dict.fromkeys(("criterion", "loss_fn", "loss_function", "objective"), "loss"),
    **dict.fromkeys(("num_epochs", "max_epochs", "n_epochs", "nb_epoch"), "epochs"),
    **dict.fromkeys(("batch", "bs", "batch_sz", "minibatch"), "batch_size"),
    **dict.fromkeys(("opt", "optim"), "optimizer"), "sched": "scheduler", "lr_scheduler": "scheduler",
    **dict.fromkeys(("early_stopping", "early_stop"), "patience"),
    **dict.fromkeys(("grad_clip", "gradient_clip", "gradient_clip_val", "clip", "clip_norm", "max_grad_norm"),
                    "clip_grad_norm"),
    **dict.fromkeys(("grad_accum", "accumulate_grad_batches", "gradient_accumulation_steps"), "accumulate"),
    **dict.fromkeys(("mixup", "cutmix"), "mix"), "ema": "average", "num_workers": "workers",
    **dict.fromkeys(("amp", "fp16", "bf16", "mixed_precision", "autocast", "dtype"),
                    'write `precision = "bf16"`'),
    **dict.fromkeys(("warmup", "warmup_epochs", "warmup_steps"),
                    "write `scheduler = cosine(warmup_epochs=1)`"),
    "label_smoothing": "it is the loss's: `loss = cross_entropy(logits, label, label_smoothing=0.1)`",
    **dict.fromkeys(("validation_split", "val_split", "test_split", "test_size", "train_size", "split"),
                    _SPLIT),
    "shuffle": _SHUFFLED,
    **dict.fromkeys(("data", "dataset", "model", "net", "train_loader", "dataloader"), _FIRST),
    **dict.fromkeys(("save_path", "save_dir", "output_dir", "log_dir", "logger", "callbacks", "checkpoint",
                     "log_every", "verbose"), _KEPT),
    **dict.fromkeys(("gpus", "num_gpus", "devices", "accelerator"), _MACHINES),
}  # fmt: skip

#: of data parts
_DATA = {
    **dict.fromkeys(("dataset", "data", "name", "loader"), "source"),
    **dict.fromkeys(("validation_split", "val_split", "test_split", "test_size", "train_size", "splits"),
                    "write `split = [train: 0.8, val: 0.2]`"),
    "shuffle": _SHUFFLED,
    **dict.fromkeys(("root", "path", "dir", "folder", "file", "url", "download", "train"),
                    "the source says where it is: `source = image_folder(\"photos\")`"),
}  # fmt: skip
_PIPELINES = (
    "transform", "transforms", "preprocess", "preprocessing", "augment", "augmentation", "pipeline"
)  # fmt: skip


def recipe_said(kind: str, name: str, expr: tree.Expr) -> str:
    """The help for an unknown source, transform, optimizer, scheduler or metric, where `expr` names or
    calls it."""
    known = names(kind)
    close = _RECIPES.get(name) or nearest(name, known)
    if close is None:
        if len(known) <= _LISTED:
            return f"there are {', '.join(sorted(known))}"
        short = ", ".join(sorted(word for word in known if "_" not in word))
        return f"there are {short}, and those of docs/recipes.md"
    if " " in close:
        return close
    recipe = lookup(kind, close)
    written = recipe_call(recipe, expr) if recipe and isinstance(expr, tree.Call) else ""
    return f"did you mean `{close}`?" + (f" write `{written}`" if written else "")


def training_meant(name: str, known: Iterable[str]) -> str | None:
    """The setting of a train part that an unknown one stands for."""
    habit = _TRAINING.get(name)
    if habit is not None:
        return habit if " " not in habit else None
    return nearest(name, known) if _optimizer_with(_own(name)) is None else None


def training_said(name: str, value: tree.Expr, known: Iterable[str]) -> str:
    """The help for an unknown setting of a train part."""
    habit, close = _TRAINING.get(name, ""), training_meant(name, known)
    if " " in habit:
        return habit
    if close is not None:
        return f"did you mean `{close}`?"
    optimizer = _optimizer_with(_own(name))
    if optimizer is not None:
        return f"it is the optimizer's: `optimizer = {optimizer}({_own(name)}={value.span.text})`"
    return f"there are {', '.join(known)}"


def _own(name: str) -> str:
    return "lr" if name in ("learning_rate", "base_lr") else name


def _optimizer_with(name: str) -> str | None:
    return next((o for o in ("adamw", "sgd", "adam") if _has(o, name)), None)


def _has(optimizer: str, name: str) -> bool:
    recipe = lookup("optimizer", optimizer)
    return recipe is not None and any(setting.name == name for setting in recipe.settings)


def data_said(name: str, value: tree.Expr, known: Iterable[str], fields: Iterable[str]) -> str:
    """The help for an unknown setting of a data part, of a source with these fields."""
    habit = _DATA.get(name, "")
    if " " in habit:
        return habit
    first = next(iter(fields), "image")
    if name in _PIPELINES:
        text = value.span.text
        steps = text if isinstance(value, (tree.Pipeline, tree.Call)) else "resize(28) -> …"
        return f"a field's name takes its steps: `{first} = {steps}`"
    close = habit or nearest(name, known)
    if close:
        return f"did you mean `{close}`?"
    return f"its source has {', '.join(f'`{field}`' for field in fields)}"
