"""The JAX adapter of autodiff-spec: JAX's own derivatives, and a tape that JAX does not have.

Where things are: ``_array.py`` what a tape tracks, ``_operation.py`` how an operation is compiled and recorded,
``_tape.py`` the backward pass, ``_backend.py`` the functional operators, ``xp/`` and ``extra.py`` the namespaces.
"""

from autodiff_jax import xp
from autodiff_jax._array import Array, Variable
from autodiff_jax._backend import JaxBackend

__all__ = ["Array", "JaxBackend", "Variable", "backend", "xp"]


def backend(conventions: str = "native") -> JaxBackend:
    """The backend, in either flavour; discovery calls this, users ``autodiff_spec.backend("jax")``."""
    return JaxBackend(conventions)
