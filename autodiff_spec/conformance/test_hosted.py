"""Chapter HOST: a function of NumPy's, made one operation of the backend by host()."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

import autodiff_spec as ad
from autodiff_spec import Backend, BackendMismatchError, Capability
from autodiff_spec.conformance import clause
from autodiff_spec.conformance._calls import source_for
from autodiff_spec.conformance.checks import assert_array, assert_close, assert_equal
from autodiff_spec.conformance.strategies import values
from autodiff_spec.core import trees

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script:DeprecationWarning")  # by torch.func itself


def array(be: Backend, value: Any) -> Any:
    return be.asarray(np.array(value, dtype=np.float64))


def cubes(be: Backend, **options: Any) -> Callable[[Any], Any]:
    """x³ by NumPy, hosted."""
    return source_for(be).host(lambda x: x * x * x, **options)


# --- first derivatives ------------------------------------------------------------------------------------------


@clause("HOST-11")
def test_a_hosted_function_has_its_values_and_gradients(be: Backend) -> None:
    f, x = cubes(be), array(be, [1.0, 2.0])
    assert_array(be, f(x), (2,), be.xp.float64)
    assert_equal(be, f(x), [1.0, 8.0])
    assert_equal(be, be.grad(f)(x), [3.0, 12.0])
    assert_equal(be, be.jacobian(f)(x), [[3.0, 0.0], [0.0, 12.0]])
    _, pullback = be.vjp(lambda a: f(2.0 * a), x)
    for _ in range(2):
        assert_equal(be, pullback(array(be, [1.0, 10.0]))[0], [24.0, 960.0])


@clause("HOST-11")
def test_the_backend_is_that_of_the_arguments(be: Backend) -> None:
    f, x = cubes(be), array(be, [1.0, 2.0])
    with ad.use_backend(be):
        assert_equal(be, ad.grad(lambda a: ad.xp().sum(a * f(a)))(x), [4.0, 32.0])
    with ad.use_backend(source_for(be)):
        point = np.array([1.0, 2.0])
        assert type(f(point)) is np.ndarray
        np.testing.assert_array_equal(ad.grad(f)(point), [3.0, 12.0])


@clause("HOST-11")
def test_everything_may_be_a_tree(be: Backend) -> None:
    def program(p: Any, rows: Any, name: str, *, by: Any, shift: float) -> Any:
        assert (name, shift, rows.dtype.kind) == ("text", 0.5, "i")
        picked = p["w"][rows] * by
        return {"picked": picked, "rest": (np.sum(p["w"]) + p["b"][0] + shift, np.argmax(p["w"]), 2.0)}

    f, xp = source_for(be).host(program), be.xp
    p, rows = {"w": array(be, [1.0, 3.0, 2.0]), "b": [array(be, 4.0)]}, be.asarray(np.array([0, 2, 2]))

    def loss(p: Any, by: Any) -> Any:
        found = f(p, rows, "text", by=by, shift=0.5)
        assert be.kind(found["rest"][1].dtype) == "other"
        return xp.sum(found["picked"]) + by * found["rest"][0] + found["rest"][2]

    value, (gp, by) = be.value_and_grad(loss, argnums=(0, 1))(p, array(be, 2.0))
    assert_equal(be, value, 33.0)
    assert_equal(be, gp["w"], [4.0, 2.0, 6.0])
    assert_equal(be, gp["b"][0], 2.0)
    assert_equal(be, by, 15.5)


@clause("HOST-11")
def test_what_does_not_depend_has_zeros(be: Backend) -> None:
    f, x, y = source_for(be).host(lambda a, b: (a * 2.0, np.ones(3))), array(be, [1.0, 2.0]), array(be, 3.0)
    assert_equal(be, be.grad(lambda b: be.xp.sum(f(x, b)[0]))(y), 0.0)
    assert_equal(be, be.grad(lambda a: be.xp.sum(f(a, y)[1]))(x), [0.0, 0.0])
    assert_equal(be, be.grad(lambda a: be.xp.sum(f(a, y)[0] + a))(x), [3.0, 3.0])


@clause("HOST-11")
@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])
def test_dtypes_are_kept(be: Backend, dtype: str) -> None:
    if dtype.startswith("complex") and Capability.COMPLEX not in be.capabilities:
        pytest.skip(f"{be.name} declares no COMPLEX")
    part = 1.0j if dtype.startswith("complex") else 0.0
    x, g = np.array([1.0 + 2.0 * part, 0.5], dtype=dtype), np.array([1.0 - part, 2.0], dtype=dtype)
    value, pullback = be.vjp(source_for(be).host(lambda x: x * x), be.asarray(x))
    (share,) = pullback(be.asarray(g))
    for found, expected in ((value, x * x), (share, 2.0 * np.conj(x) * g)):
        assert_array(be, found, (2,), getattr(be.xp, dtype))
        assert_close(be.to_numpy(found), expected, scale=16.0)


@clause("HOST-11")
def test_a_wider_result_has_a_gradient_of_the_arguments_dtype(be: Backend) -> None:
    f, x = source_for(be).host(lambda x: x * np.array([3.0, 5.0])), be.asarray(np.array([1.0, 2.0], dtype=np.float32))
    assert_array(be, f(x), (2,), be.xp.float64)
    g = be.grad(lambda a: be.xp.sum(f(a)))(x)
    assert_array(be, g, (2,), be.xp.float32)
    assert_equal(be, g, [3.0, 5.0])


@clause("HOST-11", "HOST-12")
def test_tapes_record_it(be: Backend) -> None:
    if Capability.TAPE not in be.capabilities:
        pytest.skip(f"{be.name} has no tapes")
    f, v = cubes(be), be.variable([1.0, 2.0], dtype=be.xp.float64)
    with be.tape(persistent=True) as outer:
        with be.tape() as inner:
            x = inner.watch(array(be, [3.0, 1.0]))
            y = f(v) * f(x)
        gv, gx = inner.grad(y, (v, x))
    assert_equal(be, gv, [81.0, 12.0])
    assert_equal(be, gx, [27.0, 24.0])
    assert_equal(be, outer.grad(y, v), [81.0, 12.0])
    assert_equal(be, outer.grad(gv, v), [162.0, 12.0])
    assert_equal(be, outer.grad(gx, v), [81.0, 36.0])


# --- higher ones ------------------------------------------------------------------------------------------------


@clause("HOST-12")
def test_derivatives_of_any_order(be: Backend) -> None:
    f, x, xp = cubes(be), array(be, [1.0, 2.0]), be.xp

    def total(a: Any) -> Any:
        return xp.sum(f(a))

    second = be.grad(lambda a: xp.sum(be.grad(total)(a)))
    assert_equal(be, be.hessian(total)(x), [[6.0, 0.0], [0.0, 12.0]])
    assert_equal(be, second(x), [6.0, 12.0])
    assert_equal(be, be.grad(lambda a: xp.sum(second(a)))(x), [6.0, 6.0])
    assert_equal(be, be.jvp(f, (x,), (array(be, [1.0, 10.0]),))[1], [3.0, 120.0])
    assert_equal(be, be.hvp(total, (x,), (array(be, [1.0, 10.0]),))[0], [6.0, 120.0])
    assert_equal(be, be.jacobian(f, mode="forward")(x), [[3.0, 0.0], [0.0, 12.0]])


@clause("HOST-12")
@given(data=st.data())
def test_it_is_the_function_itself(be: Backend, data: st.DataObject) -> None:
    x, y, v = data.draw(values((3,))), data.draw(values(())), data.draw(values((3,)))
    f = source_for(be).host(lambda a, b: np.sin(a * b))
    primals = be.asarray(x), be.asarray(y)
    scale = 64.0 * (1.0 + np.abs(v).sum())

    def gradients(f: Any) -> Any:
        return be.grad(lambda a, b: be.xp.sum(f(a, b) * be.asarray(v)), argnums=(0, 1))

    def mixed(f: Any) -> Any:
        return be.grad(lambda a, b: be.xp.sum(gradients(f)(a, b)[0] * be.asarray(v)), argnums=(0, 1))

    def itself(a: Any, b: Any) -> Any:
        return be.xp.sin(a * b)

    for order in (gradients, mixed):
        for found, expected in zip(order(f)(*primals), order(itself)(*primals), strict=True):
            assert_close(be.to_numpy(found), be.to_numpy(expected), scale=scale)


@clause("HOST-12")
def test_batches_are_those_of_a_loop(be: Backend) -> None:
    x = array(be, [[1.0, 2.0], [3.0, 4.0]])
    for f in (cubes(be), cubes(be, like=lambda x: x)):
        assert_equal(be, be.vmap(f)(x), [[1.0, 8.0], [27.0, 64.0]])
        assert_equal(be, be.vmap(be.grad(f))(x), [[3.0, 12.0], [27.0, 48.0]])
        assert_equal(be, be.grad(be.vmap(f))(x), [[3.0, 12.0], [27.0, 48.0]])


@clause("HOST-12")
def test_a_prepared_gradient_is_the_gradient(be: Backend) -> None:
    x = array(be, [1.0, 2.0])
    for f in (cubes(be), cubes(be, like=lambda x: x)):
        gradient = be.prepare(be.grad(f), x)
        for point, expected in (([1.0, 2.0], [3.0, 12.0]), ([-1.0, 3.0], [3.0, 27.0])):
            assert_equal(be, gradient(array(be, point)), expected)


# --- compilation ------------------------------------------------------------------------------------------------


def compiled(be: Backend) -> list[Callable[[Callable[[Any, Any], Any]], list[Any]]]:
    """The framework's own compilations, each as what it makes of a function of two arrays at (c, a)."""
    a, c = array(be, [1.0, 2.0]), array(be, [0.5, 3.0])

    def by(transform: Callable[..., Any]) -> Callable[[Callable[[Any, Any], Any]], list[Any]]:
        return lambda f: [be.to_numpy(leaf) for leaf in trees.flatten(transform(f, a, c), be.array_types)[0]]

    return [by(transform) for transform in be._host().TRANSFORMS["compiled"].values()]


