"""The texts of many uses in one spec, judged in one go: most of a text's cost is that there is one.

All uses that are refused stand in one model, which must have a problem at each of them; all that are
accepted in another, whose results, multiply-accumulates and weights must be all of theirs. Where something is
not as it must be, halves are judged by themselves, down to single uses, which `harness.text_of` judges.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from .harness import Verdict, counted, text_of, weights
from .running import other_values, run_module
from .written import Checked, declared, expression, typed

#: a judge of some uses: why their texts are wrong, or None
Judge = Callable[[list[Verdict]], str | None]


def wrong_texts(verdicts: list[Verdict]) -> Iterator[tuple[list[Verdict], str]]:
    """The uses whose texts are wrong, each mostly alone, and why."""
    refused = [v for v in verdicts if v.refusal is not None]
    accepted = [v for v in verdicts if v.ran is not None]
    plain = [v for v in accepted if not by_itself(v)]
    yield from parted(refused, refused_together)
    yield from parted(plain, accepted_together)
    for verdict in accepted:
        if by_itself(verdict):
            yield from parted([verdict], text_of_one)


def by_itself(verdict: Verdict) -> bool:
    """Whether a use must be alone: what draws numbers draws others after others, a list of one result is
    none of several, and what PyTorch's counter does not see is missing in the sum."""
    assert verdict.ran is not None
    parts = verdict.case.operator.makes_parts
    return verdict.ran.drew or parts or not counted(verdict.case)


def text_of_one(verdicts: list[Verdict]) -> str | None:
    return text_of(verdicts[0])


def parted(verdicts: list[Verdict], judge: Judge) -> Iterator[tuple[list[Verdict], str]]:
    """Those uses, as few as can be, that a judge finds wrong."""
    if len(verdicts) == 1:
        judge = text_of_one
    why = judge(verdicts) if verdicts else None
    if why is None:
        return
    middle, found = len(verdicts) // 2, False
    for half in (verdicts[:middle], verdicts[middle:]) if middle else ():
        for wrong in parted(half, judge):
            found = True
            yield wrong
    if not found:
        yield verdicts, why


def model(verdicts: list[Verdict]) -> tuple[str, list[range]]:
    """A model that makes all these uses, and the lines of each, counted from 1."""
    lines, places, results = ["model Case:"], [], []
    if not any(any(v.case.inputs) for v in verdicts):
        lines.append("    input unused: [1]")
    for number, verdict in enumerate(verdicts):
        mark, start = f"{number}_", len(lines) + 1
        names = [f"y{mark}{n}" for n in range(len(verdict.outputs) or 1)]
        results += names
        lines += declared(typed(verdict.case), mark)
        lines.append(f"    {', '.join(names)} = {expression(verdict.case, mark)}")
        places.append(range(start, len(lines) + 1))
    return "\n".join([*lines, f"    return {', '.join(results)}\n"]), places


def refused_together(verdicts: list[Verdict]) -> str | None:
    """Where a text of uses that are refused has no problem at one of them."""
    while verdicts:
        text, places = model(verdicts)
        try:
            checked = Checked(text)
        except Exception as error:
            return f"nnspec raises {type(error).__name__}: {error} for\n{text}"
        told = set(checked.problem_lines)
        left = [v for v, place in zip(verdicts, places, strict=True) if not told & set(place)]
        if len(left) == len(verdicts):
            return f"the rules refuse, the text is accepted:\n{text}"
        # a problem of the grammar is told before any other: the rest is asked again without it
        verdicts = left if checked.unreadable else []
        if left and not checked.unreadable:
            return f"nnspec finds nothing wrong with {left[0].case} in\n{text}"
    return None


def accepted_together(verdicts: list[Verdict]) -> str | None:
    """Where a text of uses that are accepted is not what its rules and PyTorch made of them."""
    text, _ = model(verdicts)
    ran = [v.ran for v in verdicts if v.ran is not None]
    try:
        checked = Checked(text)
        if checked.problems:
            told = "; ".join(f"{p.code} {p.message}" for p in checked.problems)
            return f"the rules accept, the text is refused: {told}\n{text}"
        found = checked.outputs, checked.model.macs, checked.model.params.total
        outputs = tuple(o for v in verdicts for o in v.outputs)
        wanted = outputs, sum(r.macs for r in ran), sum(map(weights, ran))
        if found != wanted:
            return f"the report says {found}, not {wanted}:\n{text}"
        module = checked.compiled()
        states = [(name, tensor) for r in ran for name, tensor in (r.state or {}).items()]
        own = list(module.state_dict())
        module.load_state_dict(
            {
                name: tensor
                for name, (theirs, tensor) in zip(own, states, strict=True)
                if name.endswith(theirs)
            }
        )
        values = run_module(verdicts[0].case, module, [t for v in verdicts for t in v.inputs])
    except Exception as error:
        return f"{type(error).__name__}: {error}\n{text}"
    why = other_values(values, tuple(value for r in ran for value in r.values))
    return why and f"the compiled module gives other values: {why}\n{text}"
