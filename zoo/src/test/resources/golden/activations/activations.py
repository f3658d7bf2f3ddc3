"""Writes expected.json: activation functions by the formulas of Hugging Face's transformers, in float64.

Run with Python 3 alone: python3 activations.py > expected.json
"""

import json
import math

XS = [-6.0, -3.0, -1.5, -0.75, -0.1, 0.0, 0.2, 0.5, 1.0, 2.5, 4.0]


def exact(x):
    return x * 0.5 * (1.0 + math.erf(x / math.sqrt(2.0)))


def tanh(x):
    return 0.5 * x * (1.0 + math.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * x**3)))


def fast(x):
    return 0.5 * x * (1.0 + math.tanh(x * 0.7978845608 * (1.0 + 0.044715 * x * x)))


def sigmoid(x):
    return 1.0 / (1.0 + math.exp(-x))


FUNCTIONS = {
    "gelu": exact,
    "gelu_python": exact,
    "gelu_new": tanh,
    "gelu_pytorch_tanh": tanh,
    "gelu_python_tanh": tanh,
    "gelu_accurate": tanh,
    "gelu_fast": fast,
    "quick_gelu": lambda x: x * sigmoid(1.702 * x),
    "silu": lambda x: x * sigmoid(x),
    "swish": lambda x: x * sigmoid(x),
    "relu": lambda x: max(x, 0.0),
    "relu2": lambda x: max(x, 0.0) ** 2,
    "squared_relu": lambda x: max(x, 0.0) ** 2,
}

print(json.dumps({"x": XS, "y": {name: [f(x) for x in XS] for name, f in FUNCTIONS.items()}}, indent=1))
