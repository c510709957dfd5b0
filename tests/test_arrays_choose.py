"""The arrays choose the backend: functions of the module ask those among their arguments, and the current one else."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autodiff_spec as ad
from tests import fresh

FRAMEWORKS = [name for name in ("torch", "tensorflow", "jax") if importlib.util.find_spec(name)]
pytestmark = pytest.mark.skipif(not FRAMEWORKS, reason="no framework is installed")


def f(a: Any) -> Any:
    xp = ad.xp()
    return xp.sum(xp.sin(a) * a)


def g(a: Any) -> Any:
    return ad.xp(a).sin(a) * a


def custom() -> Any:
    rule = ad.custom_vjp(lambda a: ad.xp().sin(a))
    rule.defvjp(lambda a: (ad.xp().sin(a), a), lambda a, c: (c * ad.xp().cos(a),))
    return rule


OPERATORS: dict[str, Callable[[Any], Any]] = {
    "grad": lambda x: ad.grad(f)(x),
    "value_and_grad": lambda x: ad.value_and_grad(f)(x),
    "vjp": lambda x: ad.vjp(g, x)[1](x),
    "jvp": lambda x: ad.jvp(g, (x,), (x,)),
    "linearize": lambda x: ad.linearize(g, x)[1].T(x),
    "hvp": lambda x: ad.hvp(f, (x,), (x,)),
    "jacobian": lambda x: ad.jacobian(g)(x),
    "hessian": lambda x: ad.hessian(f)(x),
    "hessian_diag": lambda x: ad.hessian_diag(f)(x),
    "laplacian": lambda x: ad.laplacian(f)(x),
    "vmap": lambda x: ad.vmap(g)(x),
    "checkpoint": lambda x: ad.grad(ad.checkpoint(f))(x),
    "custom_vjp": lambda x: ad.jacobian(custom())(x),
    "prepare": lambda x: ad.prepare(ad.grad(f), x)(x),
    "lift": lambda x: ad.grad(ad.lift(f))(x),
    "stop_gradient": lambda x: ad.stop_gradient({"a": [x]}),
    "keyword": lambda x: ad.grad(lambda a, *, b: ad.xp().multiply(a, b))(2.0, b=x[0]),
}
"""Each on an array of a framework, and none of them says which."""


@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize("name", FRAMEWORKS)
def test_an_operator_takes_the_backend_of_its_arrays(name: str, operator: str) -> None:
    be = ad.backend(name)
    if operator == "checkpoint" and ad.Capability.CHECKPOINT not in be.capabilities:
        pytest.skip(f"{name} declares no CHECKPOINT")
    x, plain = be.asarray(np.array([1.0, 2.0])), np.array([1.0, 2.0])
    with ad.use_backend("numpy"):
        found, expected = OPERATORS[operator](x), OPERATORS[operator](plain)
    leaves = found if isinstance(found, tuple) else (found,)
    assert all(be.is_array(leaf) for leaf in leaves if not isinstance(leaf, dict))
    for one, other in zip(leaves, expected if isinstance(expected, tuple) else (expected,), strict=True):
        one, other = (value["a"][0] if isinstance(value, dict) else value for value in (one, other))
        np.testing.assert_allclose(be.to_numpy(one), other, rtol=1e-12)


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_variables_and_conversions_ask_the_array(name: str) -> None:
    be = ad.backend(name)
    x = be.asarray(np.array([1.0, 2.0]))
    with ad.use_backend("numpy"):
        v = ad.variable(x)
        ad.assign(v, x * 2.0)
        assert be.is_variable(v)
        assert ad.backend_of(v) is ad.backend_of({"w": [v, 3.0]}) is be
        assert ad.xp(v) is be.xp
        assert ad.extra(v) is be.extra
        np.testing.assert_array_equal(ad.to_numpy(v), [2.0, 4.0])
        assert ad.check_grad(f, x).passed


def test_numbers_and_numpys_arrays_go_to_the_current_backend() -> None:
    for name in ("numpy", *FRAMEWORKS):
        with ad.use_backend(name) as be:
            assert ad.backend_of(1.0, [np.ones(2), None, "text"], {"a": np.float64(1.0)}) is be
            assert be.is_array(ad.grad(f)(np.array([1.0, 2.0])))


def test_a_flavour_stays() -> None:
    for name in FRAMEWORKS:
        x = ad.backend(name).asarray(1.0)
        with ad.use_backend("numpy", "spec"):
            assert ad.backend_of(x) is ad.backend(name, "spec")
        with ad.use_backend(name, "spec") as be:
            assert ad.backend_of(x) is be


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_a_function_runs_with_its_operators_backend_as_the_current_one(name: str) -> None:
    """As the guide tells authors: ``xp = ad.xp()`` inside; forward, backward, and when a checkpoint runs again."""
    be, seen = ad.backend(name), []

    def noting(a: Any) -> Any:
        seen.append(ad.backend())
        return f(a)

    rule = be.custom_vjp(noting)
    rule.defvjp(lambda a: (noting(a), a), lambda a, c: (c * noting(a) * ad.xp().ones_like(a),))
    x = be.asarray(np.array([1.0, 2.0]))
    checkpointed = be.checkpoint(noting) if ad.Capability.CHECKPOINT in be.capabilities else noting
    for run in (
        lambda: be.grad(noting)(x), lambda: be.hessian(noting)(x), lambda: be.vmap(noting)(x),
        lambda: be.jvp(noting, (x,), (x,)), lambda: be.vjp(noting, x)[1](be.asarray(np.array(1.0))),
        lambda: be.grad(checkpointed)(x), lambda: be.grad(rule)(x), lambda: be.prepare(be.grad(noting), x)(x),
    ):  # fmt: skip
        with ad.use_backend("numpy"):
            run()
            assert ad.backend().name == "numpy"
    assert set(seen) == {be}


def test_a_failing_function_leaves_the_current_backend_as_it_was() -> None:
    be = ad.backend(FRAMEWORKS[0])
    with ad.use_backend("numpy"):
        with pytest.raises(ZeroDivisionError):
            be.grad(lambda a: a / 0 if False else 1 // 0)(1.0)
        assert ad.backend().name == "numpy"


@pytest.mark.skipif(len(FRAMEWORKS) < 2, reason="it takes two frameworks")
def test_two_frameworks_in_one_call_are_an_error_that_names_both() -> None:
    one, other = (ad.backend(name) for name in FRAMEWORKS[:2])
    x, y = one.asarray(1.0), other.asarray(2.0)
    for call in (
        lambda: ad.grad(lambda a, b: a * 2.0)(x, y), lambda: ad.vjp(g, x, y), lambda: ad.backend_of([x], {"b": y}),
        lambda: ad.grad(lambda a, *, b: a)(x, b=[y]), lambda: ad.grad(g)([ad.backend("numpy").variable(1.0), x]),
    ):  # fmt: skip
        with pytest.raises(ad.BackendMismatchError, match=r"two backends meet in one call: '\w+' and '\w+'; convert"):
            call()


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_a_backend_that_is_named_refuses_arrays_of_another(name: str) -> None:
    numpy, x = ad.backend("numpy"), ad.backend(name).asarray(1.0)
    with numpy.tape() as t:
        with pytest.raises(ad.BackendMismatchError, match=rf"x of watch\(\) is an array of {name} .*the backend asked"):
            t.watch(x)
    with pytest.raises(ad.BackendMismatchError, match=rf"args\[0\] of grad\(\) is an array of {name}.*backend_of"):
        numpy.grad(g)(x)
    with pytest.raises(ad.BackendMismatchError):
        numpy.variable(x)


def test_no_framework_is_imported_to_find_out() -> None:
    program = (
        "import sys, numpy as np, autodiff_spec as ad\n"
        "ad.grad(lambda a: a * a)(np.ones(2)); ad.backend_of([1.0, np.ones(2), object()])\n"
        "print([name for name in ('torch', 'tensorflow', 'jax') if name in sys.modules])"
    )
    assert fresh.python("-c", program).stdout.strip() == "[]"


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # by torch.Tensor
@pytest.mark.parametrize("other", ["numpy", *FRAMEWORKS])
@pytest.mark.parametrize("name", ["numpy", *FRAMEWORKS])
@pytest.mark.parametrize("form", ["x * v", "v * x", "xp.multiply(x, v)"])
def test_a_variable_of_another_backend_is_a_constant_or_an_error(name: str, other: str, form: str) -> None:
    """Whichever way the two meet: it has the right derivative by what is differentiated, or somebody refuses."""
    if name == other:
        pytest.skip("one backend")
    be, v = ad.backend(name), ad.backend(other).variable(np.array([3.0, 5.0]))
    program = compile(form, "form", "eval")
    try:
        found: Any = be.grad(lambda x, v=v: be.xp.sum(eval(program, {"x": x, "v": v, "xp": be.xp})))(
            be.asarray(np.ones(2))
        )
    except (ad.BackendMismatchError, ad.LostDerivativeError):
        return
    np.testing.assert_array_equal(be.to_numpy(found), [3.0, 5.0])


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # by torch.Tensor
@pytest.mark.parametrize("other", ["numpy", *FRAMEWORKS])
@pytest.mark.parametrize("name", ["numpy", *FRAMEWORKS])
def test_arrays_of_two_frameworks_that_meet_inside_a_function_are_named(name: str, other: str) -> None:
    if name == other:
        pytest.skip("one backend")
    be, v = ad.backend(name), ad.backend(other).variable(np.array([3.0, 5.0]))
    x = be.asarray(np.ones(2))
    for meeting in (lambda x: be.xp.stack([x, v]), lambda x: x * be.xp.asarray(v), lambda x: be.asarray([v]) * x):
        with pytest.raises((ad.BackendMismatchError, ad.LostDerivativeError), match="to_numpy"):
            be.grad(lambda x, meeting=meeting: be.xp.sum(meeting(x)))(x)


def test_what_a_function_raises_itself_stays_its_own() -> None:
    v = ad.backend(FRAMEWORKS[0]).variable(1.0)

    def refusing(x: Any) -> Any:
        if v is not None:
            raise TypeError("mine")
        return x

    def clumsy(x: Any) -> Any:
        return x + "text"

    for function in (refusing, clumsy):
        with pytest.raises(TypeError) as caught:
            ad.backend("numpy").grad(function)(1.0)
        assert not isinstance(caught.value, ad.BackendMismatchError)


def test_a_tensor_without_values_and_a_deleted_array_are_named() -> None:
    torch, jax = pytest.importorskip("torch"), pytest.importorskip("jax")
    with pytest.raises(ad.UnsupportedError, match="'meta' has a shape and no values"):
        ad.to_numpy(torch.ones(2, device="meta"))
    assert ad.grad(f)(torch.ones(2, device="meta")).shape == (2,)
    x = jax.numpy.ones(2)
    x.delete()
    there = jax.numpy.ones(2)
    for call in (
        lambda: ad.grad(f)(x),
        lambda: ad.to_numpy(x),
        lambda: ad.vjp(g, x),
        lambda: ad.vmap(g)(x),
        lambda: ad.jvp(g, (there,), (x,)),
        lambda: ad.variable(x),
        lambda: ad.assign(ad.variable(there), x),
        lambda: ad.stop_gradient(x),
        lambda: ad.backend("jax").asarray(x),
        lambda: ad.prepare(g, there)(x),
        lambda: ad.checkpoint(g)(x),
        lambda: ad.grad(lambda a: ad.xp().sum(a * x))(there),
    ):
        with pytest.raises(ad.MutationError, match="was donated to a compiled function"):
            call()


def test_tensors_without_values_say_so() -> None:
    torch = pytest.importorskip("torch")
    from torch._subclasses.fake_tensor import FakeTensorMode

    meta, there = torch.ones(2, device="meta"), torch.ones(2)
    with FakeTensorMode():
        fake = torch.ones(2)
        assert ad.hessian(f)(fake).shape == (2, 2)
    for call in (
        lambda: ad.to_numpy(fake),
        lambda: ad.jvp(g, (there,), (meta,)),
        lambda: ad.vjp(g, there)[1](meta),
        lambda: ad.assign(ad.variable(there), meta),
    ):
        with pytest.raises(ad.UnsupportedError, match="has a shape and no values"):
            call()


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_numpys_arrays_that_are_not_differentiated_are_converted_wherever_they_stand(name: str) -> None:
    be, n = ad.backend(name), np.array([3.0, 5.0])
    x = be.asarray(np.ones(2))
    for call in (
        lambda: ad.grad(lambda a, b: ad.xp().sum(a * b))(x, n),
        lambda: ad.grad(lambda a, *, b: ad.xp().sum(a * b))(x, b=n),
        lambda: ad.grad(lambda a, b: ad.xp().sum(a * b["n"][0]))(x, {"n": [n]}),
    ):
        np.testing.assert_array_equal(be.to_numpy(call()), n)


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_a_tape_of_another_backend_says_so(name: str) -> None:
    v = ad.backend(name).variable(np.array([1.0, 2.0]))
    with ad.use_backend("numpy"), ad.tape(persistent=True) as t:
        y = v * v
    for target, source in ((y, v), (ad.variable(1.0), v)):
        with pytest.raises(ad.BackendMismatchError, match=rf"an array of {name} .*open the tape, of .*backend_of"):
            t.grad(target, source)


def test_the_commonest_mistakes_are_said_at_once() -> None:
    x = np.ones(2)
    for call, said in (
        (lambda: ad.grad(x), r"grad\(\) takes a function first, not a ndarray"),
        (lambda: ad.backend(x), r"backend\(\) takes the name of one, not a ndarray; .* backend_of\(x\)"),
        (lambda: ad.backend("numpy").grad(f, x), r"argnums of grad\(\) is a ndarray; .* grad\(f\)\(x\)"),
        (lambda: ad.grad(f)(a=x), "without positional arguments"),
        (lambda: ad.grad(lambda a: None)(x), "was `return` forgotten"),
        (lambda: ad.grad(f, has_aux=True)(x), r"returns \(result, aux\)"),
    ):
        with pytest.raises((TypeError, ValueError), match=said):
            call()


def test_what_is_a_frameworks_and_no_array_is_not_called_another_frameworks() -> None:
    torch = pytest.importorskip("torch")
    be = ad.backend("torch")
    with pytest.raises(TypeError, match="returned a dtype, which is no array"):
        be.grad(lambda a: torch.float32)(1.0)
    with be.tape() as t:
        v = t.watch(1.0)
    with pytest.raises(ad.UntrackedError, match="is a dtype, not an array"):
        t.grad(torch.float32, v)


@pytest.mark.parametrize("function", [ad.xp, ad.extra, ad.backend_of])
def test_the_name_of_a_backend_is_no_array(function: Callable[[str], Any]) -> None:
    with pytest.raises(TypeError, match=r"name of a backend, and no array; write backend\('jax'\)"):
        function("jax")
