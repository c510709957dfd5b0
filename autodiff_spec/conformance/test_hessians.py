"""Chapter HESS: hessian(), hvp(), hessian_diag() and laplacian()."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from autodiff_spec import Backend, NotDifferentiableError, ShapeMismatchError, oracle
from autodiff_spec.conformance import clause
from autodiff_spec.conformance.checks import assert_array, assert_close, assert_equal
from autodiff_spec.conformance.strategies import dtypes, values

# Programs of one argument of shape (3,); each second derivative is a sum of few terms below 16.
PROGRAMS: dict[str, Callable[[Any, Any], Any]] = {
    "a product": lambda xp, x: x[0] * x[1] * x[2] + x[0] * x[0],
    "a quadratic form": lambda xp, x: xp.sum(xp.expand_dims(x, axis=1) * x),
    "a smooth vector": lambda xp, x: xp.sin(x) * xp.flip(x),
    "a composition": lambda xp, x: xp.tanh(xp.sum(xp.cos(x) * x) * 0.5),
    "linear": lambda xp, x: 3.0 * xp.sum(x),
}


def array(be: Backend, value: Any) -> Any:
    return be.asarray(np.array(value, dtype=np.float64))


@clause("HESS-01", "HESS-06")
@pytest.mark.parametrize("program", list(PROGRAMS))
@given(data=st.data())
def test_it_holds_the_second_derivatives(be: Backend, program: str, data: st.DataObject) -> None:
    x = data.draw(values((3,)))
    ((truth,),) = oracle.second(PROGRAMS[program], x)
    h = be.hessian(lambda a: PROGRAMS[program](be.xp, a))(x)
    assert_close(be.to_numpy(h), truth, "float64", scale=16.0)


@clause("HESS-02")
@pytest.mark.parametrize("program", list(PROGRAMS))
@given(data=st.data())
def test_it_is_symmetric(be: Backend, program: str, data: st.DataObject) -> None:
    h = be.to_numpy(be.hessian(lambda a: PROGRAMS[program](be.xp, a))(data.draw(values((3,)))))
    assert_close(h, h.T, scale=16.0)


@clause("HESS-03", "HESS-05")
def test_of_trees_it_is_a_tree_of_trees_of_blocks(be: Backend) -> None:
    tree = {"a": array(be, [[1.0, 2.0]]), "b": [array(be, 3.0)], "c": array(be, [1.0, 1.0, 1.0])}
    h = be.hessian(lambda t: be.xp.sum(t["a"] * t["a"]) * t["b"][0])(tree)
    shapes = {"a": (1, 2), "b": (), "c": (3,)}
    def pick(node: Any, name: Any) -> Any:
        return node["b"][0] if name == "b" else node[name]

    for first, shape in shapes.items():
        for second, other in shapes.items():
            assert_array(be, pick(pick(h, first), second), (*shape, *other), be.xp.float64)
    assert_equal(be, h["a"]["a"], 6.0 * np.eye(2).reshape(1, 2, 1, 2))
    assert_equal(be, h["a"]["b"][0], [[2.0, 4.0]])
    assert_equal(be, h["b"][0]["a"], [[2.0, 4.0]])
    assert_equal(be, h["c"]["c"], np.zeros((3, 3)))
    assert_equal(be, h["a"]["c"], np.zeros((1, 2, 3)))


@clause("HESS-04")
def test_by_several_arguments_it_has_the_mixed_derivatives(be: Backend) -> None:
    x, y = array(be, [1.0, 2.0]), array(be, 3.0)
    h = be.hessian(lambda a, b: be.xp.sum(a * a * a) * b * b, argnums=(0, 1))(x, y)
    assert type(h) is tuple
    assert type(h[0]) is tuple
    assert_equal(be, h[0][0], [[54.0, 0.0], [0.0, 108.0]])
    assert_equal(be, h[0][1], [18.0, 72.0])
    assert_equal(be, h[1][0], [18.0, 72.0])
    assert_equal(be, h[1][1], 18.0)
    assert_equal(be, be.hessian(lambda a, b: be.xp.sum(a * a * a) * b * b, argnums=-1)(x, y), 18.0)


@clause("HESS-07")
@given(dtype=dtypes())
def test_the_dtype_is_the_arguments(be: Backend, dtype: str) -> None:
    x = be.asarray(np.array([1.0, 2.0], dtype=dtype))
    h = be.hessian(lambda a: be.xp.astype(a * a, be.xp.float32))(x)
    assert_array(be, h, (2, 2), x.dtype)
    assert_equal(be, h, [[2.0, 0.0], [0.0, 2.0]])
    (product,) = be.hvp(lambda a: be.xp.astype(a * a, be.xp.float32), (x,), (x,))
    assert_array(be, product, (2,), x.dtype)
    assert_equal(be, product, [2.0, 4.0])


@clause("HESS-08")
@pytest.mark.parametrize("program", list(PROGRAMS))
@given(data=st.data())
def test_a_product_is_the_hessian_times_the_tangents(be: Backend, program: str, data: st.DataObject) -> None:
    x, v = data.draw(values((3,))), data.draw(values((3,)))
    (truth,) = oracle.hvp(PROGRAMS[program], (x,), (v,))
    (product,) = be.hvp(lambda a: PROGRAMS[program](be.xp, a), (x,), (v,))
    assert_close(be.to_numpy(product), truth, "float64", scale=16.0 * np.abs(v).sum())


@clause("HESS-09")
def test_a_product_has_one_tree_for_each_primal(be: Backend) -> None:
    primals = ({"a": array(be, [1.0, 2.0])}, array(be, 3.0), array(be, [[1.0]]))
    tangents = ({"a": array(be, [1.0, 0.0])}, array(be, 10.0), array(be, [[5.0]]))
    found = be.hvp(lambda t, s, unused: be.xp.sum(t["a"] * t["a"]) * s, primals, tangents)
    assert type(found) is tuple
    assert_equal(be, found[0]["a"], [26.0, 40.0])
    assert_equal(be, found[1], 2.0)
    assert_equal(be, found[2], [[0.0]])


@clause("HESS-10")
def test_a_product_needs_no_room_for_the_hessian(be: Backend) -> None:
    x = np.linspace(0.5, 1.5, 200_000)  # its Hessian has 320 GB
    (product,) = be.hvp(lambda a: be.xp.sum(a * a) * be.xp.sum(a), (x,), (np.ones_like(x),))
    # H = 2 s I + 2 (x 1ᵀ + 1 xᵀ), s the sum of x
    assert_close(be.to_numpy(product), 2 * x.sum() + 2 * x * x.size + 2 * x.sum(), condition=1e5)


@clause("HESS-11")
@given(data=st.data())
def test_a_product_is_linear_and_symmetric(be: Backend, data: st.DataObject) -> None:
    x, u, v = (data.draw(values((3,))) for _ in range(3))

    def product(tangent: Any) -> Any:
        return be.to_numpy(be.hvp(lambda a: PROGRAMS["a composition"](be.xp, a), (x,), (tangent,))[0])

    hu, hv = product(u), product(v)
    size = 16.0 * (np.abs(u).sum() + np.abs(v).sum())
    assert_close(product(2.0 * u - 3.0 * v), 2.0 * hu - 3.0 * hv, scale=3 * size)
    assert_close(np.array(u @ hv), np.array(v @ hu), scale=size * size)


@clause("HESS-12")
def test_tangents_that_do_not_fit_are_refused(be: Backend) -> None:
    x = array(be, [1.0, 2.0])

    def f(a: Any) -> Any:
        return be.xp.sum(a * a)

    wrong: list[Any] = [(x, x), ({"a": x},), (array(be, 1.0),), (array(be, [[1.0, 2.0]]),)]
    for tangents in wrong:
        with pytest.raises(ShapeMismatchError, match="tangents"):
            be.hvp(f, (x,), tangents)
    with pytest.raises(NotDifferentiableError):
        be.hvp(f, (x,), (be.xp.asarray([1, 2]),))
    with pytest.raises(TypeError, match="tuple"):
        be.hvp(f, x, x)


@clause("HESS-13")
def test_an_open_tape_differentiates_the_closure(be: Backend) -> None:
    w = be.variable(3.0, dtype=be.xp.float64)
    x = array(be, [1.0, 2.0])
    with be.tape(persistent=True) as t:
        h = be.hessian(lambda a: be.xp.sum(a * a * a) * w * w)(x)
        (product,) = be.hvp(lambda a: be.xp.sum(a * a * a) * w * w, (x,), (x,))
        total = be.xp.sum(h)
    assert_equal(be, h, [[54.0, 0.0], [0.0, 108.0]])
    assert_equal(be, product, [54.0, 216.0])
    assert_equal(be, t.grad(total, w), 108.0)
    assert_equal(be, t.grad(product, w), 180.0)


@clause("HESS-14")
def test_they_are_differentiated_again(be: Backend) -> None:
    x = array(be, [1.0, 2.0])

    def cube(a: Any) -> Any:
        return be.xp.sum(a * a * a * a)

    assert_equal(be, be.grad(lambda a: be.hessian(cube)(a))(x), [24.0, 48.0])
    assert_equal(be, be.grad(lambda a: be.hvp(cube, (a,), (be.xp.ones_like(a),))[0])(x), [24.0, 48.0])


@clause("HESS-15")
@pytest.mark.parametrize("program", list(PROGRAMS))
def test_the_four_ways_to_a_hessian_agree(be: Backend, program: str) -> None:
    x = np.array([0.5, -1.25, 2.0])
    ((truth,),) = oracle.second(lambda xp, a: xp.sum(PROGRAMS[program](xp, a)), x)

    def f(a: Any) -> Any:
        return be.xp.sum(PROGRAMS[program](be.xp, a))

    for outer in ("forward", "reverse"):
        for inner in ("forward", "reverse"):
            h = be.jacobian(be.jacobian(f, mode=inner), mode=outer)(array(be, x))
            assert_close(be.to_numpy(h), truth, "float64", scale=16.0)


@clause("HESS-16")
def test_the_errors_are_those_of_grad(be: Backend) -> None:
    x = array(be, [1.0, 2.0])
    with pytest.raises(ValueError, match="argnums"):
        be.hessian(lambda a: a, argnums=1)(x)
    for bad in (3, be.xp.asarray([1, 2])):
        with pytest.raises(NotDifferentiableError):
            be.hessian(lambda a: a)(bad)


@clause("HESS-17")
def test_aux_is_returned_and_not_differentiated(be: Backend) -> None:
    marker = object()
    x = array(be, [1.0, 2.0])
    h, aux = be.hessian(lambda a: (be.xp.sum(a * a * a), [marker, a * 100.0]), has_aux=True)(x)
    assert_equal(be, h, [[6.0, 0.0], [0.0, 12.0]])
    assert aux[0] is marker
    assert_equal(be, aux[1], [100.0, 200.0])
    assert_equal(be, be.grad(lambda a: a * aux[1])(x), [100.0, 200.0])  # no tracer, nothing recorded


# --- the diagonal -----------------------------------------------------------------------------------------------


@clause("HESS-19")
@pytest.mark.parametrize("program", list(PROGRAMS))
@given(data=st.data())
def test_the_diagonal_is_that_of_the_hessian(be: Backend, program: str, data: st.DataObject) -> None:
    x = data.draw(values((3,)))
    truth: Any
    ((truth,),) = oracle.second(PROGRAMS[program], x)
    diagonal = be.hessian_diag(lambda a: PROGRAMS[program](be.xp, a))(x)
    assert_close(be.to_numpy(diagonal), np.diagonal(truth), "float64", scale=16.0)
    laplacian = be.laplacian(lambda a: PROGRAMS[program](be.xp, a))(x)
    assert_close(be.to_numpy(laplacian), np.array(np.trace(truth)), "float64", scale=48.0)


@clause("HESS-19")
def test_the_diagonal_has_the_trees_of_the_arguments(be: Backend) -> None:
    tree = {"a": array(be, [[1.0, 2.0]]), "b": [be.asarray(np.float32(3.0))], "c": array(be, np.ones((0, 2)))}

    def f(s: Any, t: Any) -> Any:
        return be.xp.sum(t["a"] * t["a"] * t["a"]) * s, t["b"][0] * t["b"][0]

    first, diagonal = be.hessian_diag(f, argnums=(0, 1))(array(be, 10.0), tree)
    assert_array(be, first, (), be.xp.float64)
    assert_equal(be, first, 0.0)
    assert_equal(be, diagonal["a"], [[60.0, 120.0]])
    assert_array(be, diagonal["b"][0], (), be.xp.float32)
    assert_equal(be, diagonal["b"][0], 2.0)
    assert_array(be, diagonal["c"], (0, 2), be.xp.float64)
    laplacian = be.laplacian(f, argnums=(0, 1))(array(be, 10.0), tree)
    assert_array(be, laplacian, (), be.xp.float64)
    assert_equal(be, laplacian, 182.0)


@clause("HESS-20")
def test_the_diagonal_is_differentiated(be: Backend) -> None:
    x, w = array(be, [1.0, 2.0]), be.variable(5.0, dtype=be.xp.float64)
    assert_equal(be, be.grad(be.laplacian(lambda a: be.xp.sum(a * a * a * a)))(x), [24.0, 48.0])
    with be.tape() as t:
        diagonal = be.hessian_diag(lambda a: w * be.xp.sum(a * a * a))(x)  # 6 w x
        laplacian = be.laplacian(lambda a: w * be.xp.sum(a * a))(x) * w  # 4 w²
    assert_equal(be, t.grad([diagonal, laplacian], w), 18.0 + 40.0)


@clause("HESS-21")
@pytest.mark.parametrize("operator", ["hessian_diag", "laplacian"])
def test_the_diagonal_refuses_what_hessian_refuses(be: Backend, operator: str) -> None:
    of, x = getattr(be, operator), array(be, [1.0, 2.0])
    for bad in (3, be.xp.asarray([1, 2]), np.array([1j, 2.0])):
        with pytest.raises(NotDifferentiableError):
            of(lambda a: a)(bad)
    with pytest.raises(ValueError, match="argnums=1"):
        of(lambda a: a, argnums=1)(x)


@clause("HESS-22")
def test_argnames_names_arguments_however_they_are_passed(be: Backend) -> None:
    x, y = array(be, [1.0, 2.0]), array(be, 3.0)

    def f(x: Any, y: Any) -> Any:
        return be.xp.sum(x * x * x) * y * y

    (yy, yx), (xy, xx) = be.hessian(f, argnames=("y", "x"))(x, y=y)
    assert_equal(be, yy, 18.0)
    assert_equal(be, yx, [18.0, 72.0])
    assert_equal(be, xy, [18.0, 72.0])
    assert_equal(be, xx, [[54.0, 0.0], [0.0, 108.0]])
    by_y, by_x = be.hessian_diag(f, argnames=("y", "x"))(x, y=y)
    assert_equal(be, by_y, 18.0)
    assert_equal(be, by_x, [54.0, 108.0])
    assert_equal(be, be.laplacian(f, argnames="x")(y=y, x=x), 162.0)
