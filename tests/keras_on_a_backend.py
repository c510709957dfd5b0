"""Keras on the backend of $KERAS_BACKEND, against the NumPy engine; `test_keras.py` runs this file once for each."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import keras
import numpy as np
import pytest
from keras import ops

import autodiff_spec as ad
from tests import pages

NAME = keras.config.backend()
assert os.environ["KERAS_BACKEND"] == NAME
be, reference = ad.backend(NAME), ad.backend("numpy")
on_jax = pytest.mark.skipif(NAME != "jax", reason="of JAX's arrays")
not_on_jax = pytest.mark.skipif(NAME == "jax", reason="an array of JAX has no place on a tape: see the test below")

_draw = np.random.default_rng(20262)


def drawn(*shape: int) -> Any:
    """Multiples of 1/32, the same in float32, Keras' dtype (it casts float64 to it), and in NumPy's float64."""
    return _draw.integers(-48, 49, size=shape) / 32.0


X, Y = drawn(6, 2), drawn(6, 1)
WEIGHTS = [drawn(2, 3), drawn(3), drawn(3, 1), drawn(1)]
DIRECTIONS = [drawn(*weight.shape) for weight in WEIGHTS]


def tensor(value: Any) -> Any:
    return ops.convert_to_tensor(value, "float32")


def assert_close(found: Any, expected: Any, steps: int = 1) -> None:
    """Equal but for the roundings of float32, 6e-8 each: some hundred of them in each step."""
    ours, theirs = ([found], [expected]) if ops.is_tensor(found) else (list(found), list(expected))
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(ad.to_numpy(one), other, rtol=6e-6 * steps, atol=6e-6 * steps)


# --- the same model for the NumPy engine, and in Keras ------------------------------------------------------------


def network(weights: Any, x: Any) -> Any:
    kernel, bias, last_kernel, last_bias = weights
    return np.tanh(x @ kernel + bias) @ last_kernel + last_bias


def loss_in_numpy(weights: Any) -> Any:
    return np.mean((network(weights, X) - Y) ** 2)


def slopes_in_numpy(weights: Any) -> Any:
    return reference.grad(loss_in_numpy)(weights)


@pytest.fixture
def model() -> Any:
    layers = keras.layers
    made = keras.Sequential([layers.Input((2,)), layers.Dense(3, "tanh"), layers.Dense(1)])
    for variable, weight in zip(made.trainable_variables, WEIGHTS, strict=True):
        variable.assign(weight)
    return made


def loss_of(model: Any) -> Callable[[Any], Any]:
    x, y = tensor(X), tensor(Y)
    return lambda weights: ops.mean(ops.square(model.stateless_call(weights, [], x)[0] - y))


# --- by inputs ----------------------------------------------------------------------------------------------------


def energy(x: Any) -> Any:
    return ops.sum(ops.log(1.0 + ops.square(x)) * ops.sin(x))


def energy_in_numpy(x: Any) -> Any:
    return np.sum(np.log(1.0 + np.square(x)) * np.sin(x))


OPERATORS: dict[str, Callable[[Any, Any, Any, Any], Any]] = {
    "grad": lambda on, f, x, v: on.grad(f)(x),
    "hessian": lambda on, f, x, v: on.hessian(f)(x),
    "hvp": lambda on, f, x, v: on.hvp(f, (x,), (v,))[0],
    "jvp": lambda on, f, x, v: on.jvp(f, (x,), (v,))[1],
    "vjp": lambda on, f, x, v: on.vjp(lambda a: a * f(a), x)[1](v)[0],
    "jacobian": lambda on, f, x, v: on.jacobian(lambda a: a * f(a))(x),
    "vmap": lambda on, f, x, v: on.vmap(on.grad(f))(x),
}


@pytest.mark.parametrize("operator", OPERATORS)
def test_ops_are_differentiated_by_every_operator(operator: str) -> None:
    apply = OPERATORS[operator]
    found = apply(ad, energy, tensor(X[:, 0]), tensor(X[:, 1]))
    assert_close(found, apply(reference, energy_in_numpy, X[:, 0], X[:, 1]))


def test_a_model_is_differentiated_by_its_input(model: Any) -> None:
    x = tensor(X)
    assert_close(ad.grad(lambda a: ops.sum(model(a)))(x), reference.grad(lambda a: np.sum(network(WEIGHTS, a)))(X))
    assert_close(ad.jacobian(model)(x), reference.jacobian(lambda a: network(WEIGHTS, a))(X))


# --- by variables -------------------------------------------------------------------------------------------------


def test_variables_choose_the_backend(model: Any) -> None:
    assert ad.backend_of(model.trainable_variables) is ad.backend_of(model.trainable_variables[0]) is be
    with pytest.raises(ad.BackendMismatchError):
        ad.backend_of(model.trainable_variables, reference.variable([1.0]))
    with pytest.raises(ad.BackendMismatchError, match="backend_of"):
        reference.grad(loss_of(model))(model.trainable_variables)
    with pytest.raises(ad.BackendMismatchError, match="the variable of assign"):
        reference.assign(model.trainable_variables[0], WEIGHTS[0])


def test_operators_take_variables(model: Any) -> None:
    loss, variables = loss_of(model), model.trainable_variables
    value, slopes = ad.value_and_grad(loss)(variables)
    assert_close(value, loss_in_numpy(WEIGHTS))
    assert_close(slopes, slopes_in_numpy(WEIGHTS))
    _, pullback = ad.vjp(loss, variables)
    assert_close(pullback(tensor(2.0))[0], [2.0 * slope for slope in slopes_in_numpy(WEIGHTS)])
    found = ad.jvp(loss, (variables,), ([tensor(direction) for direction in DIRECTIONS],))
    assert_close(found[1], reference.jvp(loss_in_numpy, (WEIGHTS,), (DIRECTIONS,))[1])
    assert_close(ad.jacobian(loss)(variables), slopes_in_numpy(WEIGHTS))
    assert_close(be.grad(lambda tree: loss([*tree["first"], *tree["last"]]))(
        {"first": variables[:2], "last": tuple(variables[2:])})["last"], slopes_in_numpy(WEIGHTS)[2:])


def test_products_with_the_hessian_by_variables(model: Any) -> None:
    directions = [keras.Variable(direction) for direction in DIRECTIONS]  # may be variables too
    (found,) = ad.hvp(loss_of(model), (model.trainable_variables,), (directions,))
    assert_close(found, reference.hvp(loss_in_numpy, (WEIGHTS,), (DIRECTIONS,))[0])


def test_an_integer_variable_is_refused() -> None:
    with pytest.raises(ad.NotDifferentiableError, match="int32"):
        be.grad(lambda a: a)(keras.Variable(np.ones(2, dtype="int32"), trainable=False))


# --- on tapes -----------------------------------------------------------------------------------------------------


def test_watched_variables_and_a_lifted_function_are_on_every_backends_tape(model: Any) -> None:
    with be.tape() as t:
        watched = t.watch(model.trainable_variables)
        loss = ad.lift(loss_of(model))(watched)
    assert_close(t.grad(loss, watched), slopes_in_numpy(WEIGHTS))


@not_on_jax
def test_a_tape_reads_variables(model: Any) -> None:
    x, y, variables = tensor(X), tensor(Y), model.trainable_variables
    for ask in ("grad", "jacobian"):
        with be.tape() as t:
            loss = ops.mean(ops.square(model(x) - y))
        assert_close(getattr(t, ask)(loss, variables), slopes_in_numpy(WEIGHTS))


@on_jax
def test_a_tape_says_that_it_reads_none_of_jax(model: Any) -> None:
    x, y = tensor(X), tensor(Y)
    with be.tape() as t:
        loss = ops.mean(ops.square(model(x) - y))
    with pytest.raises(ad.UntrackedError, match=r"call x = t\.watch\(x\)"):
        t.grad(loss, model.trainable_variables)
    with be.tape() as t:
        watched = t.watch(model.trainable_variables)
        with pytest.raises(ad.LostDerivativeError, match=r"lift\(f\)"):
            loss_of(model)(watched)
        with pytest.raises(ad.LostDerivativeError, match="lift"):
            model(t.watch(x))


@not_on_jax
def test_a_stopped_variable_is_constant() -> None:
    v = keras.Variable(3.0)
    with be.tape() as t:
        y = ops.square(v) * ad.stop_gradient(v)
    assert_close(t.grad(y, v), 18.0)


@not_on_jax
def test_a_rule_is_asked_for_the_share_of_a_variable() -> None:
    @be.custom_vjp
    def square(a: Any) -> Any:
        return a * a

    square.defvjp(lambda a: (a * a, None), lambda _, g: (7.0 * g,))
    v = keras.Variable(3.0)
    with be.tape() as t:
        y = square(v)
    assert_close(t.grad(y, v), 7.0)


@pytest.mark.skipif(NAME != "torch", reason="TensorFlow has no checkpoints, and variables of JAX no place on a tape")
def test_a_checkpoint_gives_the_share_of_a_variable() -> None:
    v = keras.Variable(3.0)
    with be.tape() as t:
        y = be.checkpoint(lambda a: a * a * a)(v)
    assert_close(t.grad(y, v), 27.0)


# --- assigned -----------------------------------------------------------------------------------------------------


def test_variables_are_assigned() -> None:
    v = keras.Variable([1.0, 2.0])
    assert be.is_variable(v)
    ad.assign(v, np.asarray([3.0, 4.0]))  # cast
    assert_close(v.value, [3.0, 4.0])
    ad.assign(v, v * 2.0)
    assert_close(v.value, [6.0, 8.0])
    with pytest.raises(ad.ShapeMismatchError, match="shape"):
        ad.assign(v, [1.0])
    with pytest.raises(ad.NotDifferentiableError, match=r"write 3\.0"):
        ad.assign(v, 3)
    assert_close(v.value, [6.0, 8.0])


def test_an_assignment_in_a_stateless_scope_stays_there() -> None:
    v = keras.Variable(1.0)
    with keras.StatelessScope() as scope:
        ad.assign(v, 2.0)
    assert_close(scope.get_current_value(v), 2.0)
    assert_close(v.value, 1.0)


def test_results_are_written_into_variables(model: Any) -> None:
    receiving = [keras.Variable(np.zeros(weight.shape), trainable=False) for weight in WEIGHTS]
    with be.tape() as t:
        watched = t.watch(model.trainable_variables)
        loss = ad.lift(loss_of(model))(watched)
    assert t.grad(loss, watched, out=receiving) is receiving
    assert_close([variable.value for variable in receiving], slopes_in_numpy(WEIGHTS))
    prepared = ad.prepare(ad.grad(lambda a: a * a), tensor(3.0))
    prepared(tensor(4.0), out=(single := keras.Variable(0.0)))
    assert_close(single.value, 8.0)


def test_variables_become_numpys() -> None:
    v = keras.Variable([1.0, 2.0])
    assert type(ad.to_numpy({"v": v})["v"]) is np.ndarray
    assert_close(v.value, ad.to_numpy(v))


# --- training -----------------------------------------------------------------------------------------------------


def test_a_loop_learns_with_numpys_losses(model: Any) -> None:
    step, variables, weights = ad.value_and_grad(loss_of(model)), model.trainable_variables, WEIGHTS
    losses, expected = [], []
    for _ in range(20):
        value, slopes = step(variables)
        for variable, slope in zip(variables, slopes, strict=True):
            variable.assign(variable - 0.1 * slope)
        losses.append(value)
        expected.append(loss_in_numpy(weights))
        weights = [weight - 0.1 * slope for weight, slope in zip(weights, slopes_in_numpy(weights), strict=True)]
    assert_close(losses, expected, steps=20)
    assert float(losses[-1]) < 0.7 * float(losses[0])


OPTIMIZERS: dict[str, Callable[[], Any]] = {
    "SGD": lambda: keras.optimizers.SGD(0.05, momentum=0.9),
    "Adam": lambda: keras.optimizers.Adam(0.05),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer_applies_gradients(model: Any, name: str) -> None:
    variables, twins = model.trainable_variables, [keras.Variable(weight) for weight in WEIGHTS]
    optimizer, twin = OPTIMIZERS[name](), OPTIMIZERS[name]()
    for _ in range(3):
        optimizer.apply(ad.grad(loss_of(model))(variables), variables)
        twin.apply([tensor(slope) for slope in slopes_in_numpy(ad.to_numpy(twins))], twins)
    assert_close([variable.value for variable in variables], ad.to_numpy(twins), steps=3)
    assert not any(getattr(variable.value, "requires_grad", False) for variable in optimizer.variables)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer_without_state_applies_gradients(model: Any, name: str) -> None:
    optimizer, twins, twin = OPTIMIZERS[name](), [keras.Variable(weight) for weight in WEIGHTS], OPTIMIZERS[name]()
    optimizer.build(model.trainable_variables)
    weights = ad.stop_gradient(model.trainable_variables)
    state = [variable.value for variable in optimizer.variables]
    slopes = ad.grad(loss_of(model))(weights)
    if NAME == "tensorflow":
        with pytest.raises(ValueError, match="not supported with the TensorFlow backend"):  # says Keras
            optimizer.stateless_apply(state, slopes, weights)
        return
    for _ in range(3):
        weights, state = optimizer.stateless_apply(state, ad.grad(loss_of(model))(weights), weights)
        twin.apply([tensor(slope) for slope in slopes_in_numpy(ad.to_numpy(twins))], twins)
    assert_close(weights, ad.to_numpy(twins), steps=3)


def test_state_comes_back_beside_the_loss() -> None:
    normalization = keras.layers.BatchNormalization(momentum=0.9, epsilon=0.0)
    model = keras.Sequential([keras.layers.Input((2,)), normalization, keras.layers.Dropout(0.5)])
    x = tensor(X)

    def loss(weights: Any, state: Any) -> Any:
        y, state = model.stateless_call(weights, state, x, training=True)
        return ops.sum(y), state

    (_, state), _ = ad.value_and_grad(loss, has_aux=True)(model.trainable_variables, model.non_trainable_variables)
    for variable, value in zip(model.non_trainable_variables, state, strict=True):
        variable.assign(value)
    assert_close(normalization.moving_mean.value, 0.1 * X.mean(axis=0))
    assert_close(normalization.moving_variance.value, 0.9 + 0.1 * X.var(axis=0))
    assert be.kind(state[-1].dtype) == "other"  # the seed of the dropout


class Force(keras.layers.Layer):
    """The derivative of an energy by the input, negative."""

    def __init__(self) -> None:
        super().__init__()
        self.energy = keras.Sequential([keras.layers.Dense(3, "tanh"), keras.layers.Dense(1, use_bias=False)])

    def build(self, shape: Any) -> None:
        self.energy.build(shape)

    def call(self, x: Any) -> Any:
        return -ad.grad(lambda a: ops.sum(self.energy(a)))(x)


def test_a_layer_that_differentiates_is_fitted_as_in_numpy() -> None:
    inputs, layer, weights = keras.Input((2,)), Force(), [*WEIGHTS[:3]]
    model = keras.Model(inputs, layer(inputs))
    for variable, weight in zip(model.trainable_variables, weights, strict=True):
        variable.assign(weight)
    model.compile(keras.optimizers.SGD(0.1), "mse")
    found = model.fit(X, X, batch_size=len(X), epochs=3, shuffle=False, verbose=0).history["loss"]

    def loss(weights: Any) -> Any:
        slope = reference.grad(lambda a: np.sum(network([*weights, 0.0], a)))(X)
        return np.mean((slope + X) ** 2)

    expected = []
    for _ in range(3):
        value, slopes = reference.value_and_grad(loss)(weights)
        expected.append(float(value))
        weights = [weight - 0.1 * slope for weight, slope in zip(weights, slopes, strict=True)]
    assert_close([variable.value for variable in model.trainable_variables], weights, steps=3)
    assert_close([np.asarray(value) for value in found], expected, steps=3)


# --- limits, as the guide says them -------------------------------------------------------------------------------


def test_a_function_that_ignores_the_variables_has_a_gradient_of_zeros(model: Any) -> None:
    x = tensor(X)
    with nullcontext() if NAME == "jax" else pytest.warns(ad.IndependentWarning):
        found = ad.grad(lambda _: ops.sum(model(x)))(model.trainable_variables)
    assert_close(found, [np.zeros_like(weight) for weight in WEIGHTS])


@pytest.mark.skipif(NAME != "torch", reason="PyTorch alone keeps graphs in arrays")
def test_values_of_variables_give_results_without_a_graph(model: Any) -> None:
    loss, variables = loss_of(model), model.trainable_variables
    assert all(slope.requires_grad for slope in ad.grad(loss)(variables))
    assert not any(slope.requires_grad for slope in ad.grad(loss)(ad.stop_gradient(variables)))


@on_jax
def test_a_tracer_that_a_layer_assigned_is_refused_at_its_next_use() -> None:
    import jax

    model, x = keras.Sequential([keras.layers.Input((2,)), keras.layers.BatchNormalization()]), tensor(X)
    ad.grad(lambda a: ops.sum(model(a, training=True)))(x)
    with pytest.raises(jax.errors.UnexpectedTracerError):
        model(x)


@pytest.mark.skipif(not keras.__version__.startswith("3.15."), reason="seen with Keras 3.15")
def test_keras_narrows_float64_but_on_tensorflow() -> None:
    third = ops.convert_to_tensor(1.0 / 3.0, "float64")
    assert (float(ops.mean(third)) != 1.0 / 3.0) is (NAME != "tensorflow")


# --- prepared -----------------------------------------------------------------------------------------------------

PREPARED = {"torch": "runs as it is", "tensorflow": "tf.function", "jax": "jax.jit"}[NAME]


def test_a_prepared_function_reads_variables_on_each_call(model: Any) -> None:
    x, variables = tensor(X), model.trainable_variables
    by_weights = ad.prepare(ad.grad(loss_of(model)), variables)
    by_input = ad.prepare(ad.grad(lambda a: ops.sum(model(a))), x)
    for scale in (1.0, 2.0):
        weights = [scale * weight for weight in WEIGHTS]
        for variable, weight in zip(variables, weights, strict=True):
            variable.assign(weight)
        assert_close(by_weights(variables), slopes_in_numpy(weights))
        assert_close(by_input(x), reference.grad(lambda a, w=weights: np.sum(network(w, a)))(X))
    assert PREPARED in repr(by_weights)
    assert PREPARED in repr(by_input)


def test_a_prepared_function_assigns_on_each_call() -> None:
    total = keras.Variable(0.0)

    def adding(a: Any) -> Any:
        total.assign(total + a)
        return a * a

    a = tensor(2.0)
    prepared = ad.prepare(adding, a)
    total.assign(0.0)
    for _ in range(3):
        assert_close(prepared(a), 4.0)
    assert_close(total.value, 6.0)


# --- the guide ----------------------------------------------------------------------------------------------------


def test_the_guide_prints_what_it_shows() -> None:
    done = pages.run(pages.DOCS / "guides/keras.md")
    assert done
    for block, printed in done:
        assert printed == block.text, f"line {block.line}"
