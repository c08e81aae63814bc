"""What each operator of ONNX does, in torch: a table from names to functions and layers.

Source: "ONNX Operators", the specification of the opset versions 9 to 26.
"""

from robust_core.zoo.own.operators import arithmetic, layers, reductions, shapes
from robust_core.zoo.own.operators.table import TABLE, Operator, Settings

__all__ = ["TABLE", "Operator", "Settings", "arithmetic", "layers", "reductions", "shapes"]
