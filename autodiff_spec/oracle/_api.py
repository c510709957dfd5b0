"""What users of the oracle call: values and derivatives of programs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff_spec.oracle._context import DIGITS, MPC, MPF, ZERO, Objects
from autodiff_spec.oracle._differences import Second, column, slopes_along
from autodiff_spec.oracle._evaluation import (
    Point,
    Program,
    contract,
    leaves,
    rebuild,
    weights,
    working_precision,
)
from autodiff_spec.oracle._operators import asarray, cast, is_inexact

# Second differences divide by the square of the step, and the finer step must survive that too.
_SECOND_DIGITS = DIGITS + 60


def value(program: Program, *args: Any) -> Any:
    """The exact outputs of a program.

    Args:
        program: ``program(xp, *arrays)``, returning an array or a tuple, list or dict of arrays.
        *args: floats, NumPy arrays of any numeric dtype, or oracle arrays.

    Returns:
        The outputs in the program's structure: object arrays of mp numbers, NumPy arrays where integer or boolean.

    Examples:
        >>> from autodiff_spec import oracle
        >>> float(oracle.value(lambda xp, x: xp.exp(x), 1.0)[()])
        2.718281828459045
    """
    with working_precision(args):
        outputs = Point(program, args).outputs
        return rebuild(outputs, (leaf.values for leaf in leaves(outputs)))


def gather(point: Point, numbers: list[Any]) -> tuple[Objects | None, ...]:
    """One array for each argument from one number for each coordinate; None for integers and booleans."""
    arrays: list[Any] = [None] * len(point.args)
    for i in point.tracked:
        arrays[i] = np.empty(point.args[i].size, dtype=object)
        arrays[i][:] = MPC(0) if point.args[i].dtype.kind == "c" else ZERO
    for c, number in zip(point.coordinates, numbers, strict=True):
        arrays[c.argument][c.index] += c.unit * number
    return tuple(None if a is None else a.reshape(point.args[i].shape) for i, a in enumerate(arrays))


def gradient(program: Program, *args: Any, cotangent: Any = None) -> tuple[Objects | None, ...]:
    """The derivative of the sum of all outputs, or of their product with a cotangent, by each argument.

    At a kink this is the central difference; ask ``permitted`` for the set of legal values and the recommended one.

    Args:
        program: ``program(xp, *arrays)``, returning an array or a tree of arrays.
        *args: floats or NumPy arrays; integers and booleans are constants.
        cotangent: None, or a tree of arrays of the outputs' shapes. A complex one, v, means Re Σ conj(v)·output.

    Returns:
        For each argument an object array of mp numbers in its shape, None for constants. ∂L/∂x + i ∂L/∂y for a
        complex one. Infinite slopes at the edge of the domain are infinite; nan where no derivative exists.

    Raises:
        TypeError: for a complex output without a cotangent.
        ValueError: for a cotangent of other shapes than the outputs'.

    Examples:
        >>> import numpy as np
        >>> from autodiff_spec import oracle
        >>> (slope,) = oracle.gradient(lambda xp, x: 2 * x * x, np.array([1.0, 2.0]))
        >>> oracle.to_numpy(slope)
        array([4., 8.])
    """
    with working_precision(args):
        point = Point(program, args)
        return gather(point, gradient_numbers(point, cotangent))


def gradient_numbers(point: Point, cotangent: Any = None) -> list[Any]:
    """The gradient with one real number for each coordinate."""
    weight = weights(point, cotangent)
    return [contract(weight, column(point, n)) for n in range(len(point.coordinates))]


def jacobian(program: Program, *args: Any) -> Any:
    """All first derivatives.

    Args:
        program: as for ``gradient``.
        *args: as for ``gradient``.

    Returns:
        In the place of each output a tuple with, for each argument, an object array of shape ``output.shape +
        argument.shape`` (None for constants). With a single output just that tuple. ∂/∂x + i ∂/∂y for a complex
        argument.

    Raises:
        TypeError: for a complex output of a complex argument, whose derivative is not one number.

    Examples:
        >>> import numpy as np
        >>> from autodiff_spec import oracle
        >>> (block,) = oracle.jacobian(lambda xp, x: x[1:] * x[0], np.array([2.0, 3.0]))
        >>> oracle.to_numpy(block)
        array([[3., 2.]])
    """
    with working_precision(args):
        point = Point(program, args)
        outputs = list(leaves(point.outputs))
        inputs = [point.args[i] for i in point.tracked]
        if any(o.dtype.kind == "c" for o in outputs) and any(a.dtype.kind == "c" for a in inputs):
            raise TypeError("the derivative of a complex output by a complex argument is not one number; use gradient")
        columns = [column(point, n) for n in range(len(point.coordinates))]
        blocks, start = [], 0
        for out in outputs:
            size = out.size if is_inexact(out.dtype) else 0
            rows = [gather(point, [col[k] for col in columns]) for k in range(start, start + size)]
            blocks.append(tuple(_stacked(rows, i, out.shape, a) for i, a in enumerate(point.args)))
            start += size
        return rebuild(point.outputs, iter(blocks))


def _stacked(rows: list[tuple[Objects | None, ...]], argument: int, shape: Any, arg: Any) -> Objects | None:
    """The rows of a block; an integer output has zeros."""
    if not is_inexact(arg.dtype):
        return None
    block = np.empty((*shape, *arg.shape), dtype=object)
    block[...] = ZERO
    flat = block.reshape(math.prod(shape), *arg.shape)
    for k, row in enumerate(rows):
        flat[k, ...] = row[argument]
    return block


def jvp(program: Program, args: tuple[Any, ...], tangents: tuple[Any, ...]) -> Any:
    """The derivative of the outputs along a direction.

    Args:
        program: as for ``gradient``.
        args: the arguments.
        tangents: one array for each argument, of its shape; None for constants.

    Returns:
        The outputs' structure of object arrays of their shapes.

    Examples:
        >>> from autodiff_spec import oracle
        >>> float(oracle.jvp(lambda xp, x, y: x * y, (2.0, 3.0), (1.0, 10.0))[()])
        23.0
    """
    with working_precision((*args, *(t for t in tangents if t is not None))):
        point = Point(program, args)
        steps = directions(point, tangents)
        columns = [column(point, n) if t != 0 else [] for n, t in enumerate(steps)]
        return as_outputs(point, pushed(point, columns, steps))


def pushed(point: Point, columns: list[list[Any]], steps: list[Any]) -> list[Any]:
    """The sum of the columns of the Jacobian, each times its step; those of step 0 may be missing."""
    total = [ZERO] * len(point.base)
    for col, t in zip(columns, steps, strict=True):
        if t != 0:
            total = [a + t * d for a, d in zip(total, col, strict=True)]
    return total


def as_outputs(point: Point, numbers: list[Any]) -> Any:
    arrays, start = [], 0
    for out in leaves(point.outputs):
        size = out.size if is_inexact(out.dtype) else 0
        array = np.empty(out.size, dtype=object)
        array[:] = numbers[start : start + size] if size else ZERO
        arrays.append(array.reshape(out.shape))
        start += size
    return rebuild(point.outputs, iter(arrays))


def _refuse_complex(point: Point, what: str) -> None:
    if any(point.args[i].dtype.kind == "c" for i in point.tracked):
        raise TypeError(f"{what} takes real arguments; pass real and imaginary parts separately")


def directions(point: Point, tangents: tuple[Any, ...]) -> list[Any]:
    numbers: list[Any] = []
    for i in point.tracked:
        tangent = asarray(tangents[i])
        if tangent.shape != point.args[i].shape:
            raise ValueError(f"tangent {i} has shape {tangent.shape}, its argument {point.args[i].shape}")
        if point.args[i].dtype.kind == "c":
            tangent = cast(tangent, point.args[i].dtype)
        for v in tangent.values.ravel().tolist():
            numbers += [v.real, v.imag] if point.args[i].dtype.kind == "c" else [MPF(v)]
    return numbers


def second(program: Program, *args: Any, cotangent: Any = None) -> tuple[tuple[Objects | None, ...], ...]:
    """The second derivatives of the sum of all outputs, or of their product with a cotangent.

    Args:
        program: as for ``gradient``.
        *args: as for ``gradient``, real.
        cotangent: as for ``gradient``.

    Returns:
        ``blocks[i][j]``, of shape ``args[i].shape + args[j].shape``; None where either is a constant.

    Raises:
        TypeError: for complex arguments, of which ``hvp`` gives products.

    Examples:
        >>> import numpy as np
        >>> from autodiff_spec import oracle
        >>> ((block,),) = oracle.second(lambda xp, x: xp.prod(x), np.array([2.0, 0.0, 3.0]))
        >>> oracle.to_numpy(block)
        array([[0., 3., 0.],
               [3., 0., 2.],
               [0., 2., 0.]])
    """
    with working_precision(args, _SECOND_DIGITS):
        point = Point(program, args)
        _refuse_complex(point, "second")
        matrix = _second_matrix(point, weights(point, cotangent))
        rows = [gather(point, list(row)) for row in matrix]
        return tuple(tuple(_block(point, rows, i, j) for j in range(len(point.args))) for i in range(len(point.args)))


hessian = second


def _second_matrix(point: Point, weight: list[Any]) -> list[list[Any]]:
    n = len(point.coordinates)
    entries = Second(point, weight)
    matrix = [[ZERO] * n for _ in range(n)]
    for i in range(n):
        for j in range(i + 1):
            matrix[i][j] = matrix[j][i] = entries.entry(i, j)
    return matrix


def _block(point: Point, rows: list[tuple[Objects | None, ...]], i: int, j: int) -> Objects | None:
    if i not in point.tracked or j not in point.tracked:
        return None
    mine = [k for k, c in enumerate(point.coordinates) if c.argument == i]
    block = np.empty((len(mine), *point.args[j].shape), dtype=object)
    for k, row in enumerate(mine):
        block[k, ...] = rows[row][j]
    return block.reshape((*point.args[i].shape, *point.args[j].shape))


def hvp(
    program: Program, args: tuple[Any, ...], tangents: tuple[Any, ...], cotangent: Any = None, *, smooth: bool = False
) -> tuple[Objects | None, ...]:
    """The second derivatives applied to a direction: the derivative of ``gradient`` along it.

    Args:
        program: as for ``gradient``.
        args: the arguments.
        tangents: one array for each argument, of its shape; None for constants.
        cotangent: as for ``gradient``.
        smooth: the program has second derivatives all around the point: four evaluations for each number are enough,
            where the second derivatives by all pairs of numbers take two for each pair.

    Returns:
        For each argument an object array in its shape, None for constants.

    Examples:
        >>> from autodiff_spec import oracle
        >>> (product,) = oracle.hvp(lambda xp, x: x**3, (2.0,), (10.0,))
        >>> float(product[()])
        120.0
        >>> (product,) = oracle.hvp(lambda xp, z: xp.real(z) * xp.imag(z), (2 + 1j,), (10 + 1j,))
        >>> complex(product[()])
        (1+10j)
    """
    with working_precision((*args, *(t for t in tangents if t is not None)), _SECOND_DIGITS):
        point = Point(program, args)
        direction = directions(point, tangents)
        if smooth:
            return gather(point, slopes_along(point, weights(point, cotangent), direction))
        matrix = _second_matrix(point, weights(point, cotangent))
        return gather(point, [contract(direction, row) for row in matrix])
