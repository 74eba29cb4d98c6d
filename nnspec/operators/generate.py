"""Makes `modules.py`, which tells in which file each operator is: `python -m nnspec.operators.generate`.

The files themselves say it, an operator's class has `name = "conv2d"` on a line of its own; but to read a
hundred files whenever a spec is checked would cost as much as the checking.
"""

from __future__ import annotations

import re
from pathlib import Path

FOLDER = Path(__file__).parent
FILE = FOLDER / "modules.py"

_NAME = re.compile(r'^    name = "(\w+)"$', re.MULTILINE)


def declared() -> dict[str, str]:
    """Operator name -> module name, read off the files of this folder."""
    files = [f for f in FOLDER.glob("*.py") if f not in (FILE, Path(__file__))]
    return {name: file.stem for file in sorted(files) for name in _NAME.findall(file.read_text())}


def text() -> str:
    """What `modules.py` is to hold."""
    lines = [f'    "{name}": "{module}",\n' for name, module in sorted(declared().items())]
    head = '"""Made by generate.py, beside this file: operator name -> module name."""\n\n'
    return f"{head}MODULES = {{\n{''.join(lines)}}}\n"


if __name__ == "__main__":
    FILE.write_text(text())
