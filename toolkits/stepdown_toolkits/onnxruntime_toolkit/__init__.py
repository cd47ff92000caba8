"""ONNX Runtime: preparation of data, and FP16, INT8 and INT4 candidates."""
