"""Every diagnostic code: severity, a one-line summary, an explanation.

`nnspec explain NN301` prints these. 1xx how a file is written, 2xx names and arguments, 3xx tensors and
sizes, 4xx the language's limits, 5xx data and training, 9xx what nnspec cannot do yet.
"""

from __future__ import annotations

from nnspec.records import Record


class Code(Record):
    """What a code stands for. `wrong` and `mended` are short specs, the second without the problem."""

    summary: str
    explanation: str
    wrong: str = ""
    mended: str = ""
    severity: str = "error"


CODES: dict[str, Code] = {}
