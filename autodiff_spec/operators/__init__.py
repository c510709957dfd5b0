"""The operators, one a file, each written once over `Engine` for every backend.

Each takes the engine first: `Backend` has them as methods, and the module has them on the current backend.
"""

from autodiff_spec.operators._checkpoint import checkpoint
from autodiff_spec.operators._custom_vjp import CustomVJP, custom_vjp
from autodiff_spec.operators._grad import grad, value_and_grad
from autodiff_spec.operators._hessian import hessian
from autodiff_spec.operators._hessian_diag import hessian_diag, laplacian
from autodiff_spec.operators._host import host
from autodiff_spec.operators._hvp import hvp
from autodiff_spec.operators._jacobian import jacobian
from autodiff_spec.operators._jvp import jvp
from autodiff_spec.operators._linearize import Linearized, linearize
from autodiff_spec.operators._prepare import Prepared, prepare
from autodiff_spec.operators._vjp import vjp
from autodiff_spec.operators._vmap import vmap

__all__ = [
    "CustomVJP",
    "Linearized",
    "Prepared",
    "checkpoint",
    "custom_vjp",
    "grad",
    "hessian",
    "hessian_diag",
    "host",
    "hvp",
    "jacobian",
    "jvp",
    "laplacian",
    "linearize",
    "prepare",
    "value_and_grad",
    "vjp",
    "vmap",
]
