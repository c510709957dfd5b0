"""Piecewise linear interpolation."""

from __future__ import annotations

from typing import Any

from autodiff_spec.beyond._base import Base, differ, rank, require_vectors, shape
from autodiff_spec.core.errors import DtypeError, ShapeMismatchError


class Interpolation(Base):
    """Functions between knots."""

    def interp(self, x: Any, xp: Any, fp: Any, /) -> Any:
        """The piecewise linear function through the knots ``(xp, fp)`` at ``x``, constant outside of them.

        It is differentiated by all three. At a knot, where its slope jumps, the derivative is the smaller of the slopes
        on either side, and 0 where their signs differ (KINK-81).

        Args:
            x: where, of any shape.
            xp: the knots, shape (n,), in ascending order, which nobody checks; where two are equal the function jumps.
            fp: the values there, shape (n,).

        Returns:
            An array of the shape of ``x`` and of the common floating dtype.

        Raises:
            ShapeMismatchError: there is not one value for each knot, or no knot at all.
            DtypeError: an argument is complex.

        Examples:
            >>> import autodiff_spec as ad
            >>> be = ad.backend("numpy")
            >>> knots, values = be.asarray([0.0, 1.0, 3.0]), be.asarray([0.0, 2.0, 0.0])
            >>> be.extra.interp(be.asarray([-1.0, 0.5, 2.0, 9.0]), knots, values)
            array([0., 1., 1., 0.])
            >>> be.grad(be.extra.interp)(be.asarray([-1.0, 0.5, 1.0, 2.0]), knots, values)
            array([ 0.,  2.,  0., -1.])
        """
        x, knots, values = self._floating(x, xp, fp)
        require_vectors("interp", xp=knots, fp=values)
        if differ(*shape(knots), *shape(values)):
            raise ShapeMismatchError(
                f"interp() takes a value for each knot, and fp has the shape {shape(values)}, xp {shape(knots)}"
            )
        if self.xp.isdtype(x.dtype, "complex floating"):
            raise DtypeError("interp() is of real numbers; interpolate real and imaginary parts")
        return self._interpolated(x, knots, values)

    def _interpolated(self, x: Any, knots: Any, values: Any) -> Any:
        """There is a segment before each knot and one after the last; of the outermost the slope is 0."""
        xp = self.xp
        sizes = tuple(self._length(x, axis) for axis in range(rank(x)))
        x = xp.reshape(x, (-1,))
        steps, flat = knots[1:] - knots[:-1], xp.zeros_like(values[:1])
        slopes = xp.concat([flat, (values[1:] - values[:-1]) / xp.where(steps == 0, 1.0, steps), flat])
        left, right = self._segment(x, knots, "left"), self._segment(x, knots, "right")
        slope = self._slope(slopes, left, right)
        knot = xp.maximum(right, 1) - 1  # at or before x; of what lies before all the first
        offset = xp.where((x < knots[0]) | (x > knots[-1]), 0.0, x - self._taken(knots, knot))
        return xp.reshape(self._taken(values, knot) + slope * offset, sizes)

    def _segment(self, x: Any, knots: Any, side: str) -> Any:
        """The number of the segment in which each ``x`` lies, of a knot the one on this side of it."""
        return self.xp.searchsorted(knots, x, side=side)

    def _slope(self, slopes: Any, left: Any, right: Any) -> Any:
        """The slopes of segments; of a knot the number nearest to 0 between those on its sides."""
        xp = self.xp
        before, after = self._taken(slopes, left), self._taken(slopes, right)
        nearest = xp.where(xp.abs(before) < xp.abs(after), before, after)
        return xp.where(left == right, after, xp.where(before * after > 0, nearest, 0.0))
