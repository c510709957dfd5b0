"""The interface inside PyTorch code as people write it: what passes through an operator stays in the user's graph."""

from __future__ import annotations

import gc
import shutil
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autodiff_spec as ad

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script:DeprecationWarning")  # by torch.func itself

f64 = torch.float64
be = ad.backend("torch")
OURS_AND_PYTORCHS = (ad.grad, torch.func.grad)


def tensor(values: Any, *, leaf: bool = True) -> Any:
    return torch.tensor(values, dtype=f64, requires_grad=leaf)


def same(found: Any, expected: Any) -> None:
    np.testing.assert_allclose(*(np.asarray(torch.as_tensor(x).detach()) for x in (found, expected)), rtol=1e-12)


# --- three programs, with our gradient and with PyTorch's -----------------------------------------------------------


def maml(grad: Any) -> tuple[Any, ...]:
    """One step of an inner loop, and the derivative of what it leads to by the start and by the learning rate."""
    w, rate = tensor([1.0, 2.0]), tensor(0.1)

    def loss(a: Any) -> Any:
        return (a**2 * torch.exp(-a)).sum()

    loss(w - rate * grad(loss)(w)).backward()
    return w.grad, rate.grad


def penalty(grad: Any) -> tuple[Any, ...]:
    """A critic whose gradient by its input is held near 1: the loss of a Wasserstein GAN with gradient penalty."""
    torch.manual_seed(0)
    critic = torch.nn.Sequential(torch.nn.Linear(3, 4, dtype=f64), torch.nn.Tanh(), torch.nn.Linear(4, 1, dtype=f64))
    x = torch.randn(5, 3, dtype=f64)
    slope = grad(lambda a: critic(a).sum())(x)
    loss = ((slope.norm(dim=1) - 1.0) ** 2).mean() + critic(x).mean()
    return torch.autograd.grad(loss, list(critic.parameters())[:3])


def hamiltonian(grad: Any) -> tuple[Any, ...]:
    """Three leapfrog steps in a learned potential, differentiated by its stiffness and by the start."""
    stiffness, start = tensor([1.0, 0.3]), tensor([0.5, -1.0])

    def force(q: Any) -> Any:
        return -grad(lambda q: (stiffness[0] * q**2 + stiffness[1] * q**4).sum())(q)

    q, p = start * 1.0, start * 0.0
    for _ in range(3):
        p = p + 0.05 * force(q)
        q = q + 0.1 * p
        p = p + 0.05 * force(q)
    return torch.autograd.grad((q * q).sum() + (p * p).sum(), (stiffness, start))


@pytest.mark.parametrize("program", [maml, penalty, hamiltonian])
def test_a_program_has_the_derivatives_of_plain_pytorch(program: Callable[[Any], tuple[Any, ...]]) -> None:
    for found, expected in zip(*map(program, OURS_AND_PYTORCHS), strict=True):
        same(found, expected)
        assert float(abs(expected).sum()) > 0.0


def test_a_step_of_gradient_descent_is_differentiated() -> None:
    """Of f = Σa² the step w - r·2w leads to the gradient 2(1-2r)²·w."""
    w, rate = tensor([1.0, 2.0]), tensor(0.1)
    with ad.use_backend("torch"):
        (w - rate * ad.grad(lambda a: (a**2).sum())(w)).pow(2).sum().backward()
    same(w.grad, torch.tensor([1.28, 2.56], dtype=f64))


# --- connected exactly where the user's code would be -----------------------------------------------------------------


def f(a: Any) -> Any:
    return (a**3).sum()


def results(x: Any, c: Any) -> dict[str, Any]:
    value, gradient = be.value_and_grad(lambda a: c * f(a))(x)
    y, pullback = be.vjp(lambda a: c * a**3, x)
    with be.tape() as t:
        z = t.watch(x)
        loss = c * f(z)
    return {
        "grad": be.grad(lambda a: c * f(a))(x), "value": value, "gradient": gradient, "vjp": y,
        "pullback": pullback(torch.ones_like(y))[0], "jvp": be.jvp(lambda a: c * f(a), (x,), (torch.ones_like(x),))[1],
        "jacobian": be.jacobian(lambda a: c * a**3)(x), "hessian": be.hessian(lambda a: c * f(a))(x),
        "hvp": be.hvp(lambda a: c * f(a), (x,), (torch.ones_like(x),))[0], "tape": t.grad(loss, z),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("argument", "closure", "connected"),
    [(False, False, False), (True, False, True), (False, True, True), (True, True, True)],
)
def test_results_require_a_gradient_exactly_where_something_does(
    argument: bool, closure: bool, connected: bool
) -> None:
    for name, found in results(tensor([1.0, 2.0], leaf=argument), tensor(3.0, leaf=closure)).items():
        assert found.requires_grad is connected, name


