"""Reports: what checking found, as Python objects (`model.py`) and in one format a file."""
