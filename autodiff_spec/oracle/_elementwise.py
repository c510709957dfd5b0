"""The elementwise functions of the array API standard: one line each.

A line names the function on reals, the one on complex numbers, and where its kinks or the edges of its domain are.
Functions that the standard leaves to integers (``bitwise_and``) are NumPy's own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff_spec.oracle import _operators as op
from autodiff_spec.oracle import _scalars as s
from autodiff_spec.oracle._array import Array
from autodiff_spec.oracle._context import INF, MPC, ONE, ZERO, Kind, ctx, freeze, note, watching

Function = Callable[..., Array]


def _document(function: Any, name: str, what: str, arguments: str) -> Function:
    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"{what} of {arguments}, exactly; the array API standard's ``{name}``."
    return function  # type: ignore[no-any-return]


def unary(
    name: str,
    real: Any,
    cplx: Any = None,
    edge: Callable[[Any], list[Any]] | None = None,
    kind: Kind = "edge",
) -> Function:
    """A transcendental function: integers are taken as float64, results are remembered within a run.

    ``edge`` lists quantities that vanish where the derivative is infinite or not unique.
    """
    on_real = s.lift(s.memoised(name, s.real(real)))
    on_complex = s.lift(s.memoised(name + "/complex", lambda z: MPC(cplx(z)))) if cplx else None

    def function(x: Any, /) -> Array:
        x = op.asarray(x)
        if not op.is_inexact(x.dtype):
            x = op.cast(x, op.FLOAT64)
        if x.dtype.kind == "c":
            if on_complex is None:
                raise TypeError(f"{name} takes real arrays")
            return Array(on_complex(x._v), x.dtype)
        if edge is not None and watching():
            for quantity in edge(x._v):
                note(quantity, kind=kind)
        return Array(on_real(x._v), x.dtype)

    return _document(function, name, "Elementwise value", "a real or complex array" if cplx else "a real array")


def stepwise(name: str, step: Any, kinks: Callable[[Any], None], cplx: Any = None) -> Function:
    """A piecewise constant function, of derivative zero by convention: shifted runs see the base point's values."""
    on_real = s.lift(step)
    on_complex = s.lift(cplx) if cplx else None

    def function(x: Any, /) -> Array:
        x = op.asarray(x)
        if x.dtype.kind == "c":
            if on_complex is None:
                raise TypeError(f"{name} takes real arrays")
            return Array(on_complex(x._v), x.dtype)
        if x.dtype.kind != "f":
            return Array(np.sign(x._v) if name == "sign" else x._v, x.dtype)
        if watching():
            kinks(x._v)
        return Array(freeze(Array(on_real(x._v), x.dtype)._v), x.dtype)

    return _document(function, name, "Elementwise value", "an array")


def binary(name: str, real: Any, note_kink: Callable[[Any, Any], None] | None = None, exact: Any = None) -> Function:
    """A function of two real arrays; ``exact`` serves integers, which are taken as float64 without it."""
    on_real = s.lift(real, 2)

    def function(x1: Any, x2: Any, /) -> Array:
        a, b, dtype = op.operands(x1, x2, floating=exact is None)
        if dtype.kind == "c":
            raise TypeError(f"{name} takes real arrays")
        if dtype.kind != "f":
            return Array(exact(a, b), dtype)
        if note_kink is not None and watching():
            note_kink(a, b)
        return Array(on_real(a, b), dtype)

    return _document(function, name, "Elementwise value", "two arrays, broadcast together")


def operator(name: str, apply: Callable[..., Array], ufunc: Any = None) -> Function:
    """The function form of an operator."""

    def function(x1: Any, x2: Any, /) -> Array:
        return apply(x1, x2) if ufunc is None else apply(ufunc, x1, x2)

    return _document(function, name, "Elementwise value", "two arrays, broadcast together")


def logical(name: str, ufunc: Any) -> Function:
    def function(x1: Any, x2: Any, /) -> Array:
        a, b, _ = op.operands(x1, x2)
        return Array(ufunc(a, b), op.BOOL)

    return _document(function, name, "Elementwise truth", "two boolean arrays")


