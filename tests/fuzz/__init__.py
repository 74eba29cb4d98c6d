"""Texts by chance, and what must hold of each: `mutations`, `soups`, well-formed `specs`.

`python -m tests.fuzz_check` makes many of them, tests/test_fuzz.py a few.
"""
