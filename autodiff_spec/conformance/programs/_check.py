"""The ways to differentiate a program, each checked against the truth about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from autodiff_spec import Backend
from autodiff_spec.conformance._calls import weights
from autodiff_spec.conformance._deviations import known_deviations
from autodiff_spec.conformance.checks import assert_close
from autodiff_spec.conformance.programs._draw import HALF
from autodiff_spec.conformance.programs._model import Case
from autodiff_spec.conformance.programs._truth import IllConditioned, Truth, assert_spread

Arrays = list[Any]
Function = Callable[..., Any]
_PART = {"complex64": "float32", "complex128": "float64"}

RESTING = frozenset({"KINK-15", "KINK-70", "KINK-71"})
"""Who lists deviations of these has NaN for the derivative of a norm or of std at 0, and so wherever a program stays
there, although it is smooth: ``std(stack([a, a]))``, the norm of ``a - a``. Nothing is compared then."""


class Run:
    """A program on a backend: the arguments in the dtype to compute in, and the truth."""

    def __init__(self, be: Backend, program: Function, args: Sequence[Any], dtype: str) -> None:
        self.be, self.dtype = be, dtype
        exact = tuple(np.asarray(arg, dtype=np.complex128 if dtype in _PART else np.float64) for arg in args)
        self.f: Function = lambda *arrays: program(be, be.xp, *arrays)
        self.primals = [self.array(a) for a in exact]
        self.every = tuple(range(len(exact)))
        self.tangents = [weights(a.shape, a.dtype.kind) for a in exact]
        resting = any(entry.clause in RESTING for entry in known_deviations(be))
        self.truth = Truth(program, exact, dtype, resting)

    def array(self, exact: Any) -> Any:
        """An array of the backend in the dtype to compute in."""
        name = self.dtype if exact.dtype.kind == "c" else _PART.get(self.dtype, self.dtype)
        return self.be.asarray(exact, dtype=getattr(self.be.xp, name))

    def cotangents(self) -> tuple[Any, Any]:
        """A cotangent for the results, exact and on the backend, in their structure."""
        exact = [weights(v.shape, "f") for v in _leaves(self.truth.value)]
        found = [self.array(e) for e in exact]
        return (tuple(exact), tuple(found)) if isinstance(self.truth.value, tuple) else (exact[0], found[0])

    def assert_gradient(self, found: Any, cotangent: Any = None) -> None:
        """The gradients of the weighted results are right, and have the arguments' shapes and dtypes."""
        for gradient, primal in zip(found, self.primals, strict=True):
            assert gradient.dtype == primal.dtype, f"dtype {gradient.dtype}, expected {primal.dtype}"
        self.assert_right(found, self.truth.first, lambda run: run.gradient(cotangent))

    def assert_right(self, found: Any, runs: list[Any], of: Function) -> None:
        """Arrays of the backend are right."""
        if self.dtype in HALF:  # NumPy has no bfloat16
            found = [self.be.xp.astype(a, self.be.xp.float32) for a in found]
        assert_spread([self.be.to_numpy(a) for a in found], runs, of, self.dtype)

    def exists(self) -> bool:
        """Whether the backend computes the value; in 16 bits not every one has every function."""
        try:
            self.f(*self.primals)
        except Exception:  # whatever it raises
            return False
        return True


def _leaves(tree: Any) -> Arrays:
    return list(tree) if isinstance(tree, tuple) else [tree]


def _grad(run: Run) -> None:
    value, found = run.be.value_and_grad(run.f, run.every)(*run.primals)
    run.assert_right(_leaves(value), run.truth.first, lambda one: _leaves(one.value))
    run.assert_gradient(found)


def _vjp(run: Run) -> None:
    exact, cotangent = run.cotangents()
    _, pullback = run.be.vjp(run.f, *run.primals)
    run.assert_gradient(pullback(cotangent), exact)


def _jvp(run: Run) -> None:
    _, found = run.be.jvp(run.f, tuple(run.primals), tuple(map(run.array, run.tangents)))
    run.assert_right(_leaves(found), run.truth.first, lambda one: _leaves(one.jvp(*run.tangents)))


