"""Graph -> Python source -> `nn.Module`. `spec.load` is the way in, `source.source_of` the text."""
