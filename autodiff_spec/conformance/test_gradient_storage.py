"""Chapter VAR: out= names the storage of gradients."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from autodiff_spec import (
    Backend,
    ShapeMismatchError,
    TapeStateError,
    UnsupportedError,
)
from autodiff_spec.conformance import clause
from autodiff_spec.conformance.checks import assert_equal
from autodiff_spec.conformance.strategies import arrays


@clause("VAR-19", "VAR-20", "VAR-21")
@given(value=arrays(), dtype=st.sampled_from(["float32", "float64"]))
def test_out_names_a_variable_as_gradient_storage(be: Backend, value: Any, dtype: str) -> None:
    v = be.variable(value)
    storage = be.variable(np.full(value.shape, 7.0), dtype=getattr(be.xp, dtype))
    for _ in range(2):
        with be.tape() as t:
            y = v * v
        assert t.grad(y, v, out=storage) is storage
        assert storage.dtype == getattr(be.xp, dtype)
        assert_equal(be, storage, 2 * value)


@clause("VAR-21")
def test_out_of_an_unconnected_source_receives_zeros(be: Backend) -> None:
    v, other = be.variable([1.0, 2.0]), be.variable([3.0])
    storage = (be.variable([7.0, 7.0]), be.variable([7.0]))
    with be.tape() as t:
        y = v * v
    assert t.grad(y, (v, other), out=storage) is storage
    assert_equal(be, storage[0], [2.0, 4.0])
    assert_equal(be, storage[1], [0.0])


@clause("VAR-22", "VAR-20", "VAR-21")
def test_out_names_a_mutable_array_as_gradient_storage(be: Backend) -> None:
    v = be.variable([1.0, 2.0], dtype=be.xp.float64)
    storage = be.asarray([7.0, 7.0], dtype=be.xp.float64)
    for factor in (2.0, 3.0):
        with be.tape() as t:
            y = factor * v * v
        assert t.grad(y, v, out=storage) is storage
        assert_equal(be, storage, [2 * factor, 4 * factor])


@clause("VAR-23", "VAR-26", "TAPE-24")
@pytest.mark.parametrize("case", ["a shape", "a broadcastable shape", "a tree", "one of two"])
def test_out_that_does_not_fit_is_refused_and_nothing_changed(be: Backend, case: str) -> None:
    v, w, storage = be.variable([1.0, 2.0]), be.variable([3.0]), be.variable([7.0, 7.0])
    wrong = be.variable([7.0] if case == "one of two" else [7.0, 7.0, 7.0])
    sources, out = {
        "a shape": (v, wrong),
        "a broadcastable shape": (w, storage),
        "a tree": (v, [storage]),
        "one of two": ((v, w), (wrong, wrong)),
    }[case]
    with be.tape() as t:
        y = v * v
    with pytest.raises(ShapeMismatchError):
        t.grad(y, sources, out=out)
    assert be.to_numpy(storage).tolist() == [7.0, 7.0]
    assert set(be.to_numpy(wrong).tolist()) == {7.0}
    assert_equal(be, t.grad(y, v), [2.0, 4.0])


@clause("VAR-24", "VAR-26", "TAPE-24")
def test_out_under_an_outer_tape_is_refused(be: Backend) -> None:
    v, storage = be.variable([1.0, 2.0]), be.variable([7.0, 7.0])
    with be.tape():
        with be.tape() as inner:
            y = v * v
        with pytest.raises(TapeStateError):
            inner.grad(y, v, out=storage)
    assert_equal(be, storage, [7.0, 7.0])
    assert_equal(be, inner.grad(y, v, out=storage), [2.0, 4.0])


@clause("VAR-25", "TAPE-24")
@pytest.mark.parametrize("out", [1.0, [1.0, 2.0], "gradient"], ids=["a float", "a list", "a string"])
def test_out_that_cannot_be_written_is_refused(be: Backend, out: Any) -> None:
    v = be.variable([1.0, 2.0])
    sources = [v, v] if isinstance(out, list) else v
    with be.tape() as t:
        y = v * v
    with pytest.raises(UnsupportedError):
        t.grad(y, sources, out=out)
    assert_equal(be, t.grad(y, v), [2.0, 4.0])