def test_nothing_is_connected_under_no_grad() -> None:
    with torch.no_grad():
        for name, found in results(tensor([1.0, 2.0]), tensor(3.0)).items():
            assert not found.requires_grad, name


def test_what_a_closed_tape_recorded_is_not_the_users() -> None:
    v = be.variable([1.0, 2.0], dtype=f64)
    with be.tape() as t:
        y = v * v
    assert not be.grad(lambda a: (a * y).sum())(tensor([1.0, 1.0], leaf=False)).requires_grad
    assert not be.grad(f)(y).requires_grad
    same(t.grad(y, v), [2.0, 4.0])


def test_inference_mode_is_right() -> None:
    with torch.inference_mode():
        x = torch.tensor([1.0, 2.0], dtype=f64)
        same(ad.grad(f)(x), [3.0, 12.0])
        same(ad.hessian(f)(x), [[6.0, 0.0], [0.0, 12.0]])
        with be.tape() as t:
            z = t.watch(x)
            y = f(z)
        same(t.grad(y, z), [3.0, 12.0])
        assert torch.is_inference_mode_enabled()
    with torch.inference_mode():
        closure = torch.tensor([2.0, 3.0], dtype=f64)
        with pytest.raises(ad.UnsupportedError, match=r"made under torch.inference_mode\(\).*clone"):  # not zeros
            ad.grad(lambda a: (closure * a * a).sum())(torch.tensor([1.0, 2.0], dtype=f64))


def test_autocast_is_that_of_plain_pytorch() -> None:
    torch.manual_seed(0)
    layer, x = torch.nn.Linear(3, 2), torch.randn(4, 3)
    found = []
    for grad in OURS_AND_PYTORCHS:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            slope = grad(lambda a: layer(a).float().pow(2).sum())(x)
        found.append(torch.autograd.grad((slope**2).sum(), layer.weight)[0])
    same(*found)


@pytest.mark.parametrize(
    "operator",
    [
        lambda c, x: be.grad(lambda a: (c * a**3).sum())(x),
        lambda c, x: be.value_and_grad(lambda a: (c * a**3).sum())(x)[0],
        lambda c, x: be.hvp(lambda a: (c * a**3).sum(), (x,), (x,))[0],
        lambda c, x: be.jacobian(lambda a: c * a**3)(x),
    ],
    ids=["grad", "value", "hvp", "jacobian"],
)
@pytest.mark.filterwarnings("ignore::UserWarning")  # Dynamo names each place where it breaks the graph
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_compiled_function_is_differentiated(operator: Callable[[Any, Any], Any]) -> None:
    found = []
    for function in (operator, torch.compile(operator, backend="eager")):
        c, x = tensor([0.5, 3.0]), tensor([1.0, 2.0])
        found.append(torch.autograd.grad((function(c, x) ** 2).sum() + c.sum() + x.sum(), (c, x)))
    for one, other in zip(*found, strict=True):
        same(one, other)


