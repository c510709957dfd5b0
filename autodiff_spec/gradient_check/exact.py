"""The exact Jacobian of a user's function, where it runs on exact numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autodiff_spec.core import trees
from autodiff_spec.core.current import using
from autodiff_spec.core.engine import Engine


def exact_jacobian(
    f: Callable[..., Any],
    points: list[Any],
    kinds: list[str],
    structure: trees.Structure,
    values: NDArray[np.float64] | None,
) -> NDArray[np.float64] | None:
    """The Jacobian of the flat function at ``points`` (NumPy arrays, real or complex), by the oracle, or ``None``.

    ``None`` where ``f`` does not run there: it takes its namespace from elsewhere than ``ad.xp()``, closes over arrays
    or variables of the backend, makes a Python number of what it differentiates, or the oracle is not installed; and
    where the exact ``values`` (if they are given) are others, which shows that something else was computed.
    """
    found = _blocks(f, points, kinds, structure)
    if found is None:
        return None
    exact, jacobian = found
    if values is None:
        return jacobian
    scale = np.max(np.abs(values), initial=0.0, where=np.isfinite(values))
    if exact.shape != values.shape or not np.allclose(exact, values, rtol=1e-5, atol=1e-5 * scale, equal_nan=True):
        return None
    return jacobian


def _blocks(
    f: Callable[..., Any], points: list[Any], kinds: list[str], structure: trees.Structure
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    try:
        from autodiff_spec import oracle
    except ImportError:  # the extra `suite` is not installed
        return None
    exact = type(oracle.xp.asarray(1.0))

    def program(xp: Any, *parts: Any) -> tuple[Any, ...]:
        given = iter(parts)
        leaves = [next(given) + 1j * next(given) if kind == "complex" else next(given) for kind in kinds]
        outputs, _ = trees.flatten(f(*trees.unflatten(structure, leaves)), (exact,))
        if not all(isinstance(output, exact) for output in outputs):
            raise TypeError("not a function of exact numbers")
        found: list[Any] = []
        for output in outputs:
            found += {"f": [output], "c": [xp.real(output), xp.imag(output)]}.get(output.dtype.kind, [])
        return tuple(found)

    points = [part for point in points for part in parts_of(point)]
    try:
        with using(exact_backend(exact)):
            values = oracle.value(program, *points)
            blocks = oracle.jacobian(program, *points)
    except Exception:  # whatever a function does that was not written for these arrays
        return None
    rows = [[np.reshape(_plain(b), (v.size, -1)) for b in row] for v, row in zip(values, blocks, strict=True)]
    jacobian = np.concatenate([np.concatenate(row, axis=1) for row in rows]) if rows else np.zeros((0, 0))
    return np.concatenate([np.zeros(0), *(_plain(v).ravel() for v in values)]), jacobian


def parts_of(array: Any) -> list[Any]:
    """A real array, or the real and the imaginary part of a complex one."""
    return [array.real, array.imag] if array.dtype.kind == "c" else [array]


def reals(array: Any) -> NDArray[np.float64]:
    """The elements of an array as real numbers: first the real parts, then the imaginary ones."""
    return np.concatenate([np.asarray(part, dtype=np.float64).ravel() for part in parts_of(array)])


def _plain(exact: Any) -> NDArray[np.float64]:
    return np.asarray(exact, dtype=np.float64)


def exact_backend(exact: type) -> Engine:
    """A backend for ``ad.xp()``, ``ad.extra()`` and ``ad.stop_gradient()`` while ``f`` runs on exact numbers."""
    from autodiff_spec import oracle

    class Exact(Engine):
        name, version, array_types = "oracle", "", (exact,)
        xp, extra = oracle.xp, oracle.xp.extra

        def _stop_gradient(self, array: Any) -> Any:
            return oracle.xp.stop_gradient(array)

    return Exact()
