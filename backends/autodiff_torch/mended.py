"""The namespaces of the flavour ``conventions="spec"``: PyTorch's, with each function mended that breaks a clause.

What is mended is made of PyTorch's own differentiable functions, so that it has derivatives of every order. The pattern
is where a rule divides by 0: another argument is put in the singular one's place, and another result in its result's.
Where no element is singular PyTorch's function is right as it is, and looking takes less time than mending: on a CPU,
and outside of the transforms of ``torch.func``, which have no values to look at (`_visible`). What has a rule of
`_slopes` is right at arguments of every magnitude: FUN-181 to FUN-185, FUN-186, FUN-187, FUN-188.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

import autodiff_torch.extra as _extra
from autodiff_spec._shared import overlaid
from autodiff_spec._slopes import complex_slopes, slopes
from autodiff_torch import _special
from autodiff_torch import xp as _native
from autodiff_torch._beyond import TorchBeyond
from autodiff_torch._determinants import det as _det
from autodiff_torch._expm import expm as _expm
from autodiff_torch._sinc import sinc as _sinc
from autodiff_torch._variable import Variable, resolve
from autodiff_torch.xp import linalg as _native_linalg

_xp: Any = _native  # what array-api-compat gives is known when it is imported
_linalg: Any = _native_linalg


_RIGHT = slopes(torch, _special.ruled)
_COMPLEX = complex_slopes(torch, _special.ruled, _RIGHT)


def _mended(name: str, native: Any, said: str) -> Callable[..., Any]:
    """A function whose derivatives are right at every size, of real or of complex arrays; of others the native one."""
    right, of_complex = getattr(_RIGHT, name), getattr(_COMPLEX, name, native)

    def function(*arrays: Any) -> Any:
        arrays = tuple(map(_read, arrays))
        if len(arrays) > 1:
            arrays = tuple(_xp.broadcast_arrays(*_floating(*arrays)))
        if arrays[0].dtype.is_complex:
            return of_complex(*arrays)
        return right(*arrays) if arrays[0].dtype.is_floating_point else native(*arrays)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"``{name}``. {said}"
    return function


def _of_complex(name: str, native: Any, said: str) -> Callable[..., Any]:
    """A function whose derivatives are right at every size, of complex arrays; of real ones the native one."""
    right = getattr(_COMPLEX, name)

    def function(x: Any, /) -> Any:
        x = _read(x)
        return right(x) if x.dtype.is_complex else native(x)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"``{name}``. {said}"
    return function


def _of_real(right: Any, native: Any, x: Any) -> Any:
    x = _read(x)
    return (right if x.dtype.is_floating_point else native)(x)


acos = _mended("acos", _xp.acos, "FUN-183: next to -1 and 1, where 1 - x² cancels. FUN-240: complex, far out.")
acosh = _mended("acosh", _xp.acosh, "FUN-181, FUN-183: far out, where x² overflows, and next to 1. FUN-251: near 0.")
asin = _mended("asin", _xp.asin, "FUN-183: next to -1 and 1, where 1 - x² cancels. FUN-240: complex, far out.")
asinh = _mended("asinh", _xp.asinh, "FUN-181, FUN-240: far out, where x² overflows.")
atan = _of_complex("atan", _xp.atan, "FUN-240, FUN-252: complex, far out, where z² overflows.")
atan2 = _mended("atan2", _xp.atan2, "FUN-184, FUN-186: of tiny and huge numbers, and of equal size at second order.")
atanh = _mended("atanh", _xp.atanh, "FUN-183: next to -1 and 1, where 1 - x² cancels. FUN-240: complex, far out.")


def clip(x: Any, /, min: Any = None, max: Any = None) -> Any:
    """``clip`` of the namespace. KINK-10, KINK-12: at a bound half the derivative is the bound's."""
    x = _read(x)
    min, max = (_read(bound).to(x.dtype) if isinstance(bound, torch.Tensor) else bound for bound in (min, max))
    bounds = [bound for bound in (min, max) if bound is not None]
    if bounds and x.dtype.is_floating_point and _visible(x, *bounds) and not _meet(x, *bounds):
        return _xp.clip(x, min, max)
    found = x + 0 if min is None is max else x
    if min is not None:
        found = torch.maximum(found, _bound(min, x))
    if max is not None:
        found = torch.minimum(found, _bound(max, x))
    return found


