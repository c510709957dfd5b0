"""Half precisions, and where arrays lie: what comes back has the dtype and the device of what it belongs to."""

from __future__ import annotations

import re
from typing import Any

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


# --- Python floats ----------------------------------------------------------------------------------------------------

DEFAULTS = """
import numpy as np, autodiff_spec as ad
be = ad.backend({name!r})
xp = be.xp
default = xp.__array_namespace_info__().default_dtypes()["real floating"]
assert default == xp.{dtype}, default
found = [be.variable(1.0), be.variable([1.0, 2.0]), be.asarray(1.0), be.grad(lambda x: x * x)(3.0)]
with be.tape() as tape:
    found.append(2.5 * tape.watch(1.0))
assert {{x.dtype for x in found}} == {{default}}, [x.dtype for x in found]
x = be.variable([1.0, 2.0], dtype=xp.float32)
with be.tape() as tape:
    y = 2.5 * x / 3.0 + 1.5 - x**2.0
assert x.dtype == y.dtype == tape.grad(y, x).dtype == xp.float32
"""
WITHOUT_X64 = """
try:
    be.variable(np.array([1.0, 2.0]))
except ad.DtypeError as error:
    assert "JAX_ENABLE_X64" in str(error)
else:
    raise SystemExit("64 bits were narrowed")
"""


@pytest.mark.parametrize(
    ("name", "dtype", "before", "after"),
    [
        ("numpy", "float64", "", ""),
        ("torch", "float32", "", ""),
        ("torch", "float64", "import torch; torch.set_default_dtype(torch.float64)", ""),
        ("tensorflow", "float32", "", ""),
        ("jax", "float32", "", WITHOUT_X64),
        ("jax", "float64", "import jax; jax.config.update('jax_enable_x64', True)", ""),
    ],
)
def test_python_floats_have_the_default_dtype_of_the_framework(name: str, dtype: str, before: str, after: str) -> None:
    pytest.importorskip(name)
    program = before + DEFAULTS.format(name=name, dtype=dtype) + after
    fresh.program(program, JAX_ENABLE_X64="0", TF_CPP_MIN_LOG_LEVEL="3")


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


@pytest.mark.parametrize("wrong", ["cuda:99", "meta", "a device", 99])
def test_a_variable_of_pytorch_is_not_made_where_there_are_no_values(wrong: object) -> None:
    pytest.importorskip("torch")
    with pytest.raises(ad.DeviceError, match=re.escape(repr(wrong))):
        ad.backend("torch").variable([1.0, 2.0], device=wrong)


@pytest.mark.parametrize("name", ["numpy", *ADAPTERS])
def test_constants_are_made_like_the_argument_of_a_function(name: str) -> None:
    if name not in ad.available_backends():
        pytest.skip(f"{name} is not installed")
    be = ad.backend(name)

    def first(x: Any) -> Any:  # the line of the guide to library code
        xp = ad.xp()
        basis = xp.eye(2, dtype=x.dtype, device=getattr(x, "device", None))
        return xp.sum(xp.matmul(basis, x)[:1])

    x = be.asarray([1.0, 2.0], dtype=be.xp.float32)
    v = be.variable(x)
    with be.tape() as tape, ad.use_backend(be):
        y = first(v)
    for found in (tape.grad(y, v), be.grad(first)(x), be.prepare(be.grad(first), x)(x)):
        assert found.dtype == be.xp.float32
        np.testing.assert_array_equal(be.to_numpy(found), [1.0, 0.0])


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
other = be.variable([1.0, 2.0], device="CPU:1")
moved = be.variable(be.variable([1.0, 2.0]), device=v.device)
for array in (v, other, moved, tape.grad(y, v), be.grad(lambda a: be.xp.sum(a * a))(x)):
    assert array.device.endswith("CPU:1"), array.device
for wrong in ("CPU:2", "GPU:0", "a device"):
    try:
        be.variable(1.0, device=wrong)
    except ad.DeviceError as error:
        assert wrong in str(error)
    else:
        raise SystemExit(f"a variable on {wrong}")
"""


def test_arrays_of_tensorflow_keep_their_device() -> None:
    pytest.importorskip("tensorflow")
    fresh.program(TENSORFLOW, TF_CPP_MIN_LOG_LEVEL="3")
