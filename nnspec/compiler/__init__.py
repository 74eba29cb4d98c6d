"""The compiler: a graph becomes PyTorch source, and the source a module."""