@clause("HOST-13")
def test_what_is_not_declared_is_right_or_refused(be: Backend) -> None:
    f = source_for(be).host(lambda c, x: c * x * x)
    for run in compiled(be):
        expected = run(lambda c, x: c * x * x)
        try:
            found = run(f)
        except ad.AutodiffError:
            continue
        for one, other in zip(found, expected, strict=True):
            assert_close(one, other, scale=16.0)


@clause("HOST-13")
@pytest.mark.parametrize(
    ("error", "declared"),
    [
        (ad.ShapeMismatchError, lambda c, x: np.zeros(3)),
        (ad.ShapeMismatchError, lambda c, x: np.zeros((2, 1))),
        (ad.ShapeMismatchError, lambda c, x: (np.zeros(2),)),
        (ad.DtypeError, lambda c, x: np.zeros(2, dtype=np.float32)),
        (TypeError, lambda c, x: 2.0),
    ],
    ids=["shape", "rank", "structure", "dtype", "no array"],
)
def test_what_is_declared_is_what_is_returned(be: Backend, error: type[Exception], declared: Any) -> None:
    f = source_for(be).host(lambda c, x: c * x * x, like=declared)
    with pytest.raises(error):
        f(array(be, [0.5, 3.0]), array(be, [1.0, 2.0]))


