"""Half precisions, and where arrays lie: what comes back has the dtype and the device of what it belongs to."""

from __future__ import annotations

import numpy as np
import pytest

import autodiff_spec as ad
from tests import fresh

ADAPTERS = ["torch", "tensorflow", "jax"]


@pytest.fixture(params=ADAPTERS)
def be(request: pytest.FixtureRequest) -> ad.Backend:
    if request.param not in ad.available_backends():
        pytest.skip(f"{request.param} is not installed")
    return ad.backend(request.param, conventions="native")


# --- half precisions ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["float16", "bfloat16"])
class TestHalf:
    """All values here are small integers, which both half precisions hold exactly."""

    def test_variables_and_tapes(self, be: ad.Backend, name: str) -> None:
        half = getattr(be.xp, name)
        x = be.variable([1.0, 2.0, 3.0], dtype=half)
        be.assign(x, [2.0, 3.0, 4.0])
        with be.tape() as outer:
            with be.tape() as tape:
                y = be.xp.sum(x * x * x)
            first = tape.grad(y, x)
            total = be.xp.sum(first)
        second = outer.grad(total, x)
        assert x.dtype == y.dtype == first.dtype == second.dtype == half
        np.testing.assert_array_equal(be.to_numpy(first).astype(np.float64), [12.0, 27.0, 48.0])
        np.testing.assert_array_equal(be.to_numpy(second).astype(np.float64), [12.0, 18.0, 24.0])

    def test_functional_forms(self, be: ad.Backend, name: str) -> None:
        half = getattr(be.xp, name)
        x = be.asarray([1.0, 2.0], dtype=half)
        value, slope = be.value_and_grad(lambda a: be.xp.sum(a * a))(x)
        _, along = be.jvp(lambda a: a * a, (x,), (x,))
        assert value.dtype == slope.dtype == along.dtype == be.jacobian(lambda a: a * a)(x).dtype == half
        np.testing.assert_array_equal(be.to_numpy(slope).astype(np.float64), [2.0, 4.0])
        np.testing.assert_array_equal(be.to_numpy(along).astype(np.float64), [2.0, 8.0])

    def test_a_cotangent_is_cast_to_it(self, be: ad.Backend, name: str) -> None:
        half = getattr(be.xp, name)
        x = be.variable([1.0, 2.0], dtype=half)
        with be.tape() as tape:
            y = x * x
        found = tape.grad(y, x, cotangent=be.asarray([1.0, 3.0], dtype=be.xp.float32))
        assert found.dtype == half
        np.testing.assert_array_equal(be.to_numpy(found).astype(np.float64), [2.0, 12.0])

    def test_a_gradient_through_a_wider_dtype_comes_back_in_it(self, be: ad.Backend, name: str) -> None:
        xp, half = be.xp, getattr(be.xp, name)
        x = be.variable([1.0, 2.0], dtype=half)
        with be.tape() as tape:
            y = xp.sum(xp.astype(x, xp.float32) * be.asarray([3.0, 5.0], dtype=xp.float32))
        found = tape.grad(y, x)
        assert y.dtype == xp.float32
        assert found.dtype == half
        np.testing.assert_array_equal(be.to_numpy(found).astype(np.float64), [3.0, 5.0])


# --- devices; those of JAX are in test_jax_transforms.py -------------------------------------------------------------


@pytest.mark.parametrize("device", ["cpu", "cuda", "meta"])
def test_arrays_of_pytorch_keep_their_device(device: str) -> None:
    torch, be = pytest.importorskip("torch"), ad.backend("torch")
    if device == "cuda" and not torch.cuda.is_available():
        pytest.skip("there is no CUDA device")
    x, c = torch.ones(3, device=device), torch.ones(3, device=device)
    v = be.variable(x)
    be.assign(v, x)
    with be.tape() as outer:
        with be.tape() as tape:
            y = torch.sum(torch.sin(v * c) * v)
        first = tape.grad(y, v)
        total = torch.sum(first)
    lost = be.variable(x)
    with be.tape() as tape:
        z = be.xp.sum(v * 2.0)
    arrays = [v, first, outer.grad(total, v), tape.grad(z, lost), be.stop_gradient(v), be.xp.clip(x, 0, 1)]
    arrays += [be.grad(lambda a: torch.sum(a * a))(x), be.jvp(lambda a: a * a, (x,), (c,))[1], be.extra.softplus(x)]
    arrays += [be.extra.index(x, slice(None, None, -1)), be.extra.at(x, 0).add(1.0), be.jacobian(lambda a: a * c)(x)]
    assert {array.device.type for array in arrays} == {device}


TENSORFLOW = """
import tensorflow as tf
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)
import autodiff_spec as ad
be = ad.backend("tensorflow")
with tf.device("CPU:1"):
    x = tf.constant([1.0, 2.0])
assert not (x * x).device.endswith("CPU:1")  # TensorFlow computes where it likes
v = be.variable(x)
be.assign(v, x)
with be.tape() as tape:
    y = be.xp.sum(be.xp.sin(v) * v)
for array in (v, tape.grad(y, v), be.grad(lambda a: be.xp.sum(a * a))(x)):
    assert array.device.endswith("CPU:1"), array.device
"""


def test_arrays_of_tensorflow_keep_their_device() -> None:
    pytest.importorskip("tensorflow")
    fresh.program(TENSORFLOW, TF_CPP_MIN_LOG_LEVEL="3")
