"""The operators derived from the contract, one a file, each written once for every backend.

Each takes the backend first; `Backend` offers them as methods, the module as functions of the current backend. A file
is loaded when its operator is first asked for: most programs use two of them.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autodiff_spec.operators._check_grad import check_grad
    from autodiff_spec.operators._check_report import GradientReport
    from autodiff_spec.operators._checkpoint import checkpoint
    from autodiff_spec.operators._custom_vjp import CustomVJP, custom_vjp
    from autodiff_spec.operators._grad import grad, value_and_grad
    from autodiff_spec.operators._hessian import hessian
    from autodiff_spec.operators._hvp import hvp
    from autodiff_spec.operators._jacobian import jacobian
    from autodiff_spec.operators._jvp import jvp
    from autodiff_spec.operators._prepare import prepare
    from autodiff_spec.operators._vjp import vjp
    from autodiff_spec.operators._vmap import vmap

_FILES = {"value_and_grad": "_grad", "GradientReport": "_check_report", "CustomVJP": "_custom_vjp"}

__all__ = [
    "CustomVJP",
    "GradientReport",
    "check_grad",
    "checkpoint",
    "custom_vjp",
    "grad",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "prepare",
    "value_and_grad",
    "vjp",
    "vmap",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(importlib.import_module(f"{__name__}.{_FILES.get(name, f'_{name}')}"), name)
    globals()[name] = found
    return found
