"""Python toolkits of Stepdown; called as `python -m stepdown_toolkits <toolkit> <verb>`."""

import os

# Before ONNX Runtime loads: on Linux it reports to its maker from 1.29 on.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
