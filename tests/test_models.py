"""A small model of each framework's own kind: its native gradient, and ours on a tape and in the functional form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import autodiff_spec as ad

DRAW = np.random.default_rng(20261)
X, Y = DRAW.normal(size=(8, 3)), DRAW.normal(size=(8, 2))
CLOSE = {"rtol": 1e-12, "atol": 1e-14}


def assert_close(be: ad.Backend, found: Any, native: Any) -> None:
    assert len(found) == len(native)
    for ours, theirs in zip(found, native, strict=True):
        assert tuple(ours.shape) == tuple(theirs.shape)
        np.testing.assert_allclose(be.to_numpy(ours), be.to_numpy(theirs), **CLOSE)


# --- PyTorch: torch.nn.Module -----------------------------------------------------------------------------------


@pytest.fixture
def module() -> Any:
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Linear(3, 5), torch.nn.LayerNorm(5), torch.nn.GELU(), torch.nn.Linear(5, 2)
    ).double()  # fmt: skip


def torch_loss(found: Any) -> Any:
    import torch

    return torch.nn.functional.mse_loss(found, torch.as_tensor(Y))


def test_a_module_of_pytorch_on_a_tape(module: Any) -> None:
    torch, be = pytest.importorskip("torch"), ad.backend("torch")
    parameters, x = dict(module.named_parameters()), torch.as_tensor(X)
    native = torch.autograd.grad(torch_loss(module(x)), list(parameters.values()))
    with be.tape() as tape:
        loss = torch_loss(module(x))
    found = tape.grad(loss, parameters)
    assert found.keys() == parameters.keys()
    assert_close(be, list(found.values()), native)


def test_a_module_of_pytorch_as_a_function_of_its_parameters(module: Any) -> None:
    torch, be = pytest.importorskip("torch"), ad.backend("torch")
    parameters, x = dict(module.named_parameters()), torch.as_tensor(X)
    native = torch.autograd.grad(torch_loss(module(x)), list(parameters.values()))
    found = be.grad(lambda parameters: torch_loss(torch.func.functional_call(module, parameters, (x,))))(
        {name: parameter.detach() for name, parameter in parameters.items()}
    )
    assert_close(be, list(found.values()), native)


def test_a_module_of_pytorch_learns(module: Any) -> None:
    torch, be = pytest.importorskip("torch"), ad.backend("torch")
    x, parameters, losses = torch.as_tensor(X), list(module.parameters()), []
    for _ in range(30):
        with be.tape() as tape:
            loss = torch_loss(module(x))
        for parameter, slope in zip(parameters, tape.grad(loss, parameters), strict=True):
            be.assign(parameter, parameter.detach() - 0.05 * slope)
        losses.append(float(loss))
    assert losses[-1] < 0.7 * losses[0]
    assert all(parameter.requires_grad and parameter.grad is None for parameter in parameters)


# --- TensorFlow: layers of Keras --------------------------------------------------------------------------------


@pytest.fixture
def layers() -> Any:
    keras = pytest.importorskip("tensorflow").keras
    keras.utils.set_random_seed(0)
    inputs = [keras.layers.Input((3,))]
    hidden = [keras.layers.Dense(5, dtype="float64"), keras.layers.LayerNormalization(dtype="float64")]
    return keras.Sequential([*inputs, *hidden, keras.layers.Dense(2, "tanh", dtype="float64")])


def keras_loss(found: Any) -> Any:
    import tensorflow as tf

    return tf.reduce_mean(tf.square(found - tf.constant(Y)))


def keras_native(layers: Any, x: Any) -> Any:
    import tensorflow as tf

    with tf.GradientTape() as tape:
        loss = keras_loss(layers(x))
    return tape.gradient(loss, layers.trainable_variables)


def test_layers_of_keras_on_a_tape(layers: Any) -> None:
    tf, be = pytest.importorskip("tensorflow"), ad.backend("tensorflow")
    x, variables = tf.constant(X), layers.trainable_variables
    with be.tape() as tape:
        loss = keras_loss(layers(x))
    assert_close(be, tape.grad(loss, variables), keras_native(layers, x))


def test_layers_of_keras_as_a_function_of_their_weights(layers: Any) -> None:
    tf, be = pytest.importorskip("tensorflow"), ad.backend("tensorflow")
    x, weights = tf.constant(X), [tf.identity(variable) for variable in layers.trainable_variables]
    found = be.grad(lambda weights: keras_loss(layers.stateless_call(weights, [], x)[0]))(weights)
    assert_close(be, found, keras_native(layers, x))


def test_layers_of_keras_learn_in_a_compiled_step(layers: Any) -> None:
    tf, be = pytest.importorskip("tensorflow"), ad.backend("tensorflow")
    x, variables = tf.constant(X), layers.trainable_variables

    @tf.function
    def step() -> Any:
        with be.tape() as tape:
            loss = keras_loss(layers(x))
        for variable, slope in zip(variables, tape.grad(loss, variables), strict=True):
            be.assign(variable, variable - 0.05 * slope)
        return loss

    losses = [float(step()) for _ in range(30)]
    assert losses[-1] < 0.7 * losses[0]


def test_variables_of_keras_are_assigned_and_take_results(layers: Any) -> None:
    tf, be = pytest.importorskip("tensorflow"), ad.backend("tensorflow")
    kernel, bias = layers.layers[0].trainable_variables
    with be.tape() as tape:
        loss = keras_loss(layers(tf.constant(X)))
    expected = keras_native(layers, tf.constant(X))[1]
    assert tape.grad(loss, bias, out=bias) is bias
    assert_close(be, tf.identity(bias), expected)
    be.assign(kernel, np.ones((3, 5), dtype=np.float32))
    assert np.array_equal(kernel.numpy(), np.ones((3, 5)))
    with pytest.raises(ad.ShapeMismatchError, match="shape"):
        be.assign(kernel, np.ones((3, 4)))


# --- JAX: a pure function of a tree of parameters, as Flax and Equinox have it ------------------------------------


@dataclass(frozen=True)
class Dense:
    """A layer as Equinox writes it: its parameters are its fields."""

    weight: Any
    bias: Any


def jax_parameters() -> Any:
    import jax.numpy as jnp

    draw = np.random.default_rng(7)
    return {
        name: {"kernel": jnp.asarray(draw.normal(size=(n, m))), "bias": jnp.asarray(draw.normal(size=(m,)))}
        for name, n, m in (("Dense_0", 3, 5), ("Dense_1", 5, 2))
    }


def jax_model(parameters: Any, x: Any) -> Any:
    import jax

    hidden = jax.nn.gelu(x @ parameters["Dense_0"]["kernel"] + parameters["Dense_0"]["bias"])
    return hidden @ parameters["Dense_1"]["kernel"] + parameters["Dense_1"]["bias"]


def jax_loss(parameters: Any) -> Any:
    import jax.numpy as jnp

    return jnp.mean((jax_model(parameters, jnp.asarray(X)) - jnp.asarray(Y)) ** 2)


def test_a_function_of_jax_in_the_functional_form() -> None:
    jax, be = pytest.importorskip("jax"), ad.backend("jax")
    parameters = jax_parameters()
    native = jax.grad(jax_loss)(parameters)
    found = be.grad(jax_loss)(parameters)
    assert jax.tree.structure(found) == jax.tree.structure(native)
    assert_close(be, jax.tree.leaves(found), jax.tree.leaves(native))


def test_a_lifted_function_of_jax_on_a_tape() -> None:
    jax, be = pytest.importorskip("jax"), ad.backend("jax")
    parameters = jax_parameters()
    native = jax.grad(jax_loss)(parameters)
    variables = jax.tree.map(be.variable, parameters)
    for lifted in (be.lift(jax_loss), be.lift(jax.jit(jax_loss))):
        with be.tape() as tape:
            loss = lifted(variables)
        found = tape.grad(loss, variables)
        assert jax.tree.structure(found) == jax.tree.structure(native)
        assert_close(be, jax.tree.leaves(found), jax.tree.leaves(native))


def test_layers_that_are_dataclasses_on_a_tape() -> None:
    jax, be = pytest.importorskip("jax"), ad.backend("jax")
    xp, parameters = be.xp, jax_parameters()["Dense_0"]

    def loss(layer: Any) -> Any:
        return xp.mean(xp.tanh(xp.asarray(X) @ layer.weight + layer.bias) ** 2)

    weight, bias = parameters["kernel"], parameters["bias"]
    native = jax.grad(lambda weight, bias: loss(Dense(weight, bias)), argnums=(0, 1))(weight, bias)
    layer = Dense(be.variable(weight), be.variable(bias))
    with be.tape() as tape:
        y = loss(layer)
    found = tape.grad(y, layer)
    assert type(found) is Dense
    assert_close(be, (found.weight, found.bias), native)
    functional = be.grad(loss)(Dense(weight, bias))
    assert_close(be, (functional.weight, functional.bias), native)


def test_a_function_of_jax_learns_on_a_tape() -> None:
    jax, be = pytest.importorskip("jax"), ad.backend("jax")
    variables, losses = jax.tree.map(be.variable, jax_parameters()), []
    lifted = be.lift(jax.jit(jax_loss))
    for _ in range(30):
        with be.tape() as tape:
            loss = lifted(variables)
        slopes = tape.grad(loss, variables)
        jax.tree.map(lambda variable, slope: be.assign(variable, variable.value - 0.02 * slope), variables, slopes)
        losses.append(float(loss))
    assert losses[-1] < 0.7 * losses[0]
