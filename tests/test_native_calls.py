"""Custom rules and checkpoints inside the frameworks' own machinery."""

from typing import Any

import numpy as np
import pytest

import autodiff_spec as ad


def marked(be: ad.Backend) -> Any:
    """x³ with the derivative 30x²."""
    f = be.custom_vjp(lambda x: x * x * x)
    f.defvjp(lambda x: (x * x * x, x), lambda x, g: (30.0 * x * x * g,))
    return f


def test_tensorflows_own_tapes_use_the_rule() -> None:
    tf = pytest.importorskip("tensorflow")
    be = ad.backend("tensorflow")
    x = tf.constant([1.0, 2.0])
    with tf.GradientTape(persistent=True) as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = marked(be)(x)
        g = inner.gradient(y, x)
    np.testing.assert_array_equal(g, [30.0, 120.0])
    np.testing.assert_array_equal(outer.gradient(g, x), [60.0, 120.0])
    np.testing.assert_array_equal(outer.gradient(y, x), [30.0, 120.0])


def test_a_graph_of_tensorflow_knows_the_rule() -> None:
    tf = pytest.importorskip("tensorflow")
    be = ad.backend("tensorflow")
    compiled = tf.function(lambda x: marked(be)(x) * 2.0)
    x = tf.constant([1.0, 2.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = compiled(x)
    np.testing.assert_array_equal(y, [2.0, 16.0])
    np.testing.assert_array_equal(tape.gradient(y, x), [60.0, 240.0])
    inside = tf.function(lambda x: be.grad(marked(be))(x))
    np.testing.assert_array_equal(inside(x), [30.0, 120.0])


def test_tensorflow_says_whether_a_tape_listens() -> None:
    """The private functions that the adapter asks."""
    tf = pytest.importorskip("tensorflow")
    from tensorflow.python.eager import record

    x = tf.constant([1.0])
    assert not record.should_record_backprop([x])
    with tf.GradientTape() as tape:
        tape.watch(x)
        assert record.should_record_backprop([x, tf.constant(2.0)])
        with record.stop_recording():
            constant = tf.identity(x)
        assert not record.should_record_backprop([constant])


@pytest.mark.filterwarnings("ignore:.torch.jit.script:DeprecationWarning")  # torch.func imports what is deprecated
def test_pytorchs_own_backward_uses_the_rule() -> None:
    torch = pytest.importorskip("torch")
    be = ad.backend("torch")
    x = torch.nn.Parameter(torch.tensor([1.0, 2.0]))
    (g,) = torch.autograd.grad(marked(be)(x).sum(), x, create_graph=True)
    np.testing.assert_array_equal(g.detach(), [30.0, 120.0])
    (second,) = torch.autograd.grad(g.sum(), x)
    np.testing.assert_array_equal(second, [60.0, 120.0])
    np.testing.assert_array_equal(torch.func.grad(lambda a: marked(be)(a).sum())(x.detach()), [30.0, 120.0])
    with pytest.raises(RuntimeError):  # refused, not passed over
        torch.func.jvp(marked(be), (x.detach(),), (x.detach(),))
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(x.detach(), x.detach())
        with pytest.raises(RuntimeError):
            marked(be)(dual)


def test_a_residual_that_is_a_result_is_no_cycle_on_pytorch() -> None:
    torch = pytest.importorskip("torch")
    import gc
    import weakref

    be = ad.backend("torch")
    f = be.custom_vjp(torch.exp)

    def fwd(x: Any) -> Any:
        y = torch.exp(x)
        return y, y

    f.defvjp(fwd, lambda y, g: (y * g,))
    x = torch.ones(3, requires_grad=True)
    gc.disable()
    try:
        node = weakref.ref(f(x).grad_fn)
        assert node() is None
    finally:
        gc.enable()


def test_jaxs_own_transforms_use_the_rule() -> None:
    jax = pytest.importorskip("jax")
    be = ad.backend("jax")
    x = be.asarray(np.array([1.0, 2.0]))

    def total(a: Any) -> Any:
        return be.xp.sum(marked(be)(a))

    for f in (total, jax.jit(total)):
        np.testing.assert_array_equal(jax.grad(f)(x), [30.0, 120.0])
        np.testing.assert_array_equal(jax.jit(jax.grad(f))(x), [30.0, 120.0])
        np.testing.assert_array_equal(jax.grad(lambda a, f=f: be.xp.sum(jax.grad(f)(a)))(x), [60.0, 120.0])
    with pytest.raises(TypeError):  # refused, not passed over
        jax.jvp(total, (x,), (x,))
    np.testing.assert_array_equal(jax.vmap(jax.grad(marked(be)))(x), [30.0, 120.0])


def test_a_tape_inside_a_transform_of_jax_uses_the_rule_twice() -> None:
    pytest.importorskip("jax")
    be = ad.backend("jax")

    def slope(a: Any) -> Any:
        with be.tape() as t:
            v = t.watch(a)
            y = marked(be)(v)
        return t.grad(y, v), y

    x = be.asarray(np.array([1.0, 2.0]))
    (g, _), back = be.vjp(slope, x)
    ones, zeros = be.xp.ones_like(x), be.xp.zeros_like(x)
    np.testing.assert_array_equal(g, [30.0, 120.0])
    np.testing.assert_array_equal(back((ones, zeros))[0], [60.0, 120.0])
    np.testing.assert_array_equal(back((zeros, ones))[0], [30.0, 120.0])


def test_a_checkpoint_on_jax_is_differentiated_in_a_compilation() -> None:
    jax = pytest.importorskip("jax")
    be = ad.backend("jax")
    f = jax.jit(be.grad(be.checkpoint(lambda a: be.xp.sin(a) * a)))
    x = be.asarray(np.array([1.0, 2.0]))
    np.testing.assert_allclose(f(x), np.sin([1.0, 2.0]) + np.array([1.0, 2.0]) * np.cos([1.0, 2.0]), rtol=1e-12)
