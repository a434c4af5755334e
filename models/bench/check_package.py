"""Runs a package's self-test in Python's ai_edge_litert: `check_package.py model.rasika`.

Exit 0 and a plain message if ai_edge_litert is not installed, 1 if an output differs by more than 1e-4.
"""

import json
import sys
import zipfile

try:
    import numpy as np
    from ai_edge_litert.interpreter import Interpreter
except ImportError as missing:
    print(f"not checked in Python: {missing}")
    sys.exit(0)

MOST = 1e-4

with zipfile.ZipFile(sys.argv[1]) as package:
    network = package.read("classifier.tflite")
    test = json.loads(package.read("selftest.json"))

interpreter = Interpreter(model_content=network)
interpreter.allocate_tensors()
(given,), (asked,) = interpreter.get_input_details(), interpreter.get_output_details()
worst = 0.0
for vector, expected in zip(test["inputs"], test["outputs"], strict=True):
    interpreter.set_tensor(given["index"], np.array([vector], np.float32))
    interpreter.invoke()
    worst = max(worst, np.abs(interpreter.get_tensor(asked["index"])[0] - expected).max())
print(f"{len(test['inputs'])} vectors, {given['shape']} to {asked['shape']}: worst difference {worst:.2e}")
sys.exit(int(worst > MOST))
