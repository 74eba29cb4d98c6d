"""What every definition must hold, whoever wrote it: docs, examples, and examples that are true."""

from __future__ import annotations

from collections.abc import Iterator

from nnspec.operators.definition import Operator

from .differences import STRICTER, explained
from .examples import Refused, example, run_nnspec
from .harness import sources
from .running import Ran, run_torch


def lacking(operator: Operator) -> Iterator[str]:
    """What a definition leaves out."""
    if not (type(operator).__doc__ or "").strip():
        yield f"`{operator.name}` has no docstring: its first line is what `nnspec ops` shows"
    if not operator.family:
        yield f"`{operator.name}` has no `family`"
    if not operator.accepts:
        yield f"`{operator.name}` has no `accepts`: random uses begin with those examples"
    for setting in operator.settings:
        if not setting.doc:
            yield f"the setting `{setting.name}` of `{operator.name}` has no doc"


def wrong_examples(operator: Operator) -> Iterator[str]:
    """The examples that nnspec or PyTorch do not take as the definition says."""
    for accepted, texts in ((True, operator.accepts), (False, operator.rejects)):
        for text in texts:
            try:
                case = example(operator, text)
            except Exception as error:
                yield f"{text}: cannot be read as `[2, 3] -> name(setting=1)`: {error}"
                continue
            ours = run_nnspec(case)
            said = "accepted" if accepted else "refused"
            if isinstance(ours, Refused) is accepted:
                yield f"{text} is to be {said}; the rule says {ours}"
                continue
            written = sources(case, None if isinstance(ours, Refused) else ours[0])
            if not written:
                yield f"{text}: the operator makes no code"
            for source in written:
                theirs = run_torch(case, source)
                if isinstance(ours, Refused) and isinstance(theirs, Ran):
                    if explained(STRICTER, case, ours, theirs):
                        continue
                if isinstance(theirs, Refused) is accepted:
                    why = f": {theirs.why}" if isinstance(theirs, Refused) else ""
                    yield f"{text} is to be {said}; PyTorch does not with {source}{why}"