@pytest.mark.skipif(not any(map(shutil.which, ("g++", "clang++"))), reason="inductor needs a compiler of C++")
@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_inductors_code_around_the_operators_is_right() -> None:
    """Its own code has a first derivative alone, so what an operator differentiates must run outside of it."""
    hosted = ad.backend("numpy").host(lambda c, x: c * x**3)

    def ruled(a: Any) -> Any:
        rule = be.custom_vjp(lambda a: a**3)
        rule.defvjp(lambda a: (a**3, a), lambda a, g: (3.0 * a**2 * g,))
        return rule(a)

    def everything(c: Any, x: Any) -> Any:
        def total(a: Any) -> Any:
            return (c * a**3).sum()

        value, pullback = be.vjp(lambda a: c * a**3, 2.0 * x)
        return sum([
            be.grad(total)(x), torch.diagonal(be.hessian(total)(x)), be.hvp(total, (x,), (x,))[0], value,
            pullback(x)[0], be.jvp(lambda a: c * a**3, (x,), (x,))[1], be.vmap(be.grad(lambda a: a**3))(x),
            be.grad(lambda a: (c * be.checkpoint(lambda b: b**3)(a)).sum())(x), be.grad(lambda a: ruled(a).sum())(x),
            hosted(c, x), be.grad(lambda a: hosted(c, a).sum())(x),
        ])  # fmt: skip

    found = []
    for function in (everything, torch.compile(everything)):
        c, x = tensor([0.5, 3.0]), tensor([1.0, 2.0])
        y = function(c, x)
        found.append((y.detach(), *torch.autograd.grad((y**2).sum(), (c, x))))
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)


def test_a_connected_result_that_is_dropped_is_freed() -> None:
    gc.disable()
    try:
        x = tensor([1.0, 2.0])
        kept = x * 1.0
        seen = weakref.ref(kept)
        found = be.hessian(f)(kept)
        del found, kept
        assert seen() is None
    finally:
        gc.enable()


def test_a_training_loop_does_not_grow() -> None:
    """Gradients by parameters hold their graph no longer than they are held."""
    w = torch.nn.Parameter(torch.ones(3, dtype=f64))
    optimizer = torch.optim.SGD([w], lr=0.1)
    before = None
    gc.freeze()  # what other tests have loaded is walked over at each step otherwise
    try:
        for step in range(30):
            w.grad = be.grad(lambda a: (a**2).sum())(w).detach()
            optimizer.step()
            gc.collect()
            count = sum(issubclass(type(o), torch.Tensor) for o in gc.get_objects())
            before = count if step == 5 else before
            assert before is None or count <= before
    finally:
        gc.unfreeze()
    same(w, np.full(3, 0.8**30))


# --- what once was silent -------------------------------------------------------------------------------------------


def test_no_grad_inside_a_function_is_kept_to() -> None:
    def g(a: Any) -> Any:
        with torch.no_grad():
            v, _ = ad.value_and_grad(f)(a)
        return v * a.sum()

    same(ad.grad(g)(tensor([1.0, 2.0], leaf=False)), [9.0, 9.0])


@pytest.mark.parametrize("operator", [be.grad, be.hessian, be.jacobian], ids=["grad", "hessian", "jacobian"])
def test_an_argument_that_is_written_in_place_is_refused(operator: Callable[[Any], Any]) -> None:
    relu = torch.nn.ReLU(inplace=True)
    for function in (lambda a: a.mul_(3.0).pow(2).sum(), lambda a: relu(a).sum()):
        with pytest.raises(ad.MutationError, match="changed in place"):
            operator(function)(tensor([1.0, 2.0]) * 1.0)
        with pytest.raises(ad.MutationError, match="is written in place; write x = x"):
            operator(function)(tensor([1.0, 2.0], leaf=False))


def test_a_tape_whose_source_is_written_in_place_says_so() -> None:
    with pytest.raises(ad.MutationError, match="is written in place"), be.tape() as t:
        t.watch(tensor([1.0, 2.0], leaf=False)).add_(1.0)


def test_a_sparse_argument_has_a_dense_gradient() -> None:
    same(be.grad(lambda a: (a.to_dense() ** 2).sum())(torch.eye(2, dtype=f64).to_sparse()), 2.0 * torch.eye(2))


