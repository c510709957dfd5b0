"""host() in each framework's own hands, beyond what the suite asks of all."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autodiff_spec as ad
from tests import fresh

NUMPY = ad.backend("numpy", "native")


def sines(x: Any, w: Any) -> Any:
    return np.sin(x) @ w


# --- PyTorch ----------------------------------------------------------------------------------------------------


@pytest.fixture
def torch() -> Any:
    return pytest.importorskip("torch")


def test_where_tensors_have_no_values_it_gives_the_shapes_that_are_declared(torch: Any) -> None:
    meta = torch.ones(2, 3, device="meta", requires_grad=True)
    f = NUMPY.host(lambda x: np.sin(x) @ np.ones(3), like=lambda x: x[:, 0])
    found = f(meta)
    assert found.is_meta
    assert found.shape == (2,)
    assert torch.autograd.grad(found.sum(), meta)[0].shape == (2, 3)
    with pytest.raises(ad.UnsupportedError, match="declare them: host"):
        NUMPY.host(np.sin)(meta)


def test_numbers_of_sixteen_bits_pass_from_jax_to_pytorch_and_back(torch: Any) -> None:
    jax = pytest.importorskip("jax")
    x = jax.numpy.asarray([0.5, 2.0], "bfloat16")
    slope = jax.grad(lambda x: ad.backend("torch").host(torch.square)(x).sum())(x)
    assert slope.dtype == x.dtype
    np.testing.assert_array_equal(np.asarray(slope, np.float32), [1.0, 4.0])


def test_pytorchs_own_checks_of_gradients_pass(torch: Any) -> None:
    x, w = (torch.linspace(0.1, 1.0, n, dtype=torch.float64).requires_grad_() for n in (6, 3))
    f = NUMPY.host(lambda x, w: sines(x.reshape(2, 3), w))
    assert torch.autograd.gradcheck(f, (x, w))
    assert torch.autograd.gradgradcheck(f, (x, w))
    z = torch.complex(x, x.flip(0)).detach().requires_grad_()
    g = NUMPY.host(lambda z: z * z * np.conj(z))
    assert torch.autograd.gradcheck(g, (z,))
    assert torch.autograd.gradgradcheck(g, (z,))


def test_backward_trains_a_module_around_it(torch: Any) -> None:
    layer = torch.nn.Linear(3, 3, dtype=torch.float64)
    f = NUMPY.host(lambda h: np.tanh(h))
    x = torch.ones(2, 3, dtype=torch.float64)
    f(layer(x)).sum().backward()
    found = layer.weight.grad.clone()
    layer.zero_grad()
    torch.tanh(layer(x)).sum().backward()
    torch.testing.assert_close(found, layer.weight.grad)
    with torch.no_grad():
        assert not f(layer(x)).requires_grad


def test_the_program_runs_once_for_a_gradient(torch: Any) -> None:
    ran: list[str] = []

    def program(x: Any) -> Any:
        ran.append(type(x).__name__)
        return np.sum(x * x)

    f, x = NUMPY.host(program), torch.ones(3, requires_grad=True)
    f(x).backward()
    assert ran == ["Array"]
    f(x.detach())
    assert ran == ["Array", "ndarray"]


def test_its_recording_is_let_go_of_with_the_graph(torch: Any) -> None:
    factors = np.ones(100_000)  # so large that a recording locks it, and no copy of it
    loss = NUMPY.host(lambda x: np.sum(x * factors))(torch.ones(100_000, requires_grad=True))
    assert not factors.flags.writeable
    gc.disable()
    try:
        loss.backward()
        del loss
        assert factors.flags.writeable
    finally:
        gc.enable()


def test_a_trace_that_would_keep_its_values_is_refused(torch: Any) -> None:
    with pytest.warns(DeprecationWarning, match="trace"), pytest.raises(ad.UnsupportedError, match="untraced"):
        torch.jit.trace(NUMPY.host(np.sin), (torch.ones(3),))


def test_a_batch_of_torch_funcs_is_refused(torch: Any) -> None:
    with pytest.raises(ad.UnsupportedError, match="vmap"):
        torch.func.vmap(NUMPY.host(np.sin))(torch.ones(3))


def test_levels_of_torch_func_are_differentiated(torch: Any) -> None:
    f, x = NUMPY.host(lambda x: np.sum(np.sin(x))), torch.linspace(0.0, 1.0, 3)
    torch.testing.assert_close(torch.func.grad(f)(x), torch.cos(x))
    torch.testing.assert_close(torch.func.grad(lambda y: torch.func.grad(f)(y).sum())(x), -torch.sin(x))


# --- JAX --------------------------------------------------------------------------------------------------------


@pytest.fixture
def jax() -> Any:
    return pytest.importorskip("jax")


def like_rows(x: Any, w: Any) -> Any:
    import jax

    return jax.ShapeDtypeStruct(x.shape[:1], x.dtype)


def test_compilations_of_every_order_and_shape(jax: Any) -> None:
    f, jnp = NUMPY.host(sines, like=like_rows), jax.numpy
    for rows in (1, 4):
        x, w = jnp.linspace(0.1, 1.0, 3 * rows).reshape(rows, 3), jnp.asarray([1.0, 2.0, 3.0])
        first = [
            jax.grad(lambda x, w, function=function: jnp.sum(function(x, w) ** 2))
            for function in (f, lambda x, w: jnp.sin(x) @ w)
        ]
        for pair in (first, [jax.jacrev(gradient) for gradient in first]):
            found, expected = (jax.jit(derivative)(x, w) for derivative in pair)
            np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def test_an_error_in_compiled_code_carries_the_programs_text(jax: Any) -> None:
    def broken(x: Any) -> Any:
        raise KeyError("mine")

    with pytest.raises(jax.errors.JaxRuntimeError, match="KeyError: 'mine'"):
        jax.jit(NUMPY.host(broken, like=lambda x: x))(jax.numpy.ones(3))


def test_a_large_array_passes_through_compiled_code(jax: Any) -> None:
    x = jax.numpy.ones((700, 700))  # a callback that waited for its own arguments would never end
    found = jax.jit(jax.grad(NUMPY.host(lambda x: np.sum(x @ x), like=np.zeros(()))))(x)
    np.testing.assert_array_equal(found, np.full((700, 700), 1400.0))


NARROW = """
import numpy as np, jax
import autodiff_spec as ad
numpy, x = ad.backend("numpy"), jax.numpy.ones(3)
assert x.dtype == "float32"
for f in (numpy.host(lambda x: x * np.ones(3)), jax.jit(numpy.host(lambda x: x * np.ones(3), like=np.zeros(3)))):
    try:
        f(x)
    except ad.DtypeError as error:
        assert "float64" in str(error)
    else:
        raise AssertionError("narrowed")
