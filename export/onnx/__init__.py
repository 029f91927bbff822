"""From PyTorch to ONNX files: export, graph rewriting, eight-bit and half-precision weights."""
