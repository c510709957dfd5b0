"""Chapter KINK: which derivatives are legal at kinks, which is recommended, and where exactly one is right."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from autodiff_spec import Backend, Capability, NotDifferentiableError, oracle
from autodiff_spec.conformance import clause
from autodiff_spec.conformance._calls import namespace, weights
from autodiff_spec.conformance.checks import assert_array, assert_close
from autodiff_spec.conformance.kinks.model import KINKS, Kink, Point
from autodiff_spec.conformance.kinks.points import (
    FIRST,
    INTEGER_VALUED,
    NOT_REGULAR,
    OF_TRIANGLES,
    SECOND,
    SHARED,
    Row,
)

Gradients = tuple[NDArray[Any], ...]

ROUNDINGS = 32.0


def _points(rows: list[Row]) -> list[Any]:
    return [pytest.param(point, id=point.name, marks=clause(cited)) for cited, point in rows]


def _kinks(level: str) -> list[Any]:
    return [
        pytest.param(kink, id=kink.point.name, marks=clause(getattr(kink, level)))
        for kink in KINKS
        if getattr(kink, level)
    ]


def _is_finite(point: Point) -> bool:
    """Whether values and derivatives are finite, so that products with them mean something."""
    if point.truth is not None:
        return False
    value = oracle.value(_program(point), *point.arrays)
    return all(np.isfinite(part).all() for part in (oracle.to_numpy(value), *_truth(point)))


class Run:
    """A point on a backend: its program as a function of what is differentiated."""

    def __init__(self, be: Backend, point: Point) -> None:
        self.be, self.point, self.xp = be, point, namespace(be, extra=point.extra)
        self.constants: list[Any] = [
            float(a) if i in point.numbers else self.array(a) for i, a in enumerate(point.arrays)
        ]
        self.primals = [self.constants[i] for i in point.tracked]

    def array(self, value: Any) -> Any:
        """A float64 array of the backend."""
        return self.be.asarray(np.asarray(value, dtype=np.float64), dtype=self.be.xp.float64)

    def __call__(self, *primals: Any) -> Any:
        arguments = list(self.constants)
        for i, primal in zip(self.point.tracked, primals, strict=True):
            arguments[i] = primal
        return self.point.program(self.xp, *arguments)

    def gradients(self) -> Gradients:
        """The backend's gradients, checked to have the primals' shapes and dtypes."""
        be = self.be
        value, pullback = be.vjp(self, *self.primals)
        weights = self.point.weights
        cotangent = be.xp.ones_like(value) if weights is None else self.array(weights)
        found = pullback(cotangent)
        for gradient, primal in zip(found, self.primals, strict=True):
            assert_array(be, gradient, primal.shape, primal.dtype)
        return tuple(be.to_numpy(found))

    def second(self) -> list[list[NDArray[Any]]]:
        """For each element of the primals the derivatives of the gradient by it."""
        be, argnums = self.be, tuple(range(len(self.primals)))
        gradient = be.grad(self, argnums)
        rows = []
        for i, primal in enumerate(self.primals):
            for unit in np.eye(be.to_numpy(primal).size).reshape(-1, *primal.shape):
                weight = self.array(unit)

                def chosen(*primals: Any, i: int = i, weight: Any = weight) -> Any:
                    return be.xp.sum(weight * gradient(*primals)[i])

                rows.append(list(be.to_numpy(be.grad(chosen, argnums)(*self.primals))))
        return rows


def _program(point: Point) -> Any:
    if not point.extra:
        return point.program
    return lambda xp, *args: point.program(xp.extra, *args)


def _weights(point: Point) -> Any:
    return None if point.weights is None else np.asarray(point.weights)


def _truth(point: Point) -> Gradients:
    if point.truth is not None:
        return tuple(np.asarray(part, dtype=np.float64) for part in point.truth)
    found = oracle.gradient(_program(point), *point.arrays, cotangent=_weights(point))
    return tuple(oracle.to_numpy(found[i]) for i in point.tracked)


def _permitted(point: Point) -> oracle.Permitted:
    """The legal derivatives, jointly over all arguments, as far as they concern the ones that are differentiated."""
    joint = oracle.permitted(_program(point), *point.arrays, cotangent=_weights(point))
    corners = [np.concatenate([np.ravel(np.asarray(corner[i])) for i in point.tracked]) for corner in joint.vertices()]
    return oracle.Permitted(np.array(corners), tuple(point.arrays[i] for i in point.tracked))


def _least(kink: Kink) -> Gradients:
    point = kink.point
    if kink.legal is not None:  # a ball around 0
        return tuple(np.zeros_like(point.arrays[i]) for i in point.tracked)
    joint = oracle.permitted(_program(point), *point.arrays, cotangent=_weights(point)).minimal_norm()
    return tuple(np.asarray(joint[i]) for i in point.tracked)


def _same(found: Any, expected: Any, condition: float = 1.0, scale: float = 0.0) -> None:
    """Equal within roundings of each derivative's own size; nan is nowhere right, infinities must agree."""
    assert not np.isnan(expected).any()
    scale = np.max(np.abs(expected), initial=scale, where=np.isfinite(expected))
    assert_close(found, expected, "float64", scale=scale, condition=ROUNDINGS * condition)


