"""The data and train parts of a file, in a few lines each."""

from __future__ import annotations

from nnspec.recipe.plan import AS_PUBLISHED
from nnspec.report.model import Section

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nnspec.recipe.plan import DataPlan, TrainPlan


def data_section(plan: DataPlan) -> Section:
    """Source, split, and each field before and after its pipeline."""
    lines = [("source", str(plan.source))]
    shares = ", ".join(f"{name} {share:g}" for name, share in plan.split.items())
    published = "as published: train, and its test part as val"
    lines.append(("split", published if plan.split == AS_PUBLISHED else shares))
    for name, raw in plan.raw.items():
        steps = {s: " -> ".join(map(str, steps)) for s, steps in plan.transforms[name].items()}
        texts = dict.fromkeys(steps.values())
        if raw == plan.fields[name]:
            lines.append((name, str(raw)))
            continue
        for text in texts:
            splits = [s for s in steps if steps[s] == text]
            only = f" ({', '.join(splits)})" if len(texts) > 1 else ""
            arrow = f" -> {text}" if text else ""
            lines.append((name, f"{raw}{arrow} -> {plan.fields[name]}{only}"))
    return Section(f"data {plan.name}", tuple(lines))


def train_section(plan: TrainPlan) -> Section:
    """Loss, metrics, optimizer, schedule, epochs."""
    lines = [(name, f"{field} of {plan.data.name}") for name, field in plan.inputs.items()]
    lines.append(("loss", plan.loss.doc))
    metrics = ", ".join(f"{m.metric}: {m.output}, {m.field}" for m in plan.metrics)
    if metrics:
        lines.append(("metrics", metrics))
    lines.append(("optimizer", str(plan.optimizer)))
    lines.append(("scheduler", str(plan.scheduler)))
    settings = plan.settings
    lines.append(("epochs", f"{settings['epochs']}, batch size {settings['batch_size']}"))
    return Section(f"train {plan.model} on {plan.data.name}", tuple(lines))