@clause("HOST-13")
def test_what_is_declared_wrong_is_refused_in_compiled_code(be: Backend) -> None:
    f = source_for(be).host(lambda c, x: c * x * x, like=lambda c, x: np.zeros(3))
    for run in compiled(be):
        with pytest.raises(Exception):  # noqa: B017, PT011 (while it runs compiled code, a framework has errors of its own)
            run(f)


# --- while it runs ----------------------------------------------------------------------------------------------


@clause("HOST-14")
def test_its_own_backend_is_current_inside(be: Backend) -> None:
    source, seen, x = source_for(be), set[Backend](), array(be, [1.0, 2.0])

    def program(x: Any) -> Any:
        def backward(x: Any, g: Any) -> tuple[Any]:
            seen.add(ad.backend())
            return (2.0 * x * g,)

        seen.add(ad.backend())
        rule = source.custom_vjp(lambda x: x * x)
        rule.defvjp(lambda x: (x * x, x), backward)
        return rule(x)

    f = source.host(program, like=lambda x: x)
    with ad.use_backend(be):
        for call in (f, be.grad(f), be.grad(lambda a: be.xp.sum(be.grad(f)(a)))):
            call(x)
            assert ad.backend() is be
        if Capability.HOST in be.capabilities:
            for run in compiled(be):
                run(lambda c, a: c * f(a))
    assert seen == {source}


@clause("HOST-14", "HOST-11")
def test_threads_host_at_the_same_time(be: Backend) -> None:
    f, found = cubes(be), dict[int, Any]()

    def work(k: int) -> None:
        found[k] = be.grad(f)(array(be, [1.0, float(k)]))

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for k in range(4):
        assert_equal(be, found[k], [3.0, 3.0 * k * k])


@clause("HOST-15")
@pytest.mark.parametrize("result", ["nothing", "text", "array"])
def test_a_result_that_is_no_array_of_its_own_is_refused(be: Backend, result: str) -> None:
    if result == "array" and be.name == source_for(be).name:
        pytest.skip("its arrays are those of the function's own backend")
    x = array(be, [1.0, 2.0])
    f = source_for(be).host(lambda a: {"nothing": None, "text": "text", "array": x}[result])
    for call in (f, be.grad(f)):
        with pytest.raises(BackendMismatchError if result == "array" else TypeError):
            call(x)


@clause("HOST-15")
def test_its_own_error_comes_through_and_leaves_no_trace(be: Backend) -> None:
    def broken(a: Any) -> Any:
        raise KeyError("mine")

    x, f = array(be, [1.0, 2.0]), source_for(be).host(broken)
    for call in (f, be.grad(f)):
        with pytest.raises(KeyError, match="mine"):
            call(x)
    assert_equal(be, be.grad(cubes(be))(x), [3.0, 12.0])


@clause("HOST-16")
def test_the_pullback_is_that_of_the_run(be: Backend) -> None:
    factors, x = [2.0, 5.0], array(be, [1.0, 2.0])
    f = source_for(be).host(lambda a: a * factors[0])
    value, pullback = be.vjp(f, x)
    factors[:] = [3.0]
    assert_equal(be, value, [2.0, 4.0])
    assert_equal(be, pullback(array(be, [1.0, 1.0]))[0], [2.0, 2.0])