def _jacobian(run: Run, mode: str) -> None:
    found = run.be.jacobian(run.f, run.every, mode=mode)(*run.primals)
    exact, _ = run.cotangents()
    blocks = found if isinstance(run.truth.value, tuple) else (found,)
    pairs = list(zip(_leaves(exact), blocks, strict=True))
    total = [sum(np.tensordot(c, run.be.to_numpy(row[i]), np.ndim(c)) for c, row in pairs) for i in run.every]
    assert_spread(total, run.truth.first, lambda one: one.gradient(exact), run.dtype)


def _hessian(run: Run) -> None:
    found = run.be.hessian(_total(run), run.every)(*run.primals)
    flat = [block for row in found for block in row]
    run.assert_right(flat, run.truth.second, lambda blocks: [block for row in blocks for block in row])


def _hvp(run: Run) -> None:
    found = run.be.hvp(_total(run), tuple(run.primals), tuple(map(run.array, run.tangents)))
    run.assert_right(found, run.truth.products(run.tangents), list)


def _total(run: Run) -> Function:
    """The sum of the program's results."""

    def total(*arrays: Any) -> Any:
        return sum(run.be.xp.sum(part) for part in _leaves(run.f(*arrays)))

    return total


def _inner(run: Run, a: Any, b: Any) -> Any:
    """The real inner product of two arrays."""
    xp = run.be.xp
    return xp.sum(xp.real(xp.multiply(xp.conj(a), b)) if run.dtype in _PART else xp.multiply(a, b))


def _recorded(run: Run, sources: Arrays) -> Any:
    """The results on a tape; nothing times the sources is added, or a constant result would be no target."""
    xp = run.be.xp
    totals = [xp.sum(source) for source in sources]
    nothing = sum(xp.multiply(xp.real(t) if run.dtype in _PART else t, 0.0) for t in totals)
    results = [xp.add(part, nothing) for part in _leaves(run.f(*sources))]
    return tuple(results) if isinstance(run.truth.value, tuple) else results[0]


def _tape(run: Run) -> None:
    sources = [run.be.variable(primal) for primal in run.primals]
    with run.be.tape() as tape:
        target = _recorded(run, sources)
    run.assert_gradient(tape.grad(target, sources))


def _persistent_tape(run: Run) -> None:
    exact, cotangent = run.cotangents()
    with run.be.tape(persistent=True) as tape:
        sources = [tape.watch(primal) for primal in run.primals]
        target = _recorded(run, sources)
    run.assert_gradient(tape.grad(target, sources, cotangent=cotangent), exact)
    run.assert_gradient(tape.grad(target, sources))


def _grad_of_grad(run: Run) -> None:
    """The gradient of <direction, gradient>, in the functional form."""
    be = run.be
    inner = be.grad(_total(run), run.every)

    def along(*primals: Any) -> Any:
        return sum(_inner(run, run.array(t), g) for t, g in zip(run.tangents, inner(*primals), strict=True))

    run.assert_right(be.grad(along, run.every)(*run.primals), run.truth.products(run.tangents), list)


def _nested_tapes(run: Run) -> None:
    """The gradient of <direction, gradient> + Σ |x|²; the squares connect what has no second derivative."""
    be = run.be
    sources = [be.variable(primal) for primal in run.primals]
    with be.tape() as outer:
        with be.tape() as inner:
            target = _recorded(run, sources)
        gradients = inner.grad(target, sources)
        parts = zip(sources, gradients, run.tangents, strict=True)
        weighted = sum(_inner(run, run.array(t), g) + _inner(run, s, s) for s, g, t in parts)
    found = outer.grad(weighted, sources)

    def with_squares(products: Any) -> Arrays:
        return [product + 2 * a for product, a in zip(products, run.truth.args, strict=True)]

    run.assert_right(found, run.truth.products(run.tangents), with_squares)


def _vmap(run: Run) -> None:
    """A batch of two: the point itself twice; the gradient of a batched program is a batch of gradients."""
    xp = run.be.xp
    batched = [xp.stack([primal, primal]) for primal in run.primals]
    gradients = run.be.vmap(run.be.grad(_total(run), run.every))(*batched)
    for k in range(2):
        run.assert_gradient([gradient[k, ...] for gradient in gradients])


