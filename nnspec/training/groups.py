"""Which parameters are trained, and how: frozen ones, groups by name, weight decay."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

from torch import nn
from torch.optim import Optimizer

from nnspec.diagnostics import nearest
from nnspec.recipe.plan import TrainPlan
from nnspec.training.errors import RunError


def matches(name: str, pattern: str) -> bool:
    """Whether a pattern means this parameter: its name or the beginning of it, with `*` for anything."""
    return fnmatchcase(name, pattern) or fnmatchcase(name, f"{pattern}.*")


def freeze(model: nn.Module, patterns: str | list[str] | None) -> int:
    """Take these parameters out of training; how many numbers that are.

    Raises RunError for a pattern that means nothing, and where nothing is left.
    """
    frozen = 0
    for pattern in [patterns] if isinstance(patterns, str) else patterns or ():
        for name in _meant(model, pattern, "freeze"):
            parameter = model.get_parameter(name)
            if parameter.requires_grad:
                frozen += parameter.numel()
            parameter.requires_grad_(False)
    if frozen and not any(p.requires_grad for p in model.parameters()):
        raise RunError("every parameter of the model is frozen", "`freeze` must leave some")
    return frozen


def _meant(model: nn.Module, pattern: str, setting: str) -> list[str]:
    names = [name for name, _ in model.named_parameters()]
    found = [name for name in names if matches(name, pattern)]
    if not found:
        layers = {name.rpartition(".")[0] for name in names} | set(names)
        close = nearest(pattern, layers)
        tops = ", ".join(dict.fromkeys(name.partition(".")[0] for name in names))
        raise RunError(
            f"`{setting}`: the model has no parameters `{pattern}`",
            f"did you mean `{close}`?" if close else f"it has {tops}",
        )
    return found


def optimizers(model: nn.Module, plan: TrainPlan, divided: bool = False) -> list[Optimizer]:
    """The optimizer of the plan with its groups; a second one for what the first does not take.

    `divided`: each process holds a part of the weights.
    """
    definition, settings = plan.optimizer.definition, plan.optimizer.settings
    wanted = plan.settings["fused"]
    fused = definition.fuses(wanted, divided)
    if wanted and not fused and not definition.only:
        raise RunError(
            f"PyTorch's `{definition.name}` has no fused implementation"
            + " for divided weights" * definition.fused,
            "leave `fused` out: it is taken where it is there",
        )
    differing: dict[str, dict[str, Any]] = {}  # of a parameter, by name; the last group counts
    for group in plan.groups:
        for name in _meant(model, group.pattern, "groups"):
            differing[name] = {**differing.get(name, {}), **group.settings}
    named = {name: p for name, p in model.named_parameters() if p.requires_grad}
    decays = "weight_decay" in settings and plan.settings["no_decay"]
    if decays:
        for name, parameter in named.items():
            if parameter.ndim <= 1:  # norms and biases
                differing[name] = {"weight_decay": 0.0, **differing.get(name, {})}
    tables = _sparse(model)
    if tables & {id(p) for p in named.values()}:
        _check_sparse(plan)
    if not definition.only:
        return [definition.build(_alike(named, differing), settings, fused)]
    taken = _taken(model, named, definition.only)
    others = {n: p for n, p in named.items() if n not in taken}
    own = {k: v for k, v in settings.items() if k != "adamw_lr"}
    found = []
    if taken:
        found.append(definition.build(_alike(taken, differing), own, fused))
    if others:
        from nnspec.recipe.optimizers import AdamW

        adamw = AdamW().bind((), {"lr": settings["adamw_lr"]})
        kept = {
            name: {k: v for k, v in values.items() if k in adamw}
            for name, values in differing.items()
        }
        fused = AdamW().fuses(wanted, divided)
        found.append(AdamW().build(_alike(others, kept), adamw, fused))
    return found


def _taken(model: nn.Module, named: dict[str, nn.Parameter], only: str) -> dict[str, nn.Parameter]:
    """Those that an optimizer takes which is for some alone: "matrices" that are no embeddings, or "sparse"
    ones. RunError where the model has no sparse ones: that optimizer was not meant for it."""
    if only == "matrices":
        embedded = {id(m.weight) for m in _tables(model)}
        return {n: p for n, p in named.items() if p.ndim == 2 and id(p) not in embedded}
    sparse = _sparse(model)
    found = {n: p for n, p in named.items() if id(p) in sparse}
    if not found:
        raise RunError(
            "`sparse_adam` is for embeddings with sparse gradients, and the model has none",
            "write `embedding(…, sparse=true)`, or train it with `adamw`",
        )
    return found


def _tables(model: nn.Module) -> list[nn.Embedding | nn.EmbeddingBag]:
    return [m for m in model.modules() if isinstance(m, (nn.Embedding, nn.EmbeddingBag))]


def _sparse(model: nn.Module) -> set[int]:
    """The ids of the weights whose gradients are sparse."""
    return {id(m.weight) for m in _tables(model) if m.sparse}


def _check_sparse(plan: TrainPlan) -> None:
    """RunError where the plan's optimizer, or the way that it clips, does not take sparse gradients."""
    if plan.optimizer.definition.only != "sparse":
        raise RunError(
            f"`{plan.optimizer.definition.name}` does not take the sparse gradients of "
            "`embedding(…, sparse=true)`",
            "optimizer = sparse_adam(), which trains the other weights by adamw; or leave `sparse` out",
        )
    for name in ("clip_grad_norm", "clip_grad_value"):
        if plan.settings[name] is not None:
            raise RunError(
                f"sparse gradients cannot be clipped: `{name}`",
                "leave it out, or `sparse` of the embedding",
            )


def _alike(
    named: dict[str, nn.Parameter], differing: dict[str, dict[str, Any]]
) -> list[dict[str, Any]]:
    """Groups of the parameters whose settings are the same, in the model's order."""
    found: dict[tuple[tuple[str, Any], ...], dict[str, Any]] = {}
    for name, parameter in named.items():
        own = differing.get(name, {})
        group = found.setdefault(tuple(sorted(own.items())), {"params": [], **own})
        group["params"].append(parameter)
    return list(found.values())
