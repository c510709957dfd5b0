"""Linear algebra beyond the standard: triangular systems, least squares, the exponential."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff_spec.beyond._base import Base, differ, rank, shape
from autodiff_spec.core.errors import ShapeMismatchError, missing_hook

_TRANSPOSED = {0: 0, 1: 1, 2: 2, "N": 0, "T": 1, "C": 2}


class Matrices(Base):
    """Functions of matrices, and of stacks of them."""

    def solve_triangular(
        self, a: Any, b: Any, /, *, trans: int | str = 0, lower: bool = False, unit_diagonal: bool = False
    ) -> Any:
        """The solution ``x`` of ``a @ x = b`` with triangular matrices ``a``.

        What is not in the triangle is not read, and has the derivative 0; so has the diagonal with ``unit_diagonal``.

        Args:
            a: matrices, shape (…, n, n).
            b: one vector, shape (n,), or matrices, shape (…, n, k); stacks broadcast.
            trans: 0 (or ``"N"``) for ``a`` itself, 1 (``"T"``) for its transpose, 2 (``"C"``) for its adjoint.
            lower: use the lower triangle of ``a`` in place of the upper one.
            unit_diagonal: take the elements of the diagonal for 1.

        Returns:
            The solutions, shape (…, n, k), or (…, n) for a vector, of the common floating dtype. Where the diagonal has
            a zero it raises the framework's error, or is not finite.

        Raises:
            ShapeMismatchError: the matrices are not square, or ``b`` does not have their rows.
            ValueError: ``trans`` is none of these.

        Examples:
            >>> import autodiff_spec as ad
            >>> be = ad.backend("numpy")
            >>> a = be.asarray([[2.0, 9.0], [1.0, 4.0]])
            >>> be.extra.solve_triangular(a, be.asarray([2.0, 5.0]), lower=True)
            array([1., 1.])
            >>> be.grad(be.extra.solve_triangular)(a, be.asarray([2.0, 5.0]), lower=True)
            array([[-0.375,  0.   ],
                   [-0.25 , -0.25 ]])
        """
        if trans not in _TRANSPOSED:
            raise ValueError(f"trans={trans!r} of solve_triangular(); choose 0, 1 or 2, or 'N', 'T' or 'C'")
        a, b = self._floating(a, b)
        _require_square("solve_triangular", a)
        _require_rows("solve_triangular", a, b)
        if _TRANSPOSED[trans]:
            a, lower = self.xp.matrix_transpose(a), not lower
        if _TRANSPOSED[trans] == 2:
            a = self.xp.conj(a)
        if rank(b) > 1:
            return self._triangular(a, b, bool(lower), bool(unit_diagonal))
        found = self._triangular(a, self.xp.expand_dims(b, axis=-1), bool(lower), bool(unit_diagonal))
        return self.xp.squeeze(found, axis=-1)

    def _triangular(self, a: Any, b: Any, lower: bool, unit_diagonal: bool) -> Any:
        raise missing_hook(self, "_triangular")

    def lstsq(self, a: Any, b: Any, /) -> Any:
        """The ``x`` of least norm among those for which ``a @ x - b`` has the least norm: ``pinv(a) @ b``.

        With independent columns that is the solution of least squares, with independent rows the shortest solution of
        the equations. With neither it jumps when the rank of ``a`` changes; the derivatives are those at constant rank.

        Args:
            a: matrices, shape (…, m, n).
            b: one vector, shape (m,), or matrices, shape (…, m, k); stacks broadcast.

        Returns:
            The solutions, shape (…, n, k), or (…, n) for a vector, of the common floating dtype.

        Raises:
            ShapeMismatchError: ``b`` does not have the rows of ``a``.

        Examples:
            >>> import autodiff_spec as ad
            >>> be = ad.backend("numpy")
            >>> a, b = be.asarray([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]]), be.asarray([1.0, 3.0, 5.0])
            >>> be.xp.round(be.extra.lstsq(a, b), decimals=9)
            array([1., 2.])
        """
        a, b = self._floating(a, b)
        _require_matrices("lstsq", a)
        _require_rows("lstsq", a, b)
        return self._least_squares(a, b)

    def _least_squares(self, a: Any, b: Any) -> Any:
        """By the pseudo-inverse, for `jnp.linalg.lstsq` is NaN, differentiated, where singular values repeat."""
        return self.xp.matmul(self.xp.linalg.pinv(a), b)

    def expm(self, a: Any, /) -> Any:
        """The exponential of matrices, Σ ``aⁿ/n!``, which solves y' = a y.

        Args:
            a: matrices, shape (…, n, n); integers count as floats.

        Returns:
            An array of the shape of ``a``.

        Raises:
            ShapeMismatchError: the matrices are not square.

        Examples:
            >>> import math
            >>> import autodiff_spec as ad
            >>> be = ad.backend("numpy")
            >>> quarter = be.asarray([[0.0, -math.pi / 2], [math.pi / 2, 0.0]])
            >>> be.xp.round(be.extra.expm(quarter)[1], decimals=9)
            array([1., 0.])
        """
        (a,) = self._floating(a)
        _require_square("expm", a)
        return self._exponential(a)

    def _exponential(self, a: Any) -> Any:
        raise missing_hook(self, "_exponential")


def _require_matrices(operation: str, a: Any) -> None:
    if rank(a) < 2:
        raise ShapeMismatchError(f"{operation}() takes matrices, and a has the shape {shape(a)}; reshape it")


def _require_square(operation: str, a: Any) -> None:
    _require_matrices(operation, a)
    if differ(*shape(a)[-2:]):
        raise ShapeMismatchError(f"{operation}() takes square matrices, and a has the shape {shape(a)}")


def _require_rows(operation: str, a: Any, b: Any) -> None:
    """Refuse a right side of another number of rows, or a stack that does not broadcast with that of the matrices."""
    *stack, rows, _ = shape(a)
    *others, found = shape(b)[: max(rank(b) - 1, 1)] or [None]
    if rank(b) == 0 or differ(rows, found) or not _broadcast(stack, others):
        raise ShapeMismatchError(
            f"b of {operation}() has the shape {shape(b)}, a {shape(a)}; pass a vector, or matrices, with as many rows "
            "as a, in a stack that broadcasts with its stack"
        )


def _broadcast(one: list[Any], other: list[Any]) -> bool:
    """Whether two shapes broadcast, as far as they are known."""
    try:
        np.broadcast_shapes(*([1 if size is None else size for size in sizes] for sizes in (one, other)))
    except ValueError:
        return False
    return True
