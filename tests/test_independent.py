"""`IndependentWarning`: a derivative that is zero because nothing leads from its arguments to the result."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autodiff_spec as ad
from tests import fresh

X = [1.0, 2.0]
DERIVATIVES: dict[str, Callable[..., Callable[..., Any]]] = {
    "grad": ad.grad,
    "value_and_grad": ad.value_and_grad,
    "jacobian": ad.jacobian,
    "jacobian, forward": lambda f: ad.jacobian(f, mode="forward"),
}
INDEPENDENT: dict[str, Callable[..., Any]] = {
    "a constant": lambda x: 3.0,
    "detached": lambda x: ad.xp().sum(ad.stop_gradient(x * x)),
    "of other arrays": lambda x: ad.xp().sum(ad.xp().ones(3)),
    "an integer": lambda x: ad.xp().argmax(x),
    "in a tree": lambda x: {"a": 3.0, "b": [4.0]},
}
DEPENDENT: dict[str, Callable[..., Any]] = {
    "itself": lambda x: x,
    "times zero": lambda x: x * 0.0,
    "one of several results": lambda x: (3.0, x),
    "the gradient of a linear function": lambda x: ad.grad(lambda y: ad.xp().sum(3.0 * y))(x),
    "a pushforward of a linear function": lambda x: ad.jvp(lambda y: 3.0 * y, (x,), (ad.xp().ones_like(x),))[1],
}


@pytest.fixture(params=["numpy", "torch", "tensorflow"])
def be(request: pytest.FixtureRequest) -> Any:
    """The backends that say of a source that nothing leads to it; JAX's own transforms do not."""
    if request.param not in ad.available_backends():
        pytest.skip(f"{request.param} is not installed")
    with ad.use_backend(request.param) as be:
        yield be


def array(be: ad.Backend, values: Any = X) -> Any:
    return be.asarray(values, dtype=be.xp.float64)


@pytest.mark.parametrize("name", DERIVATIVES)
@pytest.mark.parametrize("what", INDEPENDENT)
def test_a_result_that_does_not_depend_on_the_arguments_warns(be: ad.Backend, what: str, name: str) -> None:
    if "jacobian" in name and what == "an integer":
        pytest.skip("no row is asked for, so nothing is known of it")
    with pytest.warns(ad.IndependentWarning, match=r"grad\(\)|jacobian\(\)") as caught:
        DERIVATIVES[name](INDEPENDENT[what])(array(be))
    assert [warning.filename for warning in caught] == [__file__]


@pytest.mark.parametrize("name", DERIVATIVES)
@pytest.mark.parametrize("what", DEPENDENT)
def test_a_result_that_depends_on_them_does_not(be: ad.Backend, what: str, name: str) -> None:
    DERIVATIVES[name](DEPENDENT[what])(array(be))  # warnings are errors here


def test_one_argument_that_counts_is_enough(be: ad.Backend) -> None:
    ad.grad(lambda x, y: ad.xp().sum(y), argnums=(0, 1))(array(be), array(be))
    ad.grad(lambda tree: ad.xp().sum(tree["used"]))({"used": array(be), "unused": array(be)})


def test_where_there_is_nothing_to_connect_it_is_silent(be: ad.Backend) -> None:
    for derivative in DERIVATIVES.values():
        derivative(lambda x: x * 2.0)(array(be, np.zeros(0)))
        derivative(lambda x: ())(array(be))
    ad.hessian(lambda x: ad.xp().sum(3.0 * x))(array(be))
    ad.hvp(lambda x: ad.xp().sum(3.0 * x), (array(be),), (array(be),))


def test_pullbacks_pushforwards_and_tapes_say_it_by_their_results(be: ad.Backend) -> None:
    ad.vjp(lambda x: 3.0, array(be))[1](array(be, 1.0))
    ad.jvp(lambda x: 3.0, (array(be),), (array(be),))
    v = be.variable(X, dtype=be.xp.float64)
    with be.tape() as t:
        w = t.watch(array(be, 1.0))
        y = w * w
    assert t.grad(y, v, unconnected="none") is None


def test_a_filter_turns_it_off(be: ad.Backend) -> None:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=ad.IndependentWarning)
        assert not np.any(ad.to_numpy(ad.grad(lambda x: 3.0)(array(be))))


def test_it_is_told_once_for_each_place() -> None:
    done = fresh.python("-c", """
import numpy as np
import autodiff_spec as ad

for _ in range(3):
    ad.grad(lambda x: 3.0)(np.ones(2))
ad.grad(lambda x: 3.0)(np.ones(2))
""")  # fmt: skip
    lines = [line for line in done.stderr.splitlines() if "IndependentWarning" in line]
    assert [line.partition(": IndependentWarning")[0] for line in lines] == ["<string>:6", "<string>:7"]


def test_tensors_without_values_do_not_warn() -> None:
    """Keras asks layers for their shapes with such, and makes new ones on the way."""
    torch = pytest.importorskip("torch")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = ad.backend("torch").grad(lambda x: torch.empty_like(x.detach()).sum())(torch.ones(2, device="meta"))
    assert found.is_meta
