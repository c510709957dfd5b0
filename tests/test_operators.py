"""How the derived operators choose their way, which the suite cannot see."""

import sys
import tracemalloc
from collections import Counter
from typing import Any

import numpy as np
import pytest

import autodiff_spec as ad
from autodiff_numpy import NumpyBackend
from autodiff_spec.core.engine import Engine
from tests import fresh

X = np.array([1.0, 2.0, 3.0])


class Derivedly(NumpyBackend):
    """An engine without a forward mode of its own."""

    _jvp = Engine._jvp
    _linearize = Engine._linearize
    _forward_is_native = Engine._forward_is_native


class FirstOrder(Derivedly):
    """An engine whose pullbacks cannot be differentiated."""

    capabilities = NumpyBackend.capabilities - {ad.Capability.HIGHER_ORDER}


class Counting(Derivedly):
    """Counts what is asked of it."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: Counter[str] = Counter()

    def _vjp(self, f: Any, primals: list[Any], *, once: bool) -> Any:
        outputs, pull = super()._vjp(f, primals, once=once)

        def counted(cotangents: list[Any]) -> list[Any]:
            self.calls["pull"] += 1
            return pull(cotangents)

        return outputs, counted


def test_a_backend_without_higher_order_refuses_what_needs_it() -> None:
    be = FirstOrder()
    with pytest.raises(ad.UnsupportedError, match="HIGHER_ORDER"):
        be.jvp(lambda x: x, (X,), (X,))
    with pytest.raises(ad.UnsupportedError, match="HIGHER_ORDER"):
        be.jacobian(lambda x: x * x, mode="forward")(X)
    with pytest.raises(ad.UnsupportedError, match="HIGHER_ORDER"):
        be.hessian(lambda x: x * x)
    with pytest.raises(ad.UnsupportedError, match="HIGHER_ORDER"):
        be.hvp(lambda x: x * x, (X,), (X,))
    for operator in (be.hessian_diag, be.laplacian):
        with pytest.raises(ad.UnsupportedError, match="HIGHER_ORDER"):
            operator(lambda x: x * x)
    with pytest.raises(ad.UnsupportedError, match="HIGHER_ORDER"):
        be.linearize(lambda x: x * x, X)


def test_the_diagonal_of_a_hessian_needs_no_room_for_it() -> None:
    be, n = ad.backend("numpy"), 1500
    x = np.linspace(0.5, 1.5, n)
    tracemalloc.start()
    try:
        diagonal = be.hessian_diag(lambda a: be.xp.sum(a * a) * be.xp.sum(a))(x)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    np.testing.assert_allclose(diagonal, 2 * x.sum() + 4 * x)
    assert peak < 8 * n * n / 10


def test_results_of_a_prepared_function_are_not_written_over_one_another() -> None:
    be = ad.backend("numpy")
    both, memory = be.prepare(lambda x: (x * 2.0, x * 3.0), X), np.zeros(6)
    for out in ((memory[:3], memory[:3]), (memory[:3], memory[2:5]), [memory[:3]] * 2):
        with pytest.raises(ValueError, match=r"out\[0\] and out\[1\] .* share memory"):
            both(X, out=out)
    both(X, out=(memory[::2], memory[1::2]))
    np.testing.assert_array_equal(memory, [2.0, 3.0, 4.0, 6.0, 6.0, 9.0])
    with pytest.raises(TypeError, match="takes a function first"):
        be.prepare(3, X)  # type: ignore[arg-type]


def test_a_linear_map_without_scipy_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy.sparse.linalg", None)
    _, product = ad.linearize(lambda x: x * x, 2.0)
    with pytest.raises(ad.UnsupportedError, match="needs SciPy: pip install"):
        product.to_scipy()


def test_a_backend_without_higher_order_has_jacobians_and_batches() -> None:
    be = FirstOrder()
    tall = be.jacobian(lambda x: np.concatenate([x * x] * 9))(X)
    np.testing.assert_array_equal(tall, np.tile(np.diag(2 * X), (9, 1)))
    np.testing.assert_array_equal(be.vmap(lambda x: x * x)(X), X * X)
    report = be.check_grad(lambda x: np.sin(x), X)
    assert report.passed
    assert [row.mode for row in report.rows] == ["reverse"]


@pytest.mark.parametrize(("copies", "pulls"), [(1, 3), (2, 6), (9, 4)])
def test_auto_picks_the_mode_by_the_sizes(copies: int, pulls: int) -> None:
    be = Counting()
    be.jacobian(lambda x: np.concatenate([x * x] * copies))(X)
    assert be.calls["pull"] == pulls  # 3 for each copy in reverse; 1 to transpose and 3 pushforwards in forward mode


@pytest.mark.parametrize(("copies", "pulls", "pushes"), [(1, 3, 0), (2, 0, 3)])
def test_auto_picks_forward_mode_for_fewer_columns_where_the_backend_has_its_own(
    copies: int, pulls: int, pushes: int
) -> None:
    class Native(Counting):
        _forward_is_native = NumpyBackend._forward_is_native

        def _linearize(self, f: Any, primals: list[Any]) -> Any:
            outputs, push = NumpyBackend._linearize(self, f, primals)

            def counted(tangents: list[Any]) -> list[Any]:
                self.calls["push"] += 1
                return push(tangents)

            return outputs, counted

    be = Native()
    be.jacobian(lambda x: np.concatenate([x * x] * copies))(X)
    assert (be.calls["pull"], be.calls["push"]) == (pulls, pushes)


def test_a_product_with_the_hessian_evaluates_the_function_once() -> None:
    calls: Counter[str] = Counter()

    def f(x: Any) -> Any:
        calls["f"] += 1
        return np.sum(x * x * x)

    be = Counting()
    be.hvp(f, (X,), (X,))
    assert calls["f"] == 1
    assert be.calls["pull"] == 2
    calls.clear()
    be.jvp(f, (X,), (X,))
    be.jacobian(f, mode="forward")(X)
    assert calls["f"] == 2


def test_the_functions_of_the_module_follow_the_current_backend() -> None:
    def f(x: Any) -> Any:
        return ad.xp().sum(x * x * x)

    made = ad.jacobian(f), ad.hessian(f), ad.vmap(lambda x: x * x)
    for name in ("numpy", "torch"):
        pytest.importorskip(name)
        with ad.use_backend(name) as be:
            found = [make(X) for make in made] + [ad.jvp(f, (X,), (X,))[1], *ad.hvp(f, (X,), (X,))]
            assert all(be.is_array(array) for array in found)
            expected = [3 * X**2, np.diag(6 * X), X * X, np.sum(3 * X**3), 6 * X * X]
            for array, true in zip(found, expected, strict=True):
                np.testing.assert_allclose(be.to_numpy(array), true, rtol=1e-14)
            assert ad.check_grad(f, X).backend == name


def test_jax_batches_by_its_own_transform_unless_python_looks_at_values() -> None:
    jax = pytest.importorskip("jax")
    be = ad.backend("jax")
    traced: list[bool] = []

    def f(x: Any) -> Any:
        traced.append(isinstance(x, jax.core.Tracer))
        return x * x

    be.vmap(f)(be.xp.asarray(X, dtype=be.xp.float32))
    assert traced == [True]
    be.vmap(lambda x: f(x) if float(x) > 1.5 else x)(be.xp.asarray(X, dtype=be.xp.float32))
    assert traced == [True, False, False]


def test_the_operators_load_no_framework_and_no_oracle() -> None:
    code = (
        "import sys, autodiff_spec as ad; ad.jacobian(lambda x: x * x)(2.0); ad.hvp(lambda x: x * x, (2.0,), (1.0,)); "
        "assert not {'torch', 'jax', 'tensorflow', 'mpmath'} & set(sys.modules)"
    )
    fresh.program(code)
