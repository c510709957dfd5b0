"""The independent truth: programs evaluated exactly and differentiated by differences.

A *program* is ``program(xp, *arrays)``, written against a namespace that follows the Python array API standard; the
same source runs on NumPy, PyTorch, TensorFlow, JAX and here, where every number has 120 digits (``xp``, ``Array``).
Derivatives are central differences with a step of 1e-30, exact to double rounding: no derivative rule is shared with
any engine.

- ``value``, ``gradient``, ``jacobian``, ``jvp``, ``second`` (``hessian``), ``hvp``: results are object arrays of mp
  numbers; ``to_numpy`` rounds them. ``Linearization`` keeps the Jacobian of one point for many products with it,
  ``Rows`` the derivatives of many points at once, relative to their own size.
- ``kink_distance`` says how near a program comes to a point where its derivative is not unique, ``permitted`` gives the
  set of legal gradients there.
- ``stop_gradient`` is constant under differencing, ``digits`` sets the working precision.
"""

from autodiff_spec.oracle import xp
from autodiff_spec.oracle._api import gradient, hessian, hvp, jacobian, jvp, second, value
from autodiff_spec.oracle._array import Array
from autodiff_spec.oracle._context import digits
from autodiff_spec.oracle._linearization import Linearization
from autodiff_spec.oracle._permitted import Permitted, kink_distance, permitted
from autodiff_spec.oracle._rounding import to_numpy
from autodiff_spec.oracle._rows import Rows
from autodiff_spec.oracle._stop import stop_gradient

__all__ = [
    "Array",
    "Linearization",
    "Permitted",
    "Rows",
    "digits",
    "gradient",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "kink_distance",
    "permitted",
    "second",
    "stop_gradient",
    "to_numpy",
    "value",
    "xp",
]
