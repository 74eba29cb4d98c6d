"""Operators held against PyTorch: uses drawn at random, compared on real tensors, shrunk where they differ.

The tests of nnspec's own operators and `pytest --nnspec-operators`, which does the same with those of
other packages. Needs PyTorch and pytest: `pip install nnspec[testing]`.
"""
