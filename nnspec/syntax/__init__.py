"""Text to syntax tree. `parse` reads a file, `parse_expression` a lone expression; neither needs Lark."""
