"""The operators derived from the contract, one a file, each written once for every backend.

Each takes the backend first; `Backend` offers them as methods and the module as functions of the current backend.
"""

from autodiff_spec.operators._check_grad import check_grad
from autodiff_spec.operators._check_report import GradientReport
from autodiff_spec.operators._grad import grad, value_and_grad
from autodiff_spec.operators._hessian import hessian
from autodiff_spec.operators._hvp import hvp
from autodiff_spec.operators._jacobian import jacobian
from autodiff_spec.operators._jvp import jvp
from autodiff_spec.operators._vjp import vjp
from autodiff_spec.operators._vmap import vmap

__all__ = [
    "GradientReport",
    "check_grad",
    "grad",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "value_and_grad",
    "vjp",
    "vmap",
]