def _meet(*arrays: Any) -> bool:
    """Whether somewhere two of these are equal; two numbers do not count, which have no derivatives."""
    values = [_values(array) for array in arrays]
    return any(_some(a == b) for a, b in itertools.combinations(values, 2))


def _values(x: Any) -> Any:
    """The elements for NumPy, in place: it looks at them in a fraction of the time that PyTorch takes."""
    if not isinstance(x, torch.Tensor):
        return x
    return (x.float() if x.dtype is torch.bfloat16 else x).numpy(force=True)


def _some(condition: Any) -> bool:
    """Whether a condition holds anywhere; that of two numbers does not count."""
    return isinstance(condition, (np.ndarray, np.generic)) and bool(condition.any())


def _bound(bound: Any, x: Any) -> Any:
    if isinstance(bound, torch.Tensor):
        return bound
    if not x.dtype.is_floating_point:  # a number beyond those of the dtype is the last of them
        limits = torch.iinfo(x.dtype)
        bound = sorted((limits.min, bound, limits.max))[1]
    return torch.full((), bound, dtype=x.dtype, device=x.device)


expm1 = _mended("expm1", _xp.expm1, "FUN-182, FUN-240: far below 0, where 1 + expm1(x) cancels.")
hypot = _mended("hypot", _xp.hypot, "KINK-21, KINK-22, FUN-184, FUN-186: at (0, 0), of huge numbers, at second order.")
logaddexp = _mended("logaddexp", _xp.logaddexp, "FUN-186: its second derivatives of numbers far apart.")


def pow(x1: Any, x2: Any, /) -> Any:
    """``pow`` of the namespace. KINK-27, KINK-31, KINK-33, KINK-72: derivatives where base or exponent is 0."""
    if not (isinstance(x1, torch.Tensor) and isinstance(x2, torch.Tensor)):
        return _xp.pow(x1, x2)  # numbers are right
    x1, x2 = _read(x1), _read(x2)
    if torch.bool in (x1.dtype, x2.dtype):  # FUN-231: its rule subtracts 1 from the exponent, which booleans refuse
        x1, x2 = _same_dtype(x1, x2)
    if x1.dtype.is_floating_point and _visible(x1, x2) and _is_regular(x1, x2):
        return _xp.pow(x1, x2)
    x1, x2 = _xp.broadcast_arrays(*_same_dtype(x1, x2))
    if not x1.dtype.is_floating_point:
        return _xp.pow(x1, x2)
    exponent = x2.detach()
    found = torch.pow(torch.where((x1 == 0) & (exponent == 0), 1, x1), exponent)
    if not x2.requires_grad:
        return found
    # The exponent's derivative comes of a factor that is 1: exp((y - y₀) log x), which never meets log 0.
    logarithm = torch.log(torch.where((x1 > 0) & (x1 < math.inf), x1, 1))
    return found * torch.exp((x2 - exponent) * logarithm)


def _is_regular(base: Any, exponent: Any) -> bool:
    """Whether PyTorch's derivatives of powers are right at every order.

    By the base each lowers the exponent, and that at 0 counts as a constant: PyTorch loses its derivative there.
    """
    values = _values(base)
    if not (values.size and values.min() > 0 and values.max() < math.inf):  # false where one is NaN
        return False
    return not exponent.requires_grad or _fractional(_values(exponent))


def _fractional(values: Any) -> bool:
    """Whether none is a whole number."""
    return not _some(values == np.trunc(values))


def sinc(x: Any, /) -> Any:
    """``sinc`` of ``extra``. KINK-62, FUN-178, FUN-181, FUN-186: near 0 a power series, far out without whole turns."""
    return _of_real(_RIGHT.sinc, _sinc, x)


tan = _of_complex("tan", _xp.tan, "FUN-239: complex, far from the real axis, where 1 + tan² cancels.")
tanh = _mended("tanh", _xp.tanh, "FUN-170, FUN-182, FUN-239: far from 0, where 1 - tanh² cancels.")
sigmoid = _mended("sigmoid", _extra.sigmoid, "FUN-170, FUN-182, FUN-186: near to 1, and near 0.")
softplus = _mended("softplus", _extra.softplus, "FUN-186: its second derivative far from 0.")


