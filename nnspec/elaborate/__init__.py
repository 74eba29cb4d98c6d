"""Elaboration: the syntax tree becomes graphs. `program.Program` is the way in."""
