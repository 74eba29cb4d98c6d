"""Handing a model on to other programs: ONNX, PyTorch's exported programs, safetensors."""