def erf(x: Any, /) -> Any:
    """``erf`` of ``extra``. FUN-187: its second derivative of huge numbers."""
    return _of_real(_RIGHT.erf, _extra.erf, x)


def gelu(x: Any, /, *, approximate: bool = False) -> Any:
    """``gelu`` of ``extra``. FUN-181, FUN-182, FUN-186: far below 0, where 1 + erf or 1 + tanh cancels, and far out."""
    return (_RIGHT.gelu_by_tanh if approximate else _RIGHT.gelu)(_read(x))


def silu(x: Any, /) -> Any:
    """``silu`` of ``extra``. FUN-186: its second derivative far from 0."""
    return _read(x) * sigmoid(x)


def softmax(x: Any, /, *, axis: int = -1) -> Any:
    """``softmax`` of ``extra``. FUN-171: the largest element's share is made of the others'."""
    x = _read(x)
    if not x.numel():
        return _extra.softmax(x, axis=axis)
    _, _, weights = _relative(x, axis)
    return weights / weights.sum(axis, keepdim=True)


def log_softmax(x: Any, /, *, axis: int = -1) -> Any:
    """``log_softmax`` of ``extra``. FUN-171: the largest element's logarithm is made of the others."""
    x = _read(x)
    if not x.numel():
        return _extra.log_softmax(x, axis=axis)
    top, distance, weights = _relative(x, axis)
    return distance - torch.log1p(torch.where(top, 0.0, weights).sum(axis, keepdim=True))


def _relative(x: Any, axis: int) -> tuple[Any, Any, Any]:
    """Where one largest element is, how far all lie below it, and the exponentials of that; its own are constant."""
    top = torch.zeros_like(x, dtype=torch.bool).scatter(axis, x.detach().argmax(axis, keepdim=True), True)
    distance = torch.where(top, 0.0, x - torch.where(top, x, 0.0).sum(axis, keepdim=True))
    return top, distance, torch.exp(distance)


def lgamma(x: Any, /) -> Any:
    """``lgamma`` of ``extra``. FUN-141, FUN-147: its second derivative to the last digits, below 0 too."""
    return _special.lgamma(_read(x))


def digamma(x: Any, /) -> Any:
    """``digamma`` of ``extra``. FUN-142, FUN-147, KINK-73: its derivative to the last digits, no number at a pole."""
    return _special.digamma(_read(x))


def gammainc(a: Any, x: Any, /) -> Any:
    """``gammainc`` of ``extra``. KINK-74: its derivative by ``x`` at the ends."""
    return _unless_at_end(_extra.gammainc, _special.gammainc, a, x)


def gammaincc(a: Any, x: Any, /) -> Any:
    """``gammaincc`` of ``extra``. KINK-74: as for `gammainc`."""
    return _unless_at_end(_extra.gammaincc, _special.gammaincc, a, x)


def _unless_at_end(native: Any, mended: Any, a: Any, x: Any) -> Any:
    a, x = _floating(_read(a), _read(x))
    regular = _visible(a, x) and not _some(_special.at_end(_values(a), _values(x)))
    return (native if regular else mended)(a, x)


def cumulative_prod(x: Any, /, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False) -> Any:
    """``cumulative_prod`` of the namespace. FUN-173: its second derivatives where factors are of different sizes."""
    x = _read(x) if dtype is None else _read(x).to(dtype)
    size = np.abs(_values(x.detach())) if _visible(x) else None
    if not x.dtype.is_floating_point or x.ndim != 1 > (axis is not None) or (size is not None and not _uneven(size)):
        return _xp.cumulative_prod(x, axis=axis, dtype=dtype, include_initial=include_initial)
    axis, found, reach = axis or 0, x, 1
    first = torch.ones_like(x.narrow(axis, 0, min(1, x.shape[axis])))
    while reach < x.shape[axis]:  # the products of the last 2, 4, … factors: no division
        before = first.expand([reach if i == axis % x.ndim else n for i, n in enumerate(x.shape)])
        found, reach = found * torch.cat([before, found.narrow(axis, 0, x.shape[axis] - reach)], axis), 2 * reach
    return torch.cat([first, found], axis) if include_initial else found


def _uneven(size: Any) -> bool:
    """Whether some factor is so small that dividing by it, and by it again, would lose digits."""
    return bool((64 * size < size.max(initial=0)).any())


