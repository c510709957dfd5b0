"""The reference engine of autodiff-spec: reverse-mode differentiation of NumPy code.

Where things are: ``_array.py`` what is recorded, ``_wrap.py`` how, ``_tape.py`` the tape, ``_pullback.py`` what
its backward pass does at each node, ``_rule.py`` how a function gets its rule, ``rules/`` the rules, a line each,
``xp/`` the namespace.
"""

from autodiff_numpy import xp
from autodiff_numpy._array import Array, Variable
from autodiff_numpy._backend import NumpyBackend

__all__ = ["Array", "NumpyBackend", "Variable", "backend", "xp"]


def backend(conventions: str = "native") -> NumpyBackend:
    """The engine, in either flavour of conventions (they are the same here)."""
    return NumpyBackend(conventions)
