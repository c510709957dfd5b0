"""Keras 3 on each of its backends, which it chooses once in a process: `keras_on_a_backend.py` runs in one for each."""

from __future__ import annotations

import importlib.util

import pytest

import autodiff_spec as ad
from tests import fresh

pytestmark = pytest.mark.skipif(importlib.util.find_spec("keras") is None, reason="keras is not installed")
QUIET = {"JAX_ENABLE_X64": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}


@pytest.mark.parametrize("backend", ["torch", "tensorflow", "jax"])
def test_keras_is_at_home_on(backend: str) -> None:
    if backend not in ad.available_backends():
        pytest.skip(f"{backend} is not installed")
    done = fresh.python(
        "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/keras_on_a_backend.py", KERAS_BACKEND=backend, **QUIET
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_keras_on_numpy_is_refused() -> None:
    program = """
import keras, autodiff_spec as ad
try:
    ad.grad(lambda x: keras.ops.sum(keras.ops.sin(x)))(keras.Variable([1.0]))
except ad.LostDerivativeError as error:
    print(error)
"""
    assert "would lose the derivative" in fresh.program(program, KERAS_BACKEND="numpy", **QUIET)
