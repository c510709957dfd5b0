"""The operators derived from the contract, one a file, each written once for every backend.

Each takes the backend first; `Backend` offers them as methods and the module as functions of the current backend.
"""

from autodiff_spec.operators._grad import grad, value_and_grad
from autodiff_spec.operators._vjp import vjp

__all__ = ["grad", "value_and_grad", "vjp"]
