"""NVIDIA TensorRT: candidates of ModelOpt's ONNX quantization, and the engine where a GPU is."""
