"""Chapter CHAP: the programs that ``autodiff-spec chapter`` runs, on the chapter's inputs and on drawn ones."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra import numpy as hnp

import autodiff_spec as ad
from autodiff_spec import Backend, TapeConsumedError, oracle
from autodiff_spec.conformance import clause, examples
from autodiff_spec.conformance.checks import assert_close, assert_equal
from autodiff_spec.conformance.strategies import values
from autodiff_spec.textbook import control_flow, detaching, exercises, gradients, nonscalar, training

XS = [0.0, 1.0, 2.0, 3.0]
FOUR = values((4,)).map(lambda array: array.tolist())


@pytest.fixture(autouse=True, scope="module")
def _current(be: Backend) -> Iterator[None]:
    """The programs use the current backend."""
    with ad.use_backend(be):
        yield


def signed(low: float, high: float) -> st.SearchStrategy[float]:
    """Numbers of both signs, away from zero."""
    return st.builds(lambda size, sign: sign * size, st.floats(low, high), st.sampled_from([1.0, -1.0]))


@clause("CHAP-01", "CHAP-02")
def test_the_simple_function_is_28_and_its_gradient_is_4x(be: Backend) -> None:
    result = gradients.simple_function(XS)
    assert_equal(be, result["y"], 28.0)
    assert_equal(be, result["dy/dx"], [0.0, 4.0, 8.0, 12.0])


@clause("CHAP-02")
@given(xs=FOUR)
def test_the_gradient_of_the_simple_function_is_4x_everywhere(be: Backend, xs: list[float]) -> None:
    assert_close(be.to_numpy(gradients.simple_function(xs)["dy/dx"]), 4 * np.array(xs))


@clause("CHAP-03")
@given(xs=FOUR)
def test_the_next_gradient_overwrites_the_storage(be: Backend, xs: list[float]) -> None:
    result = gradients.gradient_storage(xs)
    assert_close(result["storage after y = 2 x·x"], 4 * np.array(xs))
    assert_equal(be, result["storage after y = sum(x)"], np.ones(4))


@clause("CHAP-04")
@given(xs=FOUR)
def test_the_gradient_of_a_vector_is_that_of_its_sum(be: Backend, xs: list[float]) -> None:
    assert_close(be.to_numpy(nonscalar.sum_rule(xs)["d(sum y)/dx"]), 2 * np.array(xs))


@clause("CHAP-05")
@given(xs=FOUR, weights=FOUR)
def test_an_explicit_cotangent_weighs_the_elements(be: Backend, xs: list[float], weights: list[float]) -> None:
    result = nonscalar.explicit_cotangent(xs, weights)
    assert_close(be.to_numpy(result["d(v·y)/dx"]), 2 * np.array(weights) * np.array(xs))


@clause("CHAP-06", "CHAP-07")
@given(xs=FOUR)
def test_a_detached_factor_is_constant_and_its_origin_is_not(be: Backend, xs: list[float]) -> None:
    result = detaching.detached_factor(xs)
    assert_close(be.to_numpy(result["dz/dx"]), np.square(xs))
    assert_close(be.to_numpy(result["dy/dx on the same tape"]), 2 * np.array(xs))


def assert_gradient_of_f(be: Backend, a: Any) -> None:
    result = be.to_numpy(control_flow.gradient_of_f(a))
    # f(a) = k·a, and k is what a loop over plain numbers finds: a power of two, by 100 where the sum is negative.
    b, k = 2 * np.asarray(a), 2.0
    while np.linalg.norm(b.ravel()) < 1000:
        b, k = 2 * b, 2 * k
    if not b.sum() > 0:
        b, k = 100 * b, 100 * k
    assert_close(result["f(a)"], b)
    assert_close(result["gradient"], np.full(np.shape(a), k))
    assert_close(result["gradient"], result["f(a) / a"])


@clause("CHAP-08")
@given(a=signed(1e-3, 2e3))
def test_the_gradient_through_control_flow_of_a_scalar_is_the_quotient(be: Backend, a: float) -> None:
    assert_gradient_of_f(be, a)


# Multiples of 1/256: sums are exact, so the branch does not depend on the order of addition.
MULTIPLES = st.integers(1, 1 << 17).flatmap(lambda n: st.sampled_from([n / 256, -n / 256]))


@clause("CHAP-09")
@given(a=hnp.arrays("float64", (3,), elements=MULTIPLES))
def test_the_gradient_through_control_flow_of_a_vector_is_the_quotient(be: Backend, a: Any) -> None:
    assert_gradient_of_f(be, a)


@clause("CHAP-10")
@given(a=hnp.arrays("float64", (2, 3), elements=MULTIPLES))
def test_the_gradient_through_control_flow_of_a_matrix_is_the_quotient(be: Backend, a: Any) -> None:
    assert_gradient_of_f(be, a)


@clause("CHAP-08", "CHAP-09", "CHAP-10")
@pytest.mark.parametrize("shape", [(), (3,), (2, 3)], ids=["scalar", "vector", "matrix"])
def test_random_inputs_of_both_signs_take_both_branches(be: Backend, shape: tuple[int, ...]) -> None:
    inputs = control_flow.random_inputs(12, shape)
    factors = [be.to_numpy(control_flow.gradient_of_f(a)["gradient"]).flat[0] for a in inputs]
    positive = [np.log2(k).is_integer() for k in factors]  # not so for a power of two by 100
    assert positive == [bool(a.sum() > 0) for a in inputs]
    assert set(positive) == {True, False}


@clause("CHAP-11")
@given(xs=FOUR)
def test_the_second_derivative_of_the_cube_is_6x(be: Backend, xs: list[float]) -> None:
    result = exercises.second_derivative(xs)
    assert_close(be.to_numpy(result["first derivative"]), 3 * np.square(xs))
    assert_close(be.to_numpy(result["second derivative"]), 6 * np.array(xs))


@clause("CHAP-12")
def test_the_second_call_raises(be: Backend) -> None:
    result = exercises.asked_twice(XS)
    assert_equal(be, result["first call"], [0.0, 4.0, 8.0, 12.0])
    assert isinstance(result["second call"], TapeConsumedError)


@clause("CHAP-13")
@given(xs=FOUR)
def test_a_persistent_tape_answers_twice_the_same(be: Backend, xs: list[float]) -> None:
    result = be.to_numpy(exercises.asked_twice_persistently(xs))
    assert_close(result["first call"], 4 * np.array(xs))
    assert result["first call"].tobytes() == result["second call"].tobytes()


@clause("CHAP-14")
@examples(0.5)
@given(a=signed(1e-4, 1e6))
def test_the_gradient_of_the_iterated_root_is_that_of_the_root(be: Backend, a: float) -> None:
    result = exercises.redesigned_control_flow([a])
    root = np.sqrt(abs(a))
    assert_close(result["signed root"], np.array([np.sign(a) * root]))
    assert_close(result["gradient"], np.array([1 / (2 * root)]))


@clause("CHAP-15")
@examples(0.5)
@given(low=st.floats(-10, 9), length=st.floats(0.5, 10))
def test_the_derivative_of_sin_is_right_over_an_interval(be: Backend, low: float, length: float) -> None:
    result = be.to_numpy(exercises.sine_and_derivative(low, low + length, points=17))
    (truth,) = oracle.gradient(lambda xp, x: xp.sum(xp.sin(x)), result["x"])
    assert_close(result["f'"], truth, scale=1.0)  # near its zeros, accurate beside the amplitude


@clause("CHAP-16")
def test_training_finds_the_weights_that_made_the_data(be: Backend) -> None:
    result = be.to_numpy(training.linear_regression(steps=2000))
    assert_close(result["weights"], training.WEIGHTS, scale=training.BIAS)
    assert_close(result["bias"], training.BIAS)


@clause("CHAP-17")
def test_training_steps_leave_no_objects_behind(be: Backend) -> None:
    w, b = be.variable(np.zeros_like(training.WEIGHTS)), be.variable(0.0, dtype=be.xp.float64)
    steps = training.train(w, b, steps=1100)

    def blocks_after(count: int) -> int:
        for _ in range(count):
            next(steps)
        gc.collect()
        return sys.getallocatedblocks()

    blocks_after(50)  # fills what caches there are
    before = blocks_after(50)
    assert blocks_after(1000) - before < 500  # one object kept at every step would be a thousand
