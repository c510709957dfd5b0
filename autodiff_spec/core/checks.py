"""The argument checks that every backend shares; they run before the framework is called."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff_spec.core import trees
from autodiff_spec.core.engine import Engine
from autodiff_spec.core.errors import (
    DtypeError,
    NotDifferentiableError,
    ShapeMismatchError,
    UnsupportedError,
    named_type,
)
from autodiff_spec.core.frameworks import require_own


def floating(be: Engine, value: Any, what: object, *, dtype: Any = None, nested: bool = False) -> Any:
    """``value`` as a floating array of ``be``; copied, unless it is already one of its plain arrays.

    Args:
        value: a Python float or complex, a NumPy array, an array of ``be``; with ``nested`` also lists of floats.
        what: names the argument in messages.
        dtype: cast to this dtype of the namespace.
        nested: accept lists, and copy always (the value of a variable is a private copy).

    Raises:
        NotDifferentiableError: it is integer, boolean, text or ragged.
    """
    if dtype is not None and be.kind(dtype) == "other":
        raise NotDifferentiableError(f"{what}: dtype {dtype} is not floating; derivatives need a floating dtype")
    if be.is_array(value):
        if be.kind(value.dtype) == "other":
            raise _not_floating(what, f"an array of dtype {value.dtype}", "cast it to a floating dtype first")
        return be._asarray(value, dtype) if nested else value
    if isinstance(value, (bool, int)) or (nested and isinstance(value, (list, tuple))) or isinstance(value, np.bool_):
        value = _numbers(value, what)
    elif not isinstance(value, (float, complex, np.ndarray, np.generic)):
        require_own(be.name, value, what)
        raise _not_floating(what, f"{named_type(value)}", "pass a float or an array")
    if isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind in "biuOSUmM":
        raise _not_floating(what, f"a NumPy array of dtype {value.dtype}", "cast it to a floating dtype first")
    array = be._asarray(value, dtype)
    if be.kind(array.dtype) == "other":
        raise _not_floating(what, f"an array of dtype {array.dtype}", "cast it to a floating dtype first")
    return array


def primal(be: Engine, value: Any, what: object) -> Any:
    """``value`` as a `floating` array that derivatives are asked by; of a Python number the engine is told."""
    array = floating(be, value, what)
    return be._of_number(array) if isinstance(value, (float, complex)) else array


def require_function(f: Any, operation: str) -> None:
    """Raise unless the first argument of an operator can be called, as soon as it is given."""
    if not callable(f):
        raise TypeError(
            f"{operation} takes a function first, not {named_type(f)}; arguments go to the function that it "
            "returns, as in grad(f)(x)"
        )


def require_sizes(array: Any, what: object) -> None:
    """Raise `UnsupportedError` where a graph does not know the shape of ``array``, each element of which has a row."""
    if getattr(array.shape, "rank", 0) is None or None in tuple(array.shape):
        raise UnsupportedError(
            f"{what} has a shape that is not known here, {array.shape}, and a Jacobian has a row for each element; "
            "declare the shape (input_signature= of tf.function), or take vjp(), jvp() or hvp(), which need none"
        )


def _numbers(value: Any, what: object) -> Any:
    """Python numbers, possibly nested in lists: floats pass, and an int anywhere is refused with how to write it."""
    if isinstance(value, (bool, np.bool_)):
        raise _not_floating(what, f"the bool {value}", "pass a float")
    if isinstance(value, int):
        raise _not_floating(what, f"the Python int {value}", f"write {value}.0")
    try:
        array = np.asarray(value)
    except (ValueError, TypeError) as error:
        raise _not_floating(what, "a ragged list", "pass rows of equal length") from error
    if array.dtype.kind in "biu":
        raise _not_floating(what, f"a list of {array.dtype.name} values", "write floats, 3.0 instead of 3")
    if array.dtype.kind not in "fc":
        raise _not_floating(what, f"a list that holds {array.dtype.name} values", "pass floats")
    return value if array.size else array  # an empty list has no Python float to take a dtype from


def _not_floating(what: object, found: str, remedy: str) -> NotDifferentiableError:
    return NotDifferentiableError(f"{what} is {found}, which has no derivative; {remedy}")


def cotangent(be: Engine, value: Any, target: Any, what: object, like: str = "target") -> Any:
    """``value`` as a cotangent of ``target``: exactly its shape, cast to its dtype; ints are refused.

    A tangent is checked in the same way against its primal; ``like`` says in messages what ``target`` is.

    Raises:
        ShapeMismatchError: the shapes differ (a cotangent is never broadcast).
        NotDifferentiableError: it is integer or boolean.
        DtypeError: it is complex and the target is real.
    """
    array = value if be.is_array(value) else floating(be, value, what, dtype=None if _complex(value) else target.dtype)
    kind = be.kind(array.dtype)
    if kind == "other":
        raise _not_floating(what, f"an array of dtype {array.dtype}", "pass a floating one")
    if tuple(array.shape) != tuple(target.shape):
        raise ShapeMismatchError(
            f"{what} has shape {tuple(array.shape)}, the {like} has {tuple(target.shape)}; "
            f"pass one of exactly the {like}'s shape"
        )
    if kind == "complex" and be.kind(target.dtype) == "real":
        raise DtypeError(f"{what} is complex, the {like} is real; pass a real one")
    return cast(be, array, target.dtype)


def _complex(value: Any) -> bool:
    return isinstance(value, complex) or np.iscomplexobj(value)


def cast(be: Engine, array: Any, dtype: Any) -> Any:
    """``array`` in ``dtype``, itself when it has it already."""
    return array if array.dtype == dtype else be.xp.astype(array, dtype)


def cotangents(
    be: Engine, tree: Any, targets: list[Any], structure: trees.Structure, operation: str
) -> list[Any]:
    """The leaves of a cotangent tree, checked against the targets; ones for ``None`` (the sum rule)."""
    if tree is None:
        return [default_cotangent(be, target, structure, i, operation) for i, target in enumerate(targets)]
    leaves, given = trees.flatten(tree, be.array_types)
    trees.require_same(given, structure, f"cotangent of {operation}", "target")
    return [
        cotangent(be, leaf, target, trees.Path(structure, i, "cotangent", operation))
        for i, (leaf, target) in enumerate(zip(leaves, targets, strict=True))
    ]


def default_cotangent(be: Engine, target: Any, structure: trees.Structure, index: int, operation: str) -> Any:
    """Ones like ``target``, leaf ``index`` of a tree: the derivative of the sum of its elements."""
    if be.kind(target.dtype) == "complex":
        raise NotDifferentiableError(
            f"{trees.Path(structure, index, 'target', operation)} is complex, and the sum of complex values has "
            "no gradient; take its real part, or give a cotangent: cotangent= of a tape, or vjp()"
        )
    return be._ones_like(target)