def _checkpoint(run: Run) -> None:
    run.assert_gradient(run.be.grad(run.be.checkpoint(_total(run)), run.every)(*run.primals))


def _custom_vjp(run: Run) -> None:
    """A rule that says what the program's own pullback says."""
    be = run.be
    custom = be.custom_vjp(_total(run))
    custom.defvjp(
        lambda *primals: (_total(run)(*primals), primals),
        lambda primals, g: tuple(be.xp.multiply(g, part) for part in be.grad(_total(run), run.every)(*primals)),
    )
    run.assert_gradient(be.grad(lambda *arrays: be.xp.multiply(custom(*arrays), 1.0), run.every)(*run.primals))


def _prepare(run: Run) -> None:
    """Prepared elsewhere, so that branches may go the other way here."""
    elsewhere = [run.array(np.full(primal.shape, 0.375)) for primal in run.primals]
    prepared = run.be.prepare(run.be.grad(run.f, run.every), *elsewhere)
    run.assert_gradient(prepared(*run.primals))


MODES: dict[str, Callable[[Run], None]] = {
    "grad": _grad,
    "vjp": _vjp,
    "jvp": _jvp,
    "jacobian in forward mode": partial(_jacobian, mode="forward"),
    "jacobian in reverse mode": partial(_jacobian, mode="reverse"),
    "hessian": _hessian,
    "hvp": _hvp,
    "vmap": _vmap,
    "tape": _tape,
    "persistent tape": _persistent_tape,
    "nested tapes": _nested_tapes,
    "grad of grad": _grad_of_grad,
    "custom_vjp": _custom_vjp,
    "checkpoint": _checkpoint,
    "prepare": _prepare,
}
"""The ways to differentiate; each raises AssertionError where a derivative is wrong."""


def check(
    mode: str, be: Backend, program: Function, args: Sequence[Any], dtype: str = "float64", expected: Any = None
) -> bool:
    """Compare a derivative of a program with the oracle's.

    Args:
        mode: a key of `MODES`.
        be: the backend.
        program: ``program(be, xp, *arrays)``, written against the backend's operators and its namespace.
        args: nested lists or float64 arrays.
        dtype: the dtype to compute in.
        expected: the gradients, where an operation is at a kink; the mode is ``"grad"`` then.

    Returns:
        Whether it was compared: not where an operation is so near to a kink that rounding may take it across, where
        errors within the budgets allow anything, and where the backend has no value in 16 bits.

    Raises:
        AssertionError: the derivative is wrong.
    """
    run = Run(be, program, args, dtype)
    if expected is not None:
        _assert_expected(run, expected)
        return True
    if run.truth.near_kink or (dtype in HALF and not run.exists()):
        return False
    try:
        MODES[mode](run)
    except IllConditioned:
        return False
    return True


def _assert_expected(run: Run, expected: Any) -> None:
    """Reverse and forward mode give the gradients that are expected, exact but for a few roundings."""
    be = run.be
    found = be.grad(run.f, run.every)(*run.primals)
    for gradient, (right, size) in zip(found, expected, strict=True):
        assert_close(be.to_numpy(gradient), np.asarray(right), run.dtype, scale=size)
    _, slope = be.jvp(_total(run), tuple(run.primals), tuple(map(run.array, run.tangents)))
    pairs = list(zip(run.tangents, expected, strict=True))
    along = np.array(sum(float(np.sum(t * right)) for t, (right, _) in pairs))
    size_along = sum(float(np.sum(abs(t) * size)) for t, (_, size) in pairs)
    assert_close(be.to_numpy(slope), along, run.dtype, scale=size_along)


def check_case(mode: str, be: Backend, case: Case, expected: Any = None, backend: str = "") -> bool:
    """`check` a drawn program; a failure carries a program that repeats it."""
    try:
        return check(mode, be, case.program.function, case.args, case.dtype, expected)
    except Exception as error:
        error.add_note(case.reproducer(mode, backend or be.name, be.conventions, expected))
        raise
