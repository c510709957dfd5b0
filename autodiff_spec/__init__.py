"""A specification of automatic differentiation in Python, and an interface to the engines that implement it.

>>> import autodiff_spec as ad
>>> x = ad.variable([0.0, 1.0, 2.0, 3.0])
>>> with ad.tape() as t:
...     y = ad.xp().sum(2 * x * x)
>>> t.grad(y, x)
array([ 0.,  4.,  8., 12.])
"""

from autodiff_spec._backend import Backend
from autodiff_spec._discovery import available_backends, backend, backend_of, use_backend
from autodiff_spec._functions import (
    assign,
    check_grad,
    checkpoint,
    compare,
    custom_vjp,
    draw,
    extra,
    grad,
    hessian,
    hessian_diag,
    host,
    hvp,
    jacobian,
    jvp,
    laplacian,
    lift,
    linearize,
    pause,
    prepare,
    stop_gradient,
    tape,
    to_numpy,
    value_and_grad,
    variable,
    vjp,
    vmap,
    xp,
)
from autodiff_spec.core.capability import Capability
from autodiff_spec.core.errors import (
    AutodiffError,
    BackendMismatchError,
    BackendNotFoundError,
    BackendNotInstalledError,
    ComputationError,
    CustomRuleError,
    DeviceError,
    DtypeError,
    GradientCheckError,
    IndependentWarning,
    LostDerivativeError,
    MutationError,
    NotDifferentiableError,
    PreparationError,
    ShapeMismatchError,
    TapeConsumedError,
    TapeError,
    TapeStateError,
    UnsupportedError,
    UntrackedError,
)
from autodiff_spec.core.tape import Tape

__version__ = "0.1.0"
__autodiff_spec_version__ = "2026.12"

__all__ = [
    "AutodiffError",
    "Backend",
    "BackendMismatchError",
    "BackendNotFoundError",
    "BackendNotInstalledError",
    "Capability",
    "ComputationError",
    "CustomRuleError",
    "DeviceError",
    "DtypeError",
    "GradientCheckError",
    "IndependentWarning",
    "LostDerivativeError",
    "MutationError",
    "NotDifferentiableError",
    "PreparationError",
    "ShapeMismatchError",
    "Tape",
    "TapeConsumedError",
    "TapeError",
    "TapeStateError",
    "UnsupportedError",
    "UntrackedError",
    "__autodiff_spec_version__",
    "__version__",
    "assign",
    "available_backends",
    "backend",
    "backend_of",
    "check_grad",
    "checkpoint",
    "compare",
    "custom_vjp",
    "draw",
    "extra",
    "grad",
    "hessian",
    "hessian_diag",
    "host",
    "hvp",
    "jacobian",
    "jvp",
    "laplacian",
    "lift",
    "linearize",
    "pause",
    "prepare",
    "stop_gradient",
    "tape",
    "to_numpy",
    "use_backend",
    "value_and_grad",
    "variable",
    "vjp",
    "vmap",
    "xp",
]


def _say_public(found: object) -> None:
    """Let a public object, and the methods defined in its class, say this package as their module."""
    if callable(found):
        for member in vars(found).values() if isinstance(found, type) else ():
            if getattr(member, "__module__", None) == found.__module__ and hasattr(member, "__code__"):
                member.__module__ = __name__
        found.__module__ = __name__


for _name in __all__:  # in tracebacks, in help() and in the documentation
    _say_public(globals()[_name])
