"""How each engine computes the gradient of a workload: natively, and through the interface.

Every function here returns a program without arguments that computes all gradients once, forward pass included. Inputs
are put into place beforehand, as trainable leaves of the framework or variables of the interface.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from _workloads import Ops, Workload, bind

import autodiff_spec as ad

Gradients: TypeAlias = Callable[[], Any]


@dataclass(frozen=True)
class Shared:
    """One copy of a workload's data for native code and the adapter: with two, the one more used finds warmer caches.

    Attributes:
        function: the workload in native calls, with its constants.
        leaves: its inputs as native code trains them.
        arrays: the same as plain arrays.
        variables: the same as variables of the interface.
    """

    function: Callable[..., Any]
    leaves: list[Any]
    arrays: list[Any]
    variables: list[Any]


# --- native code: what an expert would write in the framework ----------------------------------------------------


def torch_ops() -> Ops:
    import torch

    torch.set_num_threads(1)
    return Ops(
        torch.sin, torch.exp, torch.tanh, torch.sigmoid, torch.sum, torch.dot, torch.matmul, torch.linalg.vector_norm,
        torch.logsumexp,
    )  # fmt: skip


def torch_shared(workload: Workload) -> Shared:
    import torch

    variables = [ad.backend("torch").variable(value) for value in workload.inputs()]
    arrays = [variable.detach() for variable in variables]
    leaves = [array.detach().requires_grad_() for array in arrays]
    return Shared(bind(workload, torch_ops(), torch.tensor), leaves, arrays, variables)


def torch_native(workload: Workload, shared: Shared | None = None) -> Gradients:
    import torch

    f = shared.function if shared else bind(workload, torch_ops(), torch.tensor)
    leaves = shared.leaves if shared else [torch.tensor(value, requires_grad=True) for value in workload.inputs()]
    return lambda: torch.autograd.grad(f(*leaves), leaves)


def tensorflow_ops() -> Ops:
    import tensorflow as tf

    return Ops(
        tf.sin, tf.exp, tf.tanh, tf.sigmoid, tf.reduce_sum, lambda a, b: tf.tensordot(a, b, 1), tf.matmul, tf.norm,
        tf.reduce_logsumexp,
    )  # fmt: skip


def tensorflow_shared(workload: Workload) -> Shared:
    import tensorflow as tf

    variables = [ad.backend("tensorflow").variable(value) for value in workload.inputs()]  # a tf.Variable each
    arrays = [variable.read_value() for variable in variables]
    return Shared(bind(workload, tensorflow_ops(), tf.constant), variables, arrays, variables)


def tensorflow_native(workload: Workload, shared: Shared | None = None) -> Gradients:
    import tensorflow as tf

    f = shared.function if shared else bind(workload, tensorflow_ops(), tf.constant)
    leaves = shared.leaves if shared else [tf.Variable(value) for value in workload.inputs()]

    def run() -> Any:
        with tf.GradientTape() as tape:
            y = f(*leaves)
        return tape.gradient(y, leaves)

    return run


def jax_ops() -> Ops:
    import jax
    import jax.numpy as jnp

    return Ops(
        jnp.sin, jnp.exp, jnp.tanh, jax.nn.sigmoid, jnp.sum, jnp.dot, jnp.matmul, jnp.linalg.norm,
        jax.scipy.special.logsumexp,
    )  # fmt: skip


def jax_native(workload: Workload) -> Gradients:
    import jax
    import jax.numpy as jnp

    leaves = [jnp.asarray(value) for value in workload.inputs()]
    gradient = jax.grad(bind(workload, jax_ops(), jnp.asarray), argnums=tuple(range(len(leaves))))
    return lambda: jax.block_until_ready(gradient(*leaves))


def hips_native(workload: Workload) -> Gradients:
    """HIPS autograd, the package called ``autograd``."""
    import autograd
    import autograd.numpy as anp
    from autograd.scipy.special import logsumexp

    ops = Ops(
        anp.sin, anp.exp, anp.tanh, lambda x: 1 / (1 + anp.exp(-x)), anp.sum, anp.dot, anp.matmul, anp.linalg.norm,
        logsumexp,
    )  # fmt: skip
    leaves = workload.inputs()
    gradient = autograd.grad(bind(workload, ops, np.asarray), argnum=tuple(range(len(leaves))))
    return lambda: gradient(*leaves)


# --- through the interface ---------------------------------------------------------------------------------------


def our_ops(be: ad.Backend) -> Ops:
    xp, extra = be.xp, be.extra
    return Ops(
        xp.sin, xp.exp, xp.tanh, extra.sigmoid, xp.sum, xp.vecdot, xp.matmul, xp.linalg.vector_norm, extra.logsumexp,
    )  # fmt: skip


def tape_form(name: str, workload: Workload, shared: Shared | None = None) -> Gradients:
    """Variables and a tape, with the namespace's functions, or with those and the data that native code has."""
    be = ad.backend(name)
    f = shared.function if shared else bind(workload, our_ops(be), be.asarray)
    variables = shared.variables if shared else [be.variable(value) for value in workload.inputs()]

    def run() -> Any:
        with be.tape() as t:
            y = f(*variables)
        return t.grad(y, variables)

    return waiting(name, run)


def functional_form(
    name: str, workload: Workload, shared: Shared | None = None, ops: Ops | None = None
) -> Gradients:
    """The gradient function of the interface; ``ops`` for native functions in place of the namespace's."""
    be = ad.backend(name)
    arrays = shared.arrays if shared else [be.asarray(value) for value in workload.inputs()]
    f = shared.function if shared else bind(workload, ops or our_ops(be), be.asarray)
    gradient = be.grad(f, argnums=tuple(range(len(arrays))))
    return waiting(name, lambda: gradient(*arrays))


def waiting(name: str, run: Gradients) -> Gradients:
    """JAX returns before it has computed: wait for it, as its native candidate does."""
    if name != "jax":
        return run
    import jax

    return lambda: jax.block_until_ready(run())
