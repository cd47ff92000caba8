"""Hugging Face Optimum: ONNX Runtime's quantizers with the presets of optimum-onnx."""
