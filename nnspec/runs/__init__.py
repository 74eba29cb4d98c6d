"""Run folders looked at without PyTorch: found and read, listed and compared, drawn."""