@pytest.mark.parametrize("kink", _kinks("must"))
def test_the_derivative_at_a_kink_is_a_legal_one(be: Backend, kink: Kink) -> None:
    found = Run(be, kink.point).gradients()
    legal = kink.legal(*found) if kink.legal is not None else _permitted(kink.point).contains(found)
    assert legal, f"{kink.point.name}: {found} is no generalised derivative"


@clause("KINK-71")
@pytest.mark.parametrize(
    "kink", [pytest.param(kink, id=kink.point.name) for kink in KINKS if kink.must == "KINK-24"]
)
def test_in_forward_mode_the_derivative_at_a_kink_is_a_legal_one(be: Backend, kink: Kink) -> None:
    found = be.to_numpy(be.jacobian(Run(be, kink.point), mode="forward")(*Run(be, kink.point).primals))
    assert kink.legal is not None
    assert kink.legal(found), f"{kink.point.name}: {found} is no generalised derivative"


@pytest.mark.parametrize("kink", _kinks("should"))
def test_the_derivative_at_a_kink_is_the_one_of_least_norm(be: Backend, kink: Kink) -> None:
    found = Run(be, kink.point).gradients()
    for gradient, expected in zip(found, _least(kink), strict=True):
        np.testing.assert_allclose(gradient, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("point", _points(SHARED))
def test_elements_that_tie_for_an_extremum_share_equally(be: Backend, point: Point) -> None:
    for gradient, expected in zip(Run(be, point).gradients(), _least(Kink("", "", point)), strict=True):
        _same(gradient, expected)


@pytest.mark.parametrize("point", _points(FIRST))
def test_the_derivative_is_right_where_engines_go_wrong(be: Backend, point: Point) -> None:
    for gradient, expected in zip(Run(be, point).gradients(), _truth(point), strict=True):
        _same(gradient, expected, point.condition, point.scale)


@pytest.mark.parametrize("point", [param for param in _points(FIRST) if _is_finite(param.values[0])])
def test_the_pushforward_is_right_where_engines_go_wrong(be: Backend, point: Point) -> None:
    if not be._has_forward():
        pytest.skip(f"{be.name} has no forward mode")
    run = Run(be, point)
    tangents = [weights(primal.shape, "f") for primal in run.primals]
    _, found = be.jvp(run, tuple(run.primals), tuple(map(run.array, tangents)))
    arrays = point.arrays
    given = [tangents[point.tracked.index(i)] if i in point.tracked else 0 * a for i, a in enumerate(arrays)]
    expected = oracle.to_numpy(oracle.jvp(_program(point), tuple(arrays), tuple(given)))
    terms = sum(float(np.abs(g * t).sum()) for g, t in zip(_truth(point), tangents, strict=True))
    _same(be.to_numpy(found), expected, 2 * point.condition, max(terms, point.scale))


@pytest.mark.parametrize("point", _points(SECOND))
def test_the_second_derivative_is_right_where_engines_go_wrong(be: Backend, point: Point) -> None:
    if Capability.HIGHER_ORDER not in be.capabilities:
        pytest.skip(f"{be.name} has no second derivatives")
    found = np.array([np.concatenate([np.ravel(part) for part in row]) for row in Run(be, point).second()])
    _same(found, _true_second(point))


def _true_second(point: Point) -> NDArray[Any]:
    if point.truth is not None:
        return np.array([point.truth], dtype=np.float64)
    blocks = oracle.second(_program(point), *point.arrays)
    sizes = [array.size for array in point.arrays]
    parts = [[oracle.to_numpy(blocks[i][j]).reshape(sizes[i], sizes[j]) for j in point.tracked] for i in point.tracked]
    return np.block(parts)


@pytest.mark.parametrize("point", _points(NOT_REGULAR))
def test_where_there_is_no_value_nothing_finite_is_returned(be: Backend, point: Point) -> None:
    run = Run(be, point)
    try:
        value, gradients = be.to_numpy(run(*run.primals)), run.gradients()
    except AssertionError:
        raise
    except Exception:  # the framework's own, or a typed one
        return
    assert not np.isfinite(value).all(), f"value {value}"
    for gradient in gradients[:1]:  # by the matrix
        assert not np.isfinite(gradient).all(), f"value {value}, gradient {gradient}"


def _differences(run: Run) -> NDArray[Any]:
    """The gradient by one matrix, from what the backend itself computes: it decides which elements are read."""
    (matrix,), step = run.point.arrays, 1e-4

    def value(moved: NDArray[Any]) -> float:
        return float(np.sum(run.be.to_numpy(run(run.array(moved))) * _weights(run.point)))

    slopes = [(value(matrix + d) - value(matrix - d)) / (2 * step) for d in step * np.eye(4).reshape(4, 2, 2)]
    return np.reshape(slopes, (2, 2))


@pytest.mark.parametrize("point", _points(OF_TRIANGLES))
def test_the_gradient_by_a_matrix_is_by_the_elements_that_are_read(be: Backend, point: Point) -> None:
    run = Run(be, point)
    (gradient,) = run.gradients()
    np.testing.assert_allclose(gradient, _differences(run), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("point", _points(OF_TRIANGLES))
def test_the_pushforward_by_a_matrix_is_by_the_elements_that_are_read(be: Backend, point: Point) -> None:
    if not be._has_forward():
        pytest.skip(f"{be.name} has no forward mode")
    run, tangent = Run(be, point), np.array([[1.0, -2.0], [3.0, 0.5]])
    _, found = be.jvp(run, tuple(run.primals), (run.array(tangent),))
    expected = np.sum(_differences(run) * tangent)
    np.testing.assert_allclose(np.sum(be.to_numpy(found) * _weights(point)), expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("point", _points(INTEGER_VALUED))
def test_the_gradient_of_a_function_with_integer_values_is_zero(be: Backend, point: Point) -> None:
    run = Run(be, point)
    found = be.grad(run, tuple(range(len(run.primals))))(*run.primals)
    for gradient, primal in zip(found, run.primals, strict=True):
        assert_array(be, gradient, primal.shape, primal.dtype)
        assert not be.to_numpy(gradient).any()


@clause("KINK-53")
@pytest.mark.parametrize("point", [pytest.param(point, id=point.name) for _, point in INTEGER_VALUED])
def test_an_integer_target_of_a_tape_is_refused(be: Backend, point: Point) -> None:
    run = Run(be, point)
    with be.tape() as tape:
        sources = [tape.watch(primal) for primal in run.primals]
        target = run(*sources)
    with pytest.raises(NotDifferentiableError):
        tape.grad(target, sources)