class Sine(torch.autograd.Function):
    """A function that has a first derivative alone."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x.sin()

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, g: Any) -> Any:
        return g * ctx.saved_tensors[0].cos()


@pytest.mark.parametrize(
    "second",
    [
        lambda x: be.hessian(lambda a: Sine.apply(a).sum())(x),
        lambda x: be.hvp(lambda a: Sine.apply(a).sum(), (x,), (x,)),
        lambda x: be.jvp(lambda a: Sine.apply(a) * a, (x,), (x,)),
        lambda x: be.grad(lambda b: be.grad(lambda a: Sine.apply(a).sum())(b).sum())(x),
    ],
    ids=["hessian", "hvp", "jvp", "grad of grad"],
)
def test_a_second_derivative_that_a_function_does_not_have_is_refused(second: Callable[[Any], Any]) -> None:
    x = tensor([1.0, 2.0], leaf=False)
    same(be.grad(lambda a: Sine.apply(a).sum())(x), torch.cos(x))
    with pytest.raises(ad.TapeError, match="has a first one alone"):
        second(x)


def test_a_gradient_that_has_none_itself_is_refused_by_backward_and_by_nothing_else() -> None:
    w = torch.nn.Parameter(torch.tensor([1.0, 2.0], dtype=f64))
    slope = be.grad(lambda a: Sine.apply(a).sum())(w)
    same(slope, torch.cos(w))
    with torch.no_grad():
        w -= 0.1 * slope
    with pytest.raises(ad.TapeError, match="has a first one alone"):
        (w - 0.1 * slope).sum().backward()
    assert not be.grad(lambda a: Sine.apply(a).sum())(w.detach()).requires_grad


@pytest.mark.filterwarnings("ignore::UserWarning")  # Dynamo's, of what it compiles
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_what_has_a_first_derivative_alone_may_lead_to_an_argument_and_to_a_closure() -> None:
    """It is gone through once, by the user's backward; the second derivative is that of what the operator ran."""
    x, w = tensor([1.0, 2.0], leaf=False), tensor([2.0, 3.0])
    for before in (Sine.apply, torch.compile(torch.sin, backend="aot_eager")):
        for second in (
            lambda c: be.hessian(lambda a: (a**3).sum())(c).sum(),
            lambda c: be.hvp(lambda a: (a**3).sum(), (c,), (x,))[0].sum(),
            lambda c: be.hessian(lambda a: (c * a**3).sum())(x).sum(),
            lambda c: be.jvp(lambda a: c * a**3, (x,), (x,))[1].sum(),
        ):
            same(torch.autograd.grad(second(before(w)), w)[0], torch.autograd.grad(second(torch.sin(w)), w)[0])


def test_a_residual_that_is_a_result_and_is_written_in_place_is_refused() -> None:
    rule = be.custom_vjp(torch.exp)
    rule.defvjp(lambda a: (lambda y: (y, y))(torch.exp(a)), lambda y, g: (g * y,))
    p = tensor([0.0, 1.0])
    y = rule(p)
    y.mul_(2.0)
    with pytest.raises(ad.MutationError, match="residual of a custom_vjp"):
        y.sum().backward()


def test_what_only_a_backward_closes_over_is_connected() -> None:
    c, x = tensor([2.0, 3.0]), tensor([1.0, 2.0], leaf=False)
    rule = be.custom_vjp(lambda a: a * 1.0)
    rule.defvjp(lambda a: (a * 1.0, None), lambda _, g: (g * c,))
    slope = be.grad(lambda a: (rule(a) ** 2).sum())(x)
    same(torch.autograd.grad(slope.sum(), c)[0], [2.0, 4.0])
    constant = be.custom_vjp(lambda a: a * 1.0)
    constant.defvjp(lambda a: (a * 1.0, None), lambda _, g: (g * 2.0,))
    assert not be.grad(lambda a: (constant(a) ** 2).sum())(x).requires_grad


def test_each_target_of_a_persistent_tape_is_asked_for_itself() -> None:
    x, c = tensor([1.0, 2.0], leaf=False), tensor([2.0, 3.0])
    with be.tape(persistent=True) as t:
        z = t.watch(x)
        alone, connected = (z * z).sum(), (c * z * z).sum()
    assert [t.grad(y, z).requires_grad for y in (alone, connected, alone)] == [False, True, False]


def test_a_pullback_is_connected_to_its_cotangent() -> None:
    with torch.no_grad():
        _, pullback = be.vjp(lambda a: a**2, tensor([1.0, 2.0]))
    assert pullback(tensor([1.0, 1.0]))[0].requires_grad
    same(torch.func.vmap(pullback)(torch.eye(2, dtype=f64))[0], [[2.0, 0.0], [0.0, 4.0]])


def test_a_pause_holds_where_the_grad_mode_is_switched_on_inside() -> None:
    with be.tape() as t:
        z = t.watch(tensor([1.0, 2.0], leaf=False))
        with be.pause(), torch.enable_grad():
            k = (3.0 * z).sum()
        y = (z * z).sum() + k
    same(t.grad(y, z), [2.0, 4.0])
