"""PyTorch: export to ONNX, and quantization-aware training of an ONNX graph."""
