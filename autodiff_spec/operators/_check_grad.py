"""``check_grad``: compare a backend's derivatives of a function with derivatives from its values alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from autodiff_spec import _check, _trees
from autodiff_spec._errors import DtypeError
from autodiff_spec.operators._check_oracle import exact_jacobian
from autodiff_spec.operators._check_report import GradientReport, GradientRow
from autodiff_spec.operators._differences import Vector, slope, steps
from autodiff_spec.operators._grad import grad
from autodiff_spec.operators._jvp import jvp
from autodiff_spec.operators._vjp import constant, primal_arrays, vjp

if TYPE_CHECKING:
    from autodiff_spec._backend import Backend

_WHOLE, _EXACT = 48, 400
_EPSILON = {"float16": 2.0**-10, "bfloat16": 2.0**-7, "float32": 2.0**-23, "float64": 2.0**-52}


def check_grad(
    be: Backend,
    f: Callable[..., Any],
    *args: Any,
    order: int = 1,
    modes: Sequence[str] | None = None,
    directions: int = 3,
    roundings: float = 64.0,
    seed: int = 0,
    raises: bool = False,
) -> GradientReport:
    """Whether ``be`` differentiates ``f`` rightly at ``args``, found from values of ``f`` alone.

    Where ``f`` runs on exact numbers (it takes its namespace from ``ad.xp()``) the reference is the oracle, else
    extrapolated central differences in float64 (in the arguments' dtype where the backend has none), with an estimate
    of their error. Up to 48 elements the whole Jacobian is compared, entry by entry; beyond, products with drawn
    directions, in which each single entry counts. An entry may differ by ``roundings`` roundings of its dtype, relative
    to the larger of itself and the smaller of the largest in its row and in its column, and by the estimate. The
    tolerance does not grow with the size. The second order compares derivatives of the gradient with differences of
    the gradient, which the first order has checked.

    Args:
        be: the backend.
        f: a function of arrays (trees) that returns a real array or a tree of them. It runs on this backend as the
            current one.
        args: where: real floating arrays, Python floats, NumPy arrays, or trees of them; away from kinks.
        order: 1, or 2 for second derivatives besides.
        modes: of ``"reverse"`` and ``"forward"``; all that the backend has by default.
        directions: how many are drawn where the Jacobian is large.
        roundings: how much a computation of good condition may be off.
        seed: of the drawn directions.
        raises: raise instead of reporting that something is wrong.

    Returns:
        A `GradientReport`: prints as a table, ``passed`` says whether all is right.

    Raises:
        GradientCheckError: with ``raises``, when the check did not pass.
        NotDifferentiableError: an argument is integer, boolean or complex.
        ValueError: an ``order`` or mode that does not exist.

    Example:
        >>> import autodiff_spec as ad
        >>> be = ad.backend("numpy")
        >>> report = be.check_grad(lambda x: ad.xp().sin(x) * x, be.asarray([1.0, 2.0]), order=2)
        >>> report.passed
        True
        >>> wrong = be.check_grad(lambda x: 2 * x * x - be.stop_gradient(x * x), be.asarray([1.0, 2.0]))
        >>> wrong.rows[0].wrong
        2
    """
    from autodiff_spec._discovery import use_backend  # it imports the backend, which imports this

    if order not in (1, 2):
        raise ValueError(f"order={order!r} of check_grad(); choose 1 or 2")
    chosen = tuple(modes) if modes is not None else ("reverse", "forward") if be._has_forward() else ("reverse",)
    if not chosen or set(chosen) - {"reverse", "forward"}:
        raise ValueError(f"modes={modes!r} of check_grad(); choose from 'reverse' and 'forward'")
    with use_backend(be):
        draw = _Draw(directions, roundings, np.random.default_rng(seed))
        problem = _Problem(be, f, args)
        rows = _compared(problem, chosen, 1, draw)
        if order == 2:
            gradient = _Problem(be, grad(be, f, tuple(range(len(args)))), args, exact=False)
            rows += _compared(gradient, chosen, 2, draw)
    report = GradientReport(be.name, problem.reference, tuple(rows))
    if raises:
        report.raise_if_failed()
    return report


class _Draw:
    def __init__(self, directions: int, roundings: float, generator: np.random.Generator) -> None:
        self.directions, self.roundings, self.generator = directions, roundings, generator


class _Problem:
    """A function of one float64 vector with a float64 vector as its result, and its derivatives by the backend."""

    def __init__(self, be: Backend, f: Callable[..., Any], args: tuple[Any, ...], *, exact: bool = True) -> None:
        self.be, self.f = be, f
        self.arrays, self.structure = primal_arrays(be, args, "args", "check_grad()")
        for i, array in enumerate(self.arrays):
            if be.kind(array.dtype) != "real":
                path = _trees.Path(self.structure, i, "args", "check_grad()")
                raise _check._not_floating(path, "complex", "pass real and imaginary parts as arguments of their own")
        self.x = self._joined([be.to_numpy(array) for array in self.arrays])
        self.wide = self._wide()
        try:
            self.y = self.values(self.x)
        except Exception:  # it computes with arrays of another dtype, which not every framework promotes
            self.wide = None
            self.y = self.values(self.x)
        own = [_name(array.dtype) for array in self.arrays]
        self.rounding = 2.0**-52 if self.wide is not None else max(_EPSILON.get(name, 2.0**-52) for name in own)
        names = [_name(array.dtype) for array in (*self.arrays, *self._results(self.arrays))]
        self.epsilon = max([_EPSILON.get(name, 2.0**-52) for name in names], default=2.0**-52)
        small = exact and self.x.size * max(self.y.size, 1) <= _EXACT and self.x.size <= _WHOLE
        self.exact = exact_jacobian(be, f, self.arrays, self.structure, self.y) if small else None
        self.reference = "the oracle"
        if self.exact is None:
            self.reference = f"differences in {'float64' if self.wide is not None else ', '.join(dict.fromkeys(own))}"

    def _wide(self) -> Any:
        """float64 of the framework, ``None`` where it has none: then each argument keeps its dtype."""
        try:
            return self.be.asarray(np.zeros(())).dtype
        except DtypeError:
            return None

    def _results(self, arrays: list[Any]) -> list[Any]:
        leaves, _ = _trees.flatten(self.f(*_trees.unflatten(self.structure, arrays)), self.be.array_types)
        outputs = [leaf if self.be.is_array(leaf) else constant(self.be, leaf) for leaf in leaves]
        return [output for output in outputs if self.be.kind(output.dtype) != "other"]

    def values(self, x: Vector) -> Vector:
        """``f`` in the widest dtype."""
        results = self._results(self._split(x, self.arrays, self.wide))
        return self._joined([self.be.to_numpy(output) for output in results])

    def pulled(self, weights: Vector) -> Vector:
        """The transposed Jacobian times ``weights``, by the backend."""
        outputs, pullback = vjp(self.be, self._floating, *_trees.unflatten(self.structure, self.arrays))
        found, _ = _trees.flatten(pullback(self._split(weights, outputs)), self.be.array_types)
        return self._joined([self.be.to_numpy(array) for array in found])

    def pushed(self, direction: Vector) -> Vector:
        """The Jacobian times ``direction``, by the backend."""
        primals = _trees.unflatten(self.structure, self.arrays)
        tangents = _trees.unflatten(self.structure, self._split(direction, self.arrays))
        _, slopes = jvp(self.be, self._floating, primals, tangents)
        return self._joined([self.be.to_numpy(array) for array in slopes])

    def _floating(self, *args: Any) -> list[Any]:
        return self._results(_trees.flatten(args, self.be.array_types)[0])

    def _split(self, x: Vector, like: list[Any], dtype: Any = None) -> list[Any]:
        """The parts of a vector as arrays of the shapes of ``like``, in its dtypes or in ``dtype``."""
        ends = np.cumsum([int(np.prod(array.shape)) for array in like])
        parts = np.split(x, ends[:-1]) if like else []
        return [
            self.be.asarray(np.reshape(part, array.shape), dtype=array.dtype if dtype is None else dtype)
            for part, array in zip(parts, like, strict=True)
        ]

    @staticmethod
    def _joined(parts: list[Any]) -> Vector:
        return np.concatenate([np.zeros(0), *(np.asarray(part, dtype=np.float64).ravel() for part in parts)])


def _compared(problem: _Problem, modes: tuple[str, ...], order: int, draw: _Draw) -> list[GradientRow]:
    n, m = problem.x.size, problem.y.size
    if not n or not m:
        return []
    if n <= _WHOLE and m <= _WHOLE:
        return _whole(problem, modes, order, draw)
    rows = []
    for number in range(1, draw.directions + 1):
        direction = draw.generator.choice([-1.0, 1.0], n) * draw.generator.uniform(0.5, 1.0, n) * steps(problem.x)
        weights = draw.generator.choice([-1.0, 1.0], m) * draw.generator.uniform(0.5, 1.0, m)
        slopes, error = slope(problem.values, problem.x, direction, problem.rounding)
        for mode in modes:
            # forward: each element of Jv; reverse: <Jᵀu, v> against <u, Jv>, which rounds in as many places as it adds
            if mode == "forward":
                found = problem.pushed(direction)
                scale = np.abs(slopes)
                scale = np.maximum(scale, np.sqrt(np.mean(scale**2)))
                row = _judged(found, slopes, error, scale, problem, draw)
            else:
                terms = problem.pulled(weights) * direction
                size = np.sqrt(np.sum(terms**2) + np.sum((weights * slopes) ** 2))
                doubt = np.sqrt(np.sum((weights * error) ** 2))
                row = _judged(np.sum(terms), np.dot(weights, slopes), doubt, size, problem, draw)
            rows.append(GradientRow(order, mode, f"direction {number}", *row))
    return rows


def _whole(problem: _Problem, modes: tuple[str, ...], order: int, draw: _Draw) -> list[GradientRow]:
    n, m = problem.x.size, problem.y.size
    if problem.exact is not None:
        truth, error = problem.exact, np.zeros((m, n))
    else:
        reach = steps(problem.x)
        units = np.diag(reach)
        columns = [slope(problem.values, problem.x, unit, problem.rounding) for unit in units]
        truth = np.stack([column[0] for column in columns], axis=1) / reach
        error = np.stack([column[1] for column in columns], axis=1) / reach
    size = np.nan_to_num(np.abs(truth), posinf=0.0)
    scale = np.maximum(size, np.minimum(size.max(axis=1, keepdims=True), size.max(axis=0, keepdims=True)))
    rows = []
    for mode in modes:
        if mode == "forward":
            found = np.stack([problem.pushed(unit) for unit in np.eye(n)], axis=1)
        else:
            found = np.stack([problem.pulled(unit) for unit in np.eye(m)])
        rows.append(GradientRow(order, mode, "Jacobian", *_judged(found, truth, error, scale, problem, draw)))
    return rows


def _judged(
    found: Any, truth: Any, error: Any, scale: Any, problem: _Problem, draw: _Draw
) -> tuple[int, int, int, float, str]:
    """How many entries there are, are wrong, are undecided; the worst in units of its tolerance, and where."""
    found, truth, error, scale = (np.atleast_1d(np.asarray(part, dtype=np.float64)) for part in
                                  (found, truth, error, scale))
    with np.errstate(all="ignore"):
        tolerance = draw.roundings * problem.epsilon * scale + error
        same = (found == truth) | (np.isnan(found) & np.isnan(truth))
        ratio = np.where(same, 0.0, np.abs(found - truth) / tolerance)
    ratio = np.where(np.isnan(ratio), np.inf, ratio)
    undecided = ~same & _vague(found, truth, error, problem)
    wrong = (ratio > 1.0) & ~undecided
    worst = np.unravel_index(int(np.argmax(ratio)), ratio.shape)
    index = tuple(int(i) for i in worst)
    where = f"{index}: {found[worst]:.6g}, expected {truth[worst]:.6g}"
    return found.size, int(wrong.sum()), int(undecided.sum()), float(ratio[worst]), where


def _vague(found: Any, truth: Any, error: Any, problem: _Problem) -> NDArray[np.bool_]:
    """Where the estimate of the error says that the reference is none."""
    size = np.maximum(np.abs(found), np.abs(truth))
    noise = 1e-6 * np.max(np.abs(problem.y), initial=0.0, where=np.isfinite(problem.y))
    found_vague: NDArray[np.bool_] = ~np.isfinite(error) | ((error > 0.1 * size) & (error > noise))
    return found_vague


def _name(dtype: Any) -> str:
    """``"float32"`` for a floating dtype of any framework."""
    text = str(dtype)
    return next((name for name in sorted(_EPSILON, key=len, reverse=True) if name in text), text)