assert numpy.host(lambda x: x * 2.0)(x).dtype == "float32"
"""


def test_a_result_that_jax_would_narrow_is_refused(jax: Any) -> None:
    fresh.program(NARROW, JAX_ENABLE_X64="0")


# --- TensorFlow -------------------------------------------------------------------------------------------------


@pytest.fixture
def tf() -> Any:
    return pytest.importorskip("tensorflow")


def test_a_graph_whose_batch_is_not_known(tf: Any) -> None:
    f = NUMPY.host(sines, like=lambda x, w: tf.TensorSpec(x.shape[:1], x.dtype))
    w = tf.constant([1.0, 2.0, 3.0], tf.float64)

    @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float64)])
    def gradient(x: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = f(x, w)
        assert y.shape.as_list() == [None]
        return tape.gradient(y, x)

    for rows in (1, 4):
        x = np.linspace(0.1, 1.0, 3 * rows).reshape(rows, 3)
        np.testing.assert_allclose(gradient(x), np.cos(x) * w.numpy(), rtol=1e-12)


def test_autograph_keeps_the_types_of_our_errors(tf: Any) -> None:
    with pytest.raises(ad.UnsupportedError, match="like="):
        tf.function(NUMPY.host(np.sin), autograph=True)(tf.constant(1.0))

    @tf.function(autograph=True)
    def branching(x: Any) -> Any:
        if tf.reduce_sum(x) > 0.0:
            x = NUMPY.host(np.sin)(x)
        return x

    with pytest.raises(ad.UnsupportedError, match="like="):
        branching(tf.constant(1.0))


def test_keras_fits_a_layer_that_calls_it(tf: Any) -> None:
    keras = pytest.importorskip("keras")
    if keras.backend.backend() != "tensorflow":
        pytest.skip("keras runs on another backend here")

    class Layer(keras.layers.Layer):  # type: ignore[misc, name-defined]
        def build(self, shape: Any) -> None:
            self.w = self.add_weight(shape=(shape[-1],), initializer="zeros", name="w")

        def call(self, x: Any) -> Any:
            f = NUMPY.host(lambda x, w: np.tanh(x @ w), like=lambda x, w: tf.TensorSpec(x.shape[:1], x.dtype))
            return f(x, tf.convert_to_tensor(self.w))

    x = np.random.default_rng(0).normal(size=(64, 3)).astype(np.float32)
    y = np.tanh(x @ np.array([1.0, 2.0, -1.0], np.float32))
    model = keras.Sequential([keras.Input((3,)), Layer()])
    model.compile(keras.optimizers.Adam(0.1), "mse")
    losses = model.fit(x, y, epochs=20, verbose=0).history["loss"]
    assert losses[-1] < 0.05 * losses[0]


# --- each on each -----------------------------------------------------------------------------------------------

PROGRAMS: dict[str, Callable[[Any], Any]] = {
    "numpy": lambda x: np.sum(np.sin(x) ** 2),
    "torch": lambda x: (x.sin() ** 2).sum(),
    "tensorflow": lambda x: __import__("tensorflow").reduce_sum(__import__("tensorflow").sin(x) ** 2),
    "jax": lambda x: (__import__("jax").numpy.sin(x) ** 2).sum(),
}


@pytest.mark.parametrize("target", list(PROGRAMS))
@pytest.mark.parametrize("source", list(PROGRAMS))
def test_every_backend_is_hosted_on_every_other(source: str, target: str) -> None:
    for name in (source, target):
        pytest.importorskip(name)
    f, be, x = ad.backend(source).host(PROGRAMS[source]), ad.backend(target), np.linspace(0.0, 1.0, 3)
    with ad.use_backend(be):
        given = be.asarray(x)
        found, second = be.to_numpy(be.grad(f)(given)), be.to_numpy(be.hessian(f)(given))
    np.testing.assert_allclose(found, np.sin(2 * x), rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(second, np.diag(2 * np.cos(2 * x)), rtol=1e-12, atol=1e-12)


def test_arrays_of_three_frameworks_are_refused(torch: Any, jax: Any) -> None:
    with pytest.raises(ad.BackendMismatchError, match="two backends"):
        NUMPY.host(lambda x, y: x + y)(torch.ones(3), jax.numpy.ones(3))


def test_it_refuses_what_is_no_function() -> None:
    with pytest.raises(TypeError, match="takes a function first"):
        NUMPY.host(np.ones(3))  # type: ignore[arg-type]