def std(x: Any, /, *, axis: Any = None, correction: float = 0.0, keepdims: bool = False) -> Any:
    """``std`` of the namespace. KINK-70, KINK-71: where it is 0, the derivatives of its rule, too, are 0; FUN-172."""

    def native(x: Any, keepdims: bool) -> Any:
        found = _xp.std(x, axis=axis, correction=correction, keepdims=keepdims)
        return torch.where(found == 0, 0, found)

    return _scaled(native, _read(x), axis, keepdims)


def _scaled(norm: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    """A function whose value grows as its argument does, of numbers near to 1 where squares overflow or underflow."""
    if not x.numel() or not (x.dtype.is_floating_point or x.dtype.is_complex):
        return norm(x, keepdims)
    limits, size = torch.finfo(x.dtype), torch.abs(x.detach())
    if _visible(x):
        values = _values(size)
        lost = (values > 0) & (values < math.sqrt(limits.tiny / limits.eps))
        if not lost.any() and not (values > math.sqrt(limits.max / x.numel())).any():
            return norm(x, keepdims)
    axes = tuple(range(x.ndim)) if axis is None else axis
    largest = size.amax(axes, keepdim=True)
    scale = torch.where((largest > 0) & (largest < math.inf), largest, 1.0)
    found = norm(x / scale, True) * scale
    return found if keepdims else found.squeeze(axes)


def cholesky(x: Any, /, *, upper: bool = False) -> Any:
    """``linalg.cholesky`` of the namespace. KINK-82: its derivative is by the triangle that it reads."""
    return _linalg.cholesky(_of_triangle(x, upper), upper=upper)


def _of_triangle(x: Any, upper: bool = False) -> Any:
    """The symmetric (Hermitian) matrix of which one triangle is read, so that PyTorch's symmetric gradient is right."""
    x = _read(x)
    weights = torch.ones_like(x).tril(-1) + 0.5 * torch.eye(x.shape[-1], dtype=x.dtype, device=x.device)
    half = x * (weights.mT if upper else weights)
    return half + half.mH


def det(x: Any, /) -> Any:
    """``linalg.det`` of the namespace. KINK-59, KINK-60: its derivative is the matrix of cofactors, everywhere."""
    x = _read(x)
    if not _visible(x):
        return _det(x)
    found = _linalg.det(x)
    return found if _well_conditioned(x, found) else _det(x, found.detach())


def _well_conditioned(x: Any, determinant: Any) -> bool:
    """Whether a bound of the condition, which takes a norm alone, shows that PyTorch's rule is right at every order.

    The condition is at most 2 (|x| / √n)ⁿ / |det x| with the Frobenius norm (Guggenheimer, Edelman, Johnson 1995).
    """
    n = x.shape[-1]
    size = _values(torch.linalg.vector_norm(x.detach(), dim=(-2, -1))) / max(n, 1) ** 0.5
    with np.errstate(over="ignore"):
        bound = 2 * size**n * torch.finfo(x.dtype).eps ** 0.5
    return bool((bound < abs(_values(determinant))).all())


def eigh(x: Any, /) -> Any:
    """``linalg.eigh`` of the namespace. KINK-82: its derivative is by the triangle that it reads."""
    return _linalg.eigh(_of_triangle(x))


def eigvalsh(x: Any, /) -> Any:
    """``linalg.eigvalsh`` of the namespace. KINK-82: its derivative is by the triangle that it reads."""
    return _linalg.eigvalsh(_of_triangle(x))


class _Beyond(TorchBeyond):
    def _exponential(self, a: Any) -> Any:
        return _expm(_read(a))


expm = _Beyond(_native).expm
"""``expm`` of ``extra``. FUN-156, FUN-158: right for one small matrix, and along cotangents of any size."""


def matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    """``linalg.matrix_norm`` of the namespace. FUN-172: the Frobenius norm's derivative where squares overflow."""
    if ord != "fro" or x.ndim < 2:
        return _linalg.matrix_norm(x, keepdims=keepdims, ord=ord)
    return vector_norm(x, axis=(-2, -1), keepdims=keepdims)


def qr(x: Any, /, *, mode: str = "reduced") -> Any:
    """``linalg.qr`` of the namespace. FUN-104: differentiable for tall matrices in mode ``"complete"`` too."""
    rows, columns = x.shape[-2:]
    if mode != "complete" or rows <= columns:
        return _linalg.qr(x, mode=mode)
    q, r = _linalg.qr(x)
    full = _linalg.qr(x.detach(), mode="complete")
    return type(full)((_completed(q, full.Q), torch.cat([r, full.R[..., columns:, :]], -2)))


def svd(x: Any, /, *, full_matrices: bool = True) -> Any:
    """``linalg.svd`` of the namespace. FUN-103, FUN-124: vectors beyond the rank of full matrices have derivatives."""
    found = _linalg.svd(x, full_matrices=full_matrices)
    rows, columns = x.shape[-2:]
    if not full_matrices or rows == columns:
        return found
    if rows > columns:
        return type(found)((_completed(found.U[..., :columns], found.U), found.S, found.Vh))
    right = _completed(found.Vh[..., :rows, :].mH, found.Vh.mH)
    return type(found)((found.U, found.S, right.mH))


def _completed(basis: Any, full: Any) -> Any:
    """``basis``, with orthonormal columns, completed to a square matrix by the other columns of ``full``.

    Those are no function of the basis; their part orthogonal to it, made orthonormal by a Cholesky factor, is one, and
    has their value here. What the factor does not change is the space, all that is differentiable in it.
    """
    others = full[..., :, basis.shape[-1] :].detach()
    rest = others - basis @ (basis.mH @ others)
    factor = torch.linalg.cholesky(rest.mH @ rest)
    return torch.cat([basis, torch.linalg.solve_triangular(factor.mH, rest, upper=True, left=False)], -1)


def vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    """``linalg.vector_norm`` of the namespace. FUN-172: its derivative where powers overflow or underflow."""

    def native(x: Any, keepdims: bool) -> Any:
        return _linalg.vector_norm(x, axis=axis, keepdims=keepdims, ord=ord)

    return native(x, keepdims) if ord == 0 else _scaled(native, _read(x), axis, keepdims)


def _read(x: Any) -> Any:
    """A variable as the array that stands for it here, which is asked more cheaply."""
    return resolve(x) if isinstance(x, Variable) else x


def _visible(*arrays: Any) -> bool:
    """Whether the elements can be looked at, and without waiting for a device."""
    on_cpu = all(array.device.type == "cpu" for array in arrays if isinstance(array, torch.Tensor))
    return on_cpu and not torch._C._are_functorch_transforms_active()


def _floating(x1: Any, x2: Any) -> tuple[Any, Any]:
    """Both as arrays of one dtype; Python numbers take the other's."""
    like = x1 if isinstance(x1, torch.Tensor) else x2
    x1, x2 = (x if isinstance(x, torch.Tensor) else torch.full((), x, dtype=like.dtype, device=like.device)
              for x in (x1, x2))  # fmt: skip
    return _same_dtype(x1, x2)


def _same_dtype(x1: Any, x2: Any) -> tuple[Any, Any]:
    dtype = _xp.result_type(x1, x2)
    return x1.to(dtype), x2.to(dtype)


linalg = overlaid(
    _linalg,
    "autodiff_torch.mended.linalg",
    {
        "cholesky": cholesky, "det": det, "eigh": eigh, "eigvalsh": eigvalsh, "matrix_norm": matrix_norm, "qr": qr,
        "svd": svd, "vector_norm": vector_norm,
    },
)
xp = overlaid(
    _xp,
    "autodiff_torch.mended.xp",
    {
        "acos": acos, "acosh": acosh, "asin": asin, "asinh": asinh, "atan": atan, "atan2": atan2, "atanh": atanh,
        "clip": clip, "cumulative_prod": cumulative_prod, "expm1": expm1, "hypot": hypot, "linalg": linalg,
        "logaddexp": logaddexp, "pow": pow, "std": std, "tan": tan, "tanh": tanh,
    },
)  # fmt: skip
extra = overlaid(
    _extra,
    "autodiff_torch.mended.extra",
    {
        "digamma": digamma, "expm": expm, "gammainc": gammainc, "gammaincc": gammaincc, "lgamma": lgamma,
        "erf": erf, "gelu": gelu, "log_softmax": log_softmax, "sigmoid": sigmoid, "silu": silu, "sinc": sinc,
        "softmax": softmax, "softplus": softplus,
    },
)  # fmt: skip
