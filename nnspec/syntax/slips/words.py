"""Words of other languages, and what is written here."""

from __future__ import annotations

_BIND = "a name is bound without a word before it: `x = …`"
_LOOP = "loops run over known values: `for i in range(n):`"
_HELD = 'what must hold is stated with `assert condition, "why"`'
_CHOICE = "a choice is `if` / `elif` / `else`"
_END = "a body ends where its indentation does: delete this line"
_LOOKING = "`nnspec check` shows every shape; `h: [N, 64, H, W] = …` asserts one"
_OUTPUT = "outputs are given by `return`: `return logits: [N, classes]`"
_PART = "a part of a network is `block Name(…):`"
_FN = "a function on numbers is `fn name(…) = …`"

#: first words that other languages have
STATEMENTS = {
    "def": f"{_FN}; {_PART}",
    "class": f"{_PART}, a whole one `model Name(…):`; its lines are those of `forward`, each layer where it "
    "is used: `x = x -> conv1: conv2d(64, 3)`",
    "struct": _PART,
    "function": _FN,
    "func": _FN,
    "proc": _FN,
    "async": f"{_FN}; {_PART}",
    "module": _PART,
    "network": "a whole network is `model Name(…):`",
    "import": 'names are taken with `from "file.nn" import A` or `from zoo.resnet import A`',
    "include": 'names are taken with `from "file.nn" import A`',
    "while": _LOOP,
    "do": _LOOP,
    "foreach": _LOOP,
    "repeat": "write `n * Block(…)` for copies of a layer, or `for i in range(n):`",
    "let": _BIND,
    "var": _BIND,
    "const": _BIND,
    "val": _BIND,
    "auto": _BIND,
    "global": "names of the file are known in its bodies; they cannot be bound anew there",
    "nonlocal": "a `for` or `if` binds names of the body that it stands in",
    "output": _OUTPUT,
    "outputs": _OUTPUT,
    "yield": _OUTPUT,
    "elseif": "write `elif`",
    "elsif": "write `elif`",
    "raise": _HELD,
    "throw": _HELD,
    "with": "delete this line, and the indentation of those under it",
    "try": f"nothing fails while a spec is read; {_HELD}",
    "except": _HELD,
    "catch": _HELD,
    "finally": _HELD,
    "switch": _CHOICE,
    "match": _CHOICE,
    "case": _CHOICE,
    "unless": "write `if not …:`",
    "until": _LOOP,
    "break": "a loop runs to its end; choose its values before, `for i in range(n):`",
    "continue": "put what follows under an `if`",
    "pass": "a body cannot be empty: leave the `if`, the block or the line out",
    "end": _END,
    "endif": _END,
    "fi": _END,
    "done": _END,
    "del": "a name that is not used any more costs nothing: delete this line",
    "print": _LOOKING,
    "echo": _LOOKING,
    "type": "the type of a tensor is its shape: `h: [N, C] = …`",
}

#: those under which everything is another language's
BODIES = {
    "def", "class", "struct", "async", "with", "try", "except", "catch", "finally", "switch",
    "match", "case",
}  # fmt: skip

#: those that only go on with one that was told
FOLLOWERS = {"except", "catch", "finally", "case"}

#: words between two values
INFIX = {
    "is": "write `==`",
    "xor": "write `!=`",
    "mod": "write `%`",
    "div": "write `//`",
    "then": "the line of an `if` ends with `:`",
}
