"""Text to syntax tree. `parser.parse` reads a file, `parser.parse_expression` a lone expression.

Neither needs Lark: `table.py` is made from the grammar ahead of time, by `generate.py`.
"""
