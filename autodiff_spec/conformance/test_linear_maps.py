"""Chapter LIN: linearize()."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from autodiff_spec import Backend, DtypeError, NotDifferentiableError, ShapeMismatchError, oracle
from autodiff_spec.conformance import clause
from autodiff_spec.conformance.checks import assert_array, assert_close, assert_equal, write
from autodiff_spec.conformance.strategies import dtypes, values
from autodiff_spec.conformance.test_complex_numbers import COMPLEX, SCALE, points


def array(be: Backend, value: Any) -> Any:
    return be.asarray(np.array(value, dtype=np.float64))


def mix(xp: Any, x: Any, y: Any) -> Any:
    """From shapes (3,) and () to (2, 3); each derivative is bounded by 8."""
    return xp.stack([xp.sin(x) * y, x * x + xp.sum(x) * y])


@clause("LIN-01")
def test_the_function_runs_once(be: Backend) -> None:
    runs = []

    def f(x: Any) -> Any:
        runs.append(1)
        return {"m": x * x, "s": [be.xp.sum(x)]}

    x = array(be, [1.0, 2.0])
    value, product = be.linearize(f, x)
    for _ in range(3):
        product(x)
        product.T(value)
    assert_equal(be, value["m"], [1.0, 4.0])
    assert_equal(be, value["s"][0], 3.0)
    assert len(runs) == 1


@clause("LIN-02")
@given(data=st.data())
def test_it_multiplies_by_the_jacobian_and_by_its_transpose(be: Backend, data: st.DataObject) -> None:
    x, y, dx, dy = (data.draw(values(shape)) for shape in ((3,), (), (3,), ()))
    u = data.draw(values((2, 3)))
    _, product = be.linearize(lambda a, b: mix(be.xp, a, b), be.asarray(x), be.asarray(y))
    truth = oracle.jvp(mix, (x, y), (dx, dy))
    size = 8.0 * (np.abs(dx).sum() + abs(dy))
    assert_close(be.to_numpy(product(be.asarray(dx), be.asarray(dy))), truth, "float64", scale=size)
    for found, true in zip(product.T(be.asarray(u)), oracle.gradient(mix, x, y, cotangent=u), strict=True):
        assert_close(be.to_numpy(found), true, "float64", scale=8.0 * np.abs(u).sum())


@clause("LIN-03")
def test_the_transpose_of_the_transpose_is_the_map(be: Backend) -> None:
    x = array(be, [0.5, 1.0, -2.0])
    _, product = be.linearize(lambda a: mix(be.xp, a, 1.5), x)
    np.testing.assert_array_equal(be.to_numpy(product.T.T(x)), be.to_numpy(product(x)))


@clause("LIN-04")
@given(dtype=dtypes())
def test_products_have_the_trees_shapes_and_dtypes(be: Backend, dtype: str) -> None:
    tree = {"a": [be.asarray(np.array([1.0, 2.0], dtype=dtype))], "b": be.asarray(np.array(3.0))}
    value, product = be.linearize(lambda t: (be.xp.astype(t["a"][0] * 2.0, be.xp.float32), t["b"] * 3.0), tree)
    slope = product(tree)
    for one, like in zip(slope, value, strict=True):
        assert_array(be, one, tuple(like.shape), like.dtype)
    assert_equal(be, slope[0], [2.0, 4.0])
    assert_equal(be, slope[1], 9.0)
    (share,) = product.T(value)
    assert_array(be, share["a"][0], (2,), tree["a"][0].dtype)
    assert_array(be, share["b"], (), tree["b"].dtype)
    assert_equal(be, share["a"][0], [4.0, 8.0])
    assert_equal(be, share["b"], 27.0)


@clause("LIN-05")
def test_a_product_is_zeros_where_nothing_connects(be: Backend) -> None:
    x, y = array(be, [1.0, 3.0]), array(be, [[5.0]])
    value, product = be.linearize(lambda a, b: (a * a, 7.0, be.xp.argmax(a), be.stop_gradient(a)), x, y)
    slope = product(x, y)
    assert_equal(be, slope[0], [2.0, 18.0])
    for one, like in zip(slope[1:], value[1:], strict=True):
        assert_array(be, one, tuple(like.shape), like.dtype)
        assert not be.to_numpy(one).any()
    shares = product.T(value)
    assert_equal(be, shares[0], [2.0, 54.0])
    assert_equal(be, shares[1], [[0.0]])


@clause("LIN-06")
def test_it_refuses_what_jvp_and_a_pullback_refuse(be: Backend) -> None:
    x = array(be, [1.0, 2.0])
    _, product = be.linearize(lambda t: t["a"] * t["a"], {"a": x})
    for wrong, error in (
        (x, ShapeMismatchError),
        ({"b": x}, ShapeMismatchError),
        ({"a": array(be, [1.0])}, ShapeMismatchError),
        ({"a": array(be, 1.0)}, ShapeMismatchError),
        ({"a": be.xp.asarray([1, 2])}, NotDifferentiableError),
        ({"a": np.array([1j, 2.0])}, DtypeError),
    ):
        with pytest.raises(error):
            product(wrong)
        with pytest.raises(error):
            product.T(wrong["a"] if isinstance(wrong, dict) and "a" in wrong else {"a": x})
    with pytest.raises(ShapeMismatchError):
        product({"a": x}, {"a": x})
    with pytest.raises(NotDifferentiableError):
        be.linearize(lambda a: a, be.xp.asarray([1, 2]))
    assert_equal(be, product({"a": x}), [2.0, 8.0])


@clause("LIN-07")
def test_it_knows_its_shapes_and_dtypes(be: Backend) -> None:
    x, y = {"a": be.asarray(np.ones((2, 3), np.float32))}, array(be, 2.0)
    _, product = be.linearize(lambda t, s: [t["a"][0, :], t["a"] > 0.0], x, y)
    assert product.shape == (9, 7)
    assert product.T.shape == (7, 9)
    assert product.domain == ({"a": ((2, 3), np.float32)}, ((), np.float64))
    assert product.codomain == [((3,), np.float32), ((2, 3), np.bool_)]
    assert product.T.codomain == product.domain
    assert product.T.domain == (product.codomain,)


@clause("LIN-08")
def test_a_batch_takes_many_at_a_time(be: Backend) -> None:
    x = array(be, [2.0, 3.0, 4.0])
    _, product = be.linearize(lambda a: a[1:] * a[0], x)
    jacobian = [[3.0, 2.0, 0.0], [4.0, 0.0, 2.0]]
    assert_equal(be, be.vmap(product, out_axes=1)(array(be, np.eye(3))), jacobian)
    assert_equal(be, be.vmap(product.T)(array(be, np.eye(2)))[0], jacobian)


@clause("LIN-09")
def test_a_product_is_differentiated(be: Backend) -> None:
    w, x = (be.variable(value, dtype=be.xp.float64) for value in (5.0, [1.0, 2.0]))
    v = array(be, [1.0, 10.0])
    with be.tape() as t:
        _, product = be.linearize(lambda a: w * a * a * a, x)
        slope = product(v)  # 3 w x² v
    dw, dx = t.grad(slope, (w, x))
    assert_equal(be, dw, 3.0 + 12.0 * 10.0)
    assert_equal(be, dx, [30.0, 600.0])
    _, product = be.linearize(lambda a: a * a, array(be, [1.0, 2.0]))
    assert_equal(be, be.grad(lambda u: product(u) * product(u))(v), [8.0, 320.0])
    assert_equal(be, be.grad(lambda u: product.T(u)[0] * u)(v), [4.0, 80.0])


@clause("LIN-10")
def test_scipy_takes_it(be: Backend) -> None:
    pytest.importorskip("scipy")
    x, y = {"a": array(be, [1.0, 2.0])}, be.asarray(np.float32(3.0))
    _, product = be.linearize(lambda t, s: (t["a"] * t["a"][1], 5.0 * s, be.xp.argmax(t["a"])), x, y)
    matrix = np.array([[2.0, 1.0, 0.0], [0.0, 4.0, 0.0], [0.0, 0.0, 5.0], [0.0, 0.0, 0.0]])
    operator = product.to_scipy()
    assert operator.shape == matrix.shape
    assert operator.dtype == np.float64
    for one, dense in ((operator, matrix), (operator.T, matrix.T)):
        many = np.arange(3.0 * dense.shape[1]).reshape(dense.shape[1], 3)
        np.testing.assert_array_equal(one @ many, dense @ many)
        np.testing.assert_array_equal(one @ many[:, 2], dense @ many[:, 2])
        assert (one @ many[:, :0]).shape == (dense.shape[0], 0)
        with pytest.raises(DtypeError):
            one @ (1j * many[:, 0])
    _, nothing = be.linearize(lambda t: be.xp.astype(t["a"], be.xp.int64), x)
    np.testing.assert_array_equal(nothing.to_scipy() @ np.ones((2, 3)), np.zeros((2, 3)))
    np.testing.assert_array_equal(nothing.to_scipy().T @ np.ones((2, 3)), np.zeros((2, 3)))
    assert (be.linearize(lambda t: (), x)[1].to_scipy() @ np.ones(2)).shape == (0,)


@clause("LIN-10", "LIN-11")
@pytest.mark.parametrize("program", list(COMPLEX))
@given(z=points(), v=points(), u=points())
def test_of_complex_numbers_it_is_transposed_in_the_real_inner_product(
    be: Backend, program: str, z: Any, v: Any, u: Any
) -> None:
    u = u[0] if program == "sum" else u
    _, product = be.linearize(lambda a: COMPLEX[program](be.xp, a), be.asarray(z))
    slope, (share,) = be.to_numpy(product(be.asarray(v))), product.T(be.asarray(u))
    left, right = np.sum(np.conj(u) * slope).real, np.sum(np.conj(be.to_numpy(share)) * v).real
    assert_close(np.array(left), np.array(right), scale=SCALE * np.abs(v).sum() * (1.0 + np.abs(u).sum()))
    pytest.importorskip("scipy")
    with pytest.raises(NotDifferentiableError):
        product.to_scipy()


@clause("LIN-12")
@given(x=values((3,)), v=values((3,)), u=values((2, 3)))
def test_products_repeat_and_are_fresh(be: Backend, x: Any, v: Any, u: Any) -> None:
    given = [be.asarray(one.copy()) for one in (x, v, u)]
    _, product = be.linearize(lambda a: be.xp.stack([a, a * a]), given[0])
    first = be.to_numpy(product(given[1])), be.to_numpy(product.T(given[2])[0])
    for _ in range(2):
        slope, (share,) = product(given[1]), product.T(given[2])
        np.testing.assert_array_equal(be.to_numpy(slope), first[0])
        np.testing.assert_array_equal(be.to_numpy(share), first[1])
        write(slope, 0, 100.0)
        write(share, 0, 100.0)
    for one, before in zip(given, (x, v, u), strict=True):
        np.testing.assert_array_equal(be.to_numpy(one), before)
