"""A program and all its derivatives at one point, computed once for many cotangents and tangents."""

from __future__ import annotations

from typing import Any

from autodiff_spec.oracle._api import as_outputs, directions, gather, pushed
from autodiff_spec.oracle._context import Objects
from autodiff_spec.oracle._differences import column
from autodiff_spec.oracle._evaluation import (
    Point,
    Program,
    contract,
    leaves,
    rebuild,
    weights,
    working_precision,
)


class Linearization:
    """The value of a program and the products with its Jacobian, at one point.

    Args:
        program: ``program(xp, *arrays)``, returning an array or a tree of arrays.
        *args: floats or NumPy arrays; integers and booleans are constants.

    Attributes:
        value: the outputs in the program's structure, object arrays of mp numbers.

    Examples:
        >>> from autodiff_spec import oracle
        >>> there = oracle.Linearization(lambda xp, x, y: x * y, 2.0, 3.0)
        >>> [float(part[()]) for part in there.gradient()]
        [3.0, 2.0]
        >>> float(there.jvp(1.0, 10.0)[()])
        23.0
    """

    def __init__(self, program: Program, *args: Any) -> None:
        self._args = args
        with working_precision(args):
            self._point = Point(program, args)
            self._columns = [column(self._point, n) for n in range(len(self._point.coordinates))]
        outputs = self._point.outputs
        self.value = rebuild(outputs, (leaf.values for leaf in leaves(outputs)))

    def gradient(self, cotangent: Any = None) -> tuple[Objects | None, ...]:
        """The product of a cotangent with the Jacobian, as ``oracle.gradient`` gives it."""
        with working_precision(self._args):
            weight = weights(self._point, cotangent)
            return gather(self._point, [contract(weight, col) for col in self._columns])

    def gradient_sizes(self, cotangent: Any = None) -> tuple[Objects | None, ...]:
        """The sizes of the terms that `gradient` adds up: |cotangent| times the magnitudes in the Jacobian.

        Divided by the gradient's own magnitude they are the condition of the sum (N. J. Higham, Accuracy and Stability
        of Numerical Algorithms, 2002, section 4.2).
        """
        with working_precision(self._args):
            weight = [abs(w) for w in weights(self._point, cotangent)]
            return gather(self._point, [contract(weight, [abs(d) for d in col]) for col in self._columns])

    def jvp_sizes(self, *tangents: Any) -> Any:
        """The sizes of the terms that `jvp` adds: the magnitudes in the Jacobian times those of a tangent."""
        with working_precision(self._args):
            columns = [[abs(d) for d in col] for col in self._columns]
            steps = [abs(t) for t in directions(self._point, tangents)]
            return as_outputs(self._point, pushed(self._point, columns, steps))

    def jvp(self, *tangents: Any) -> Any:
        """The product of the Jacobian with a tangent, as ``oracle.jvp`` gives it."""
        with working_precision(self._args):
            return as_outputs(self._point, pushed(self._point, self._columns, directions(self._point, tangents)))