def predicate(name: str, test: Any, exact: bool) -> Function:
    on_inexact = s.lift(test)

    def function(x: Any, /) -> Array:
        x = op.asarray(x)
        if not op.is_inexact(x.dtype):
            return Array(np.full(x.shape, exact), op.BOOL)
        return Array(np.asarray(on_inexact(x._v), dtype=bool), op.BOOL)

    return _document(function, name, "Elementwise truth", "an array")


def _tie(a: Any, b: Any) -> None:
    note(np.subtract(a, b), a, b)


def _both(a: Any, b: Any) -> None:
    note(a)
    note(b)


def _magnitude(a: Any, b: Any) -> None:
    note(s.lift(s.hypot, 2)(a, b), kind="round")


def _branch_cut(y: Any, x: Any) -> None:
    note(s.lift(lambda b, a: ctx.fabs(b) if a < 0 else s.hypot(a, b), 2)(y, x), kind="edge")


def _halves(values: Any) -> None:
    op.note_steps(values, s.nint, lambda v: ctx.floor(v) + ONE / 2)


def _nonzero_integers(values: Any) -> None:
    op.note_steps(values, s.trunc, s.nearest_jump_of_trunc)


def _unit(x: Any) -> list[Any]:
    return [np.subtract(1, np.absolute(x))]


sin = unary("sin", s.angle_limited(ctx.sin), ctx.sin)
cos = unary("cos", s.angle_limited(ctx.cos), ctx.cos)
tan = unary("tan", s.angle_limited(ctx.tan), ctx.tan)
asin = unary("asin", ctx.asin, ctx.asin, _unit)
acos = unary("acos", ctx.acos, ctx.acos, _unit)
atan = unary("atan", ctx.atan, ctx.atan)
sinh = unary("sinh", s.exponent_limited(ctx.sinh, INF, -INF), ctx.sinh)
cosh = unary("cosh", s.exponent_limited(ctx.cosh, INF, INF), ctx.cosh)
tanh = unary("tanh", s.exponent_limited(ctx.tanh, ONE, -ONE), ctx.tanh)
asinh = unary("asinh", ctx.asinh, ctx.asinh)
acosh = unary("acosh", ctx.acosh, ctx.acosh, lambda x: [np.subtract(x, 1)])
atanh = unary("atanh", ctx.atanh, ctx.atanh, _unit)
exp = unary("exp", s.exp_real, ctx.exp)
expm1 = unary("expm1", s.exponent_limited(ctx.expm1, INF, -ONE), ctx.expm1)
log = unary("log", ctx.log, ctx.log, lambda x: [x])
log1p = unary("log1p", s.log1p_real, ctx.log1p, lambda x: [np.add(x, 1)])
log2 = unary("log2", lambda x: ctx.log(x) / ctx.ln2, lambda z: ctx.log(z) / ctx.ln2, lambda x: [x])
log10 = unary("log10", lambda x: ctx.log(x) / ctx.ln10, lambda z: ctx.log(z) / ctx.ln10, lambda x: [x])
sqrt = unary("sqrt", ctx.sqrt, ctx.sqrt, lambda x: [x])

floor = stepwise("floor", ctx.floor, op.note_steps)
ceil = stepwise("ceil", ctx.ceil, op.note_steps)
trunc = stepwise("trunc", s.trunc, _nonzero_integers)
round = stepwise("round", s.nint, _halves, lambda z: MPC(s.nint(z.real), s.nint(z.imag)))
sign = stepwise("sign", s.sign, note, s.sign_complex)

maximum = binary("maximum", s.maximum, _tie, np.maximum)
minimum = binary("minimum", s.minimum, _tie, np.minimum)
hypot = binary("hypot", s.hypot, _magnitude)
atan2 = binary("atan2", s.atan2, _branch_cut)
logaddexp = binary("logaddexp", s.logaddexp)
copysign = binary("copysign", s.copysign, _both)

