"""Training: data, the loop, the run folder, evaluation, prediction. Needs the extra `[train]`."""