add = operator("add", op.binary, np.add)
subtract = operator("subtract", op.binary, np.subtract)
multiply = operator("multiply", op.binary, np.multiply)
divide = operator("divide", op.divide)
floor_divide = operator("floor_divide", op.floor_divide)
remainder = operator("remainder", op.remainder)
pow = operator("pow", op.power)
equal = operator("equal", op.compare, np.equal)
not_equal = operator("not_equal", op.compare, np.not_equal)
less = operator("less", op.compare, np.less)
less_equal = operator("less_equal", op.compare, np.less_equal)
greater = operator("greater", op.compare, np.greater)
greater_equal = operator("greater_equal", op.compare, np.greater_equal)
bitwise_and = operator("bitwise_and", op.binary, np.bitwise_and)
bitwise_or = operator("bitwise_or", op.binary, np.bitwise_or)
bitwise_xor = operator("bitwise_xor", op.binary, np.bitwise_xor)
bitwise_left_shift = operator("bitwise_left_shift", op.binary, np.left_shift)
bitwise_right_shift = operator("bitwise_right_shift", op.binary, np.right_shift)
logical_and = logical("logical_and", np.logical_and)
logical_or = logical("logical_or", np.logical_or)
logical_xor = logical("logical_xor", np.logical_xor)
isfinite = predicate("isfinite", s.is_finite, exact=True)
isinf = predicate("isinf", s.is_inf, exact=False)
isnan = predicate("isnan", s.is_nan, exact=False)
signbit = predicate("signbit", lambda x: x < 0, exact=False)


def abs(x: Any, /) -> Array:
    """Elementwise absolute value; of a complex array its modulus, real."""
    return op.absolute(x)


def negative(x: Any, /) -> Array:
    """Elementwise ``-x``."""
    x = op.asarray(x)
    return Array(np.negative(x._v), x.dtype)


def positive(x: Any, /) -> Array:
    """``x`` itself."""
    return op.asarray(x)


def square(x: Any, /) -> Array:
    """Elementwise ``x * x``."""
    return op.binary(np.multiply, x, x)


def reciprocal(x: Any, /) -> Array:
    """Elementwise ``1 / x``, inf at 0."""
    return op.divide(1, op.asarray(x))


def bitwise_invert(x: Any, /) -> Array:
    """Elementwise ``~x`` of an integer or boolean array."""
    x = op.asarray(x)
    return Array(np.invert(x._v), x.dtype)


def logical_not(x: Any, /) -> Array:
    """Elementwise ``not x`` of a boolean array."""
    return Array(np.logical_not(op.asarray(x)._v), op.BOOL)


def real(x: Any, /) -> Array:
    """The real parts of a complex array."""
    x = op.asarray(x)
    return x if x.dtype.kind != "c" else Array(s.lift(lambda z: z.real)(x._v), op.real_dtype(x.dtype))


def imag(x: Any, /) -> Array:
    """The imaginary parts of a complex array, zeros of a real one."""
    x = op.asarray(x)
    if x.dtype.kind != "c":
        return Array(np.multiply(x._v, ZERO), x.dtype)
    return Array(s.lift(lambda z: z.imag)(x._v), op.real_dtype(x.dtype))


def conj(x: Any, /) -> Array:
    """The complex conjugate."""
    x = op.asarray(x)
    return Array(s.lift(lambda z: z.conjugate())(x._v), x.dtype) if x.dtype.kind == "c" else x


def nextafter(x1: Any, x2: Any, /) -> Array:
    """Not available: exact numbers have no neighbours.

    Raises:
        NotImplementedError: always.
    """
    raise NotImplementedError("nextafter has no meaning for exact numbers; use it on NumPy arrays before the call")


def clip(x: Any, /, min: Any = None, max: Any = None) -> Array:
    """``x`` limited to ``[min, max]``; a bound of None does not bind."""
    result = op.asarray(x)
    if min is not None:
        result = maximum(result, min)
    if max is not None:
        result = minimum(result, max)
    return result
