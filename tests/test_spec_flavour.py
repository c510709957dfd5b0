"""The flavour ``conventions="spec"``: it mends what its adapter lists as a deviation, and touches nothing else."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autodiff_spec as ad
from autodiff_spec import Capability
from autodiff_spec._shared import overlaid
from autodiff_spec.conformance._deviations import Deviation, DeviationsFileError, known_deviations
from autodiff_spec.conformance.functions import FUNCTIONS
from autodiff_spec.conformance.kinks.model import KINKS, Point
from autodiff_spec.conformance.kinks.points import FIRST, SECOND

ROOT = Path(__file__).resolve().parent.parent
ADAPTERS = ("torch", "tensorflow", "jax")
MENDED = {
    "torch": {
        "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "expm1", "logaddexp", "softplus", "silu", "erf",
        "gelu", "clip", "hypot", "pow", "sinc", "tan", "tanh", "sigmoid", "softmax", "log_softmax", "lgamma",
        "digamma", "gammainc", "gammaincc", "cumulative_prod", "std", "cholesky", "det", "eigh", "eigvalsh", "expm",
        "matrix_norm", "qr", "svd", "vector_norm",
    },
    "tensorflow": {
        "abs", "acos", "acosh", "asin", "atan", "atan2", "atanh", "clip", "hypot", "log1p", "log2", "maximum",
        "minimum", "pow", "sign", "sinc", "xlogy", "tan", "tanh", "sigmoid", "softplus", "erf", "gelu", "silu",
        "softmax", "log_softmax", "erfinv", "lgamma", "digamma", "gammainc", "gammaincc", "cumulative_prod", "prod",
        "std", "cholesky", "matrix_norm", "qr", "vector_norm",
    },
    "jax": {
        "acos", "asin", "cosh", "sinh", "tan", "asinh", "atan2", "atanh", "expm1", "logaddexp", "sinc", "softplus",
        "erf", "gelu", "silu", "abs", "acosh", "copysign", "hypot", "pow", "sign", "tanh", "sigmoid", "softmax",
        "log_softmax", "erfinv", "lgamma", "digamma", "gammainc", "gammaincc", "std", "matrix_norm", "svd",
        "vector_norm",
    },
}  # fmt: skip
ORDER = (
    "abs", "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "clip", "copysign", "cosh", "divide", "expm1",
    "hypot", "log1p", "log2", "logaddexp", "maximum", "minimum", "pow", "sign", "sinc", "xlogy", "sinh", "tan", "tanh",
    "sigmoid", "softplus", "erf", "gelu", "silu", "softmax", "log_softmax", "erfinv", "lgamma", "digamma", "gammainc",
    "gammaincc", "cumulative_prod", "prod", "std", "cholesky", "det", "eigh", "eigvalsh", "expm", "matrix_norm", "qr",
    "svd", "vector_norm", "linalg", "xp", "extra",
)  # fmt: skip


NOT_MENDED = {
    **{f"FUN-{number}": "arguments of every size, of which not all are mended" for number in range(180, 189)},
    **{f"FUN-{number}": "complex numbers of every size, as above" for number in (240, 250, 252)},
    "FUN-25": "the value of JAX's log1p, which no derivative shares",
    "FUN-13": "one rounding in PyTorch's second derivative of copysign, where no number is rounded",
    "FUN-105": "JAX's tracers leave pinv's rule where a gradient with a tolerance is differentiated on tapes",
    "FUN-124": "TensorFlow's rule of the singular vectors of complex matrices, differentiated once more",
    "FUN-232": "TensorFlow keeps one constant for the numbers 0.0 and -0.0, whatever function takes them",
}
"""The clauses of which this flavour still lists a function of its namespace, and why."""


def flavour(name: str, conventions: str) -> ad.Backend:
    if name not in ad.available_backends():
        pytest.skip(f"{name} is not installed")
    return ad.backend(name, conventions)


def flavours(name: str) -> tuple[ad.Backend, ad.Backend]:
    return flavour(name, "native"), flavour(name, "spec")


def namespaces(be: ad.Backend) -> Iterator[tuple[str, Any]]:
    """All functions of a backend by their names."""
    for space in (be.xp, be.xp.linalg, be.xp.fft, be.extra):
        yield from ((name, getattr(space, name)) for name in space.__all__ if name not in ("linalg", "fft"))


def sources(name: str) -> str:
    return (ROOT / "backends" / f"autodiff_{name}" / "mended.py").read_text("utf-8")


# --- what is mended, and what is not -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ADAPTERS)
def test_only_what_is_mended_is_another_function(name: str) -> None:
    native, spec = flavours(name)
    pairs = zip(namespaces(native), namespaces(spec), strict=True)
    changed = {name for (name, ours), (_, theirs) in pairs if ours is not theirs and callable(ours)}
    assert changed == MENDED[name]


@pytest.mark.parametrize("name", ADAPTERS)
def test_what_is_mended_is_what_the_native_flavour_lists(name: str) -> None:
    native, spec = flavours(name)
    listed = set(known_deviations(native)) - set(known_deviations(spec))
    gone = {entry.clause for entry in listed if entry.clause.startswith(("KINK", "FUN"))}
    cited = set(re.findall(r"\b(?:KINK|FUN)-\d+", sources(name)))
    # each clause that a mended function names was broken, and each that was broken is named by who mends it
    assert gone - cited == set()
    assert cited - gone == set()


@pytest.mark.parametrize("name", ["numpy", *ADAPTERS])
def test_what_the_spec_flavour_still_lists_concerns_native_arrays_alone(name: str) -> None:
    entries = [e for e in known_deviations(flavour(name, "spec")) if e.clause not in NOT_MENDED]
    native = {variant.name for function in FUNCTIONS for variant in function.variants if variant.native}
    native |= {function.name for function in FUNCTIONS if function.variants[0].native}
    native |= {point.name for point in _points() if point.native}
    assert [str(e) for e in entries if e.clause.startswith(("FUN", "KINK")) and e.case not in native] == []
    if Capability.SPEC_OPERATORS in flavour(name, "spec").capabilities:
        assert [str(e) for e in entries if not e.clause.startswith("HOST")] == []


def _points() -> list[Point]:
    return [kink.point for kink in KINKS] + [point for _, point in (*FIRST, *SECOND)]


@pytest.mark.parametrize("name", ADAPTERS)
def test_definitions_stand_in_one_order(name: str) -> None:
    tree = ast.parse((ROOT / "backends" / f"autodiff_{name}" / "mended.py").read_text("utf-8"))
    found = [
        node.name if isinstance(node, ast.FunctionDef) else node.targets[0].id
        for node in tree.body
        if isinstance(node, ast.FunctionDef) or (isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name))
    ]
    known = [each for each in found if each in ORDER]
    assert known == sorted(known, key=ORDER.index)
    assert {"linalg", "xp"} <= set(known)


def test_a_name_that_a_namespace_lacks_cannot_be_replaced() -> None:
    from autodiff_numpy import xp

    assert overlaid(xp, "other", {"sin": math.sin}).cos is xp.cos
    with pytest.raises(ValueError, match="sine"):
        overlaid(xp, "other", {"sine": math.sin})


def test_the_flavours_of_a_deviation_are_known_ones(tmp_path: Path) -> None:
    be = flavour("numpy", "native")
    entry = Deviation("KINK-02", "abs at 0", "1", "a reason", "numpy 1")

    def listed(flavours: str, conventions: str) -> int:
        path = tmp_path / f"{flavours}.toml"
        fields = dict(replace(entry, flavours=flavours).__dict__)
        cases = f'cases = {{"{fields.pop("case")}" = "{fields.pop("observed")}"}}\n'
        path.write_text("[[deviation]]\n" + cases + "".join(f'{k} = "{v}"\n' for k, v in fields.items()), "utf-8")
        other = type(be)(conventions)
        other.deviations = path
        return len(known_deviations(other))

    assert [listed("native", "native"), listed("native", "spec")] == [1, 0]
    assert [listed("native, spec", "native"), listed("native, spec", "spec")] == [1, 1]
    with pytest.raises(DeviationsFileError, match="mathematical"):
        listed("mathematical", "native")


# --- values are the framework's ------------------------------------------------------------------------------------

SPECIAL = [0.0, -0.0, 1.0, -1.5, 2.0, 3.0, math.inf, -math.inf, math.nan]
PAIRS = np.array([(a, b) for a in SPECIAL for b in SPECIAL]).T
MATRIX = np.array([[2.0, 1.0, 0.5], [1.0, 3.0, 0.25], [0.5, 0.25, 5.0]])


def real(be: ad.Backend, values: Any) -> Any:
    return be.asarray(values, dtype=be.xp.float64)


Call = Callable[[Any], Any]
ONE: dict[str, Call] = {
    "abs": lambda be: be.xp.abs(real(be, SPECIAL)),
    "abs of ints": lambda be: be.xp.abs(be.xp.asarray([-2, 0, 3])),
    "acosh": lambda be: be.xp.acosh(real(be, SPECIAL)),
    "clip of ints": lambda be: be.xp.clip(be.xp.asarray([-2, 0, 300], dtype=be.xp.int16), -1, 100_000),
    "clip without bounds": lambda be: be.xp.clip(real(be, SPECIAL)),
    "clip of float32 by arrays": lambda be: be.xp.clip(
        be.asarray(SPECIAL, dtype=be.xp.float32), be.asarray(-1.0, dtype=be.xp.float32), max=2.5
    ),
    "sinc": lambda be: be.extra.sinc(real(be, [*SPECIAL[:-3], 0.1, 0.2, 1e-9])),
    "sign": lambda be: be.xp.sign(real(be, SPECIAL)),
    "sign of complex": lambda be: be.xp.sign(be.asarray(np.array([0j, 3 + 4j]))),
    "pow by a number": lambda be: be.xp.pow(real(be, SPECIAL), 2.0),
    "pow by 0": lambda be: be.xp.pow(real(be, SPECIAL), 0.0),
    "pow of ints": lambda be: be.xp.pow(be.xp.asarray([0, 2, 3]), be.xp.asarray([0, 1, 4])),
    "pow of complex": lambda be: be.xp.pow(be.asarray(np.array([1j, 2.0])), be.asarray(np.array([2.0, 0.5j]))),
    "cumulative_prod": lambda be: be.xp.cumulative_prod(real(be, [[2.0, 0.0, 3.0], [0.0, 5.0, 1.0]]), axis=1),
    "cumulative_prod of ints": lambda be: be.xp.cumulative_prod(be.xp.asarray([2, 0, 3]), include_initial=True),
    "prod": lambda be: be.xp.prod(real(be, [[2.0, 0.0, 3.0], [7.0, 5.0, 1.0]]), axis=1, keepdims=True),
    "prod over axes": lambda be: be.xp.prod(be.asarray(np.arange(24.0).reshape(2, 3, 4)), axis=(0, 2)),
    "prod of ints": lambda be: be.xp.prod(be.xp.asarray([2, 0, 3])),
    "diff": lambda be: be.xp.diff(real(be, [1.0, 4.0]), prepend=real(be, [0.0]), append=real(be, [9.0])),
    "std": lambda be: be.xp.std(real(be, [[1.0, 4.0], [2.0, 2.0]]), axis=1, correction=1, keepdims=True),
    "det": lambda be: be.xp.linalg.det(be.asarray(MATRIX)),
    "eigvalsh": lambda be: be.xp.linalg.eigvalsh(be.asarray(MATRIX)),
    "expm": lambda be: be.extra.expm(be.asarray(MATRIX)),
    "matrix_norm": lambda be: be.xp.linalg.matrix_norm(be.asarray(MATRIX), keepdims=True),
    "matrix_norm 1": lambda be: be.xp.linalg.matrix_norm(be.asarray(MATRIX), ord=1),
    "qr": lambda be: abs(be.xp.linalg.qr(be.asarray(MATRIX[:, :2]), mode="complete")[0]),
    "svd": lambda be: abs(be.xp.linalg.svd(be.asarray(MATRIX[:2]))[2]),
    **{
        f"vector_norm {order}": lambda be, order=order: be.xp.linalg.vector_norm(be.asarray(MATRIX), axis=1, ord=order)
        for order in (0, 0.5, 1, 2, 2.5, 3, math.inf, -math.inf, -1)
    },
    "vector_norm of complex": lambda be: be.xp.linalg.vector_norm(be.asarray(np.array([3j, 4.0]))),
}


@pytest.mark.parametrize("case", ONE)
@pytest.mark.parametrize("name", ADAPTERS)
def test_values_and_dtypes_are_those_of_the_framework(name: str, case: str) -> None:
    (native, spec), call = flavours(name), ONE[case]
    expected, found = call(native), call(spec)
    assert (found.dtype, tuple(found.shape)) == (expected.dtype, tuple(expected.shape))
    np.testing.assert_allclose(spec.to_numpy(found), native.to_numpy(expected), rtol=1e-6 if "32" in case else 1e-13,
                               atol=1e-15)  # fmt: skip


@pytest.mark.parametrize("function", ["clip", "copysign", "hypot", "maximum", "minimum", "pow", "xlogy"])
@pytest.mark.parametrize("name", ADAPTERS)
def test_values_of_two_arguments_are_those_of_the_framework(name: str, function: str) -> None:
    native, spec = flavours(name)

    def values(be: ad.Backend) -> Any:
        f = getattr(be.extra if function == "xlogy" else be.xp, function)
        return be.to_numpy(f(*map(be.asarray, PAIRS)))

    np.testing.assert_allclose(values(spec), values(native), rtol=1e-15)


# --- derivatives beyond the suite's --------------------------------------------------------------------------------


def derivatives(be: ad.Backend, f: Callable[[Any, Any], Any], at: float, count: int) -> list[float]:
    """The first derivatives of a function of one number."""
    functions: list[Callable[[Any], Any]] = [lambda x: f(be, x)]
    for _ in range(count):
        functions.append(be.grad(functions[-1]))
    return [float(be.to_numpy(each(real(be, at)))) for each in functions[1:]]


HIGHER: dict[str, tuple[tuple[str, ...], Callable[[Any, Any], Any], float, list[float]]] = {
    "sinc at 0": (
        ("torch",), lambda be, x: be.extra.sinc(x), 0.0, [0.0, -(math.pi**2) / 3, 0.0, math.pi**4 / 5],
    ),
    "abs at 0": (("jax",), lambda be, x: be.xp.abs(x), 0.0, [0.0, 0.0, 0.0]),
    "x² at 0": (("torch", "tensorflow", "jax"), lambda be, x: be.xp.pow(x, 2.0), 0.0, [0.0, 2.0, 0.0]),
    "x³ at 0": (("tensorflow", "jax"), lambda be, x: be.xp.pow(x, 3), 0.0, [0.0, 0.0, 6.0, 0.0]),
    "pow(x, y)·x at (0, 1)": (
        ("tensorflow", "jax"), lambda be, x: be.xp.pow(x, real(be, 1.0)) * x, 0.0, [0.0, 2.0, 0.0],
    ),
    "pow(x, 2) with an array at 0": (("jax",), lambda be, x: be.xp.pow(x, real(be, 2.0)), 0.0, [0.0, 2.0, 0.0, 0.0]),
    "2.5^y at y = 0": (
        ADAPTERS, lambda be, y: be.xp.pow(real(be, 2.5), y), 0.0, [math.log(2.5), math.log(2.5) ** 2],
    ),
    "pow(x, x) at 1": (ADAPTERS, lambda be, x: be.xp.pow(x, x), 1.0, [1.0, 2.0, 3.0]),
    "prod of three x at 0": (
        ("tensorflow",), lambda be, x: be.xp.prod(be.xp.stack([x, x, x])), 0.0, [0.0, 0.0, 6.0],
    ),
    "det of a singular matrix": (
        ("torch",),
        lambda be, x: be.xp.linalg.det(x * be.asarray(np.array([[1.0, 2.0, 0.0], [2.0, 5.0, 0.0], [0.0, 0.0, 3.0]]))),
        0.0,
        [0.0, 0.0, 18.0],
    ),
    "hypot(x, 1e200)": (
        ("jax",), lambda be, x: be.xp.hypot(x, real(be, 1e200)), 1e200, [math.sqrt(0.5), math.sqrt(0.125) * 1e-200],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("name", "case"), [(name, case) for case in HIGHER for name in HIGHER[case][0]])
def test_derivatives_of_higher_orders(name: str, case: str) -> None:
    _, f, at, expected = HIGHER[case]
    found = derivatives(flavour(name, "spec"), f, at, len(expected))
    for one, other in zip(found, expected, strict=True):
        assert one == pytest.approx(other, rel=1e-10, abs=1e-12 if abs(other) > 1e-100 or other == 0 else 0)


@pytest.mark.parametrize("name", ["torch", "jax"])
def test_full_singular_vectors_of_a_wide_matrix_have_derivatives(name: str) -> None:
    be, x = flavour(name, "spec"), MATRIX[:2]

    def distance(a: Any) -> Any:  # of a vector to the row space, by way of the null space
        rest = be.xp.linalg.svd(a)[2][2:, :]
        return be.xp.sum(be.xp.matmul(rest, real(be, [1.0, -2.0, 0.5])) ** 2)

    def exactly(a: Any) -> float:
        v = np.array([1.0, -2.0, 0.5])
        return float(v @ v - v @ np.linalg.pinv(a) @ a @ v)

    found, step = be.to_numpy(be.grad(distance)(be.asarray(x))), 1e-5
    for place in np.ndindex(x.shape):
        shift = np.zeros_like(x)
        shift[place] = step
        assert found[place] == pytest.approx((exactly(x + shift) - exactly(x - shift)) / (2 * step), abs=1e-8)


# --- operators, graphs, raw transforms -----------------------------------------------------------------------------


def slope(be: ad.Backend, f: Callable[[Any], Any], at: Any) -> list[Any]:
    """The gradient on a tape, and by the functional form."""
    x = be.variable(at, dtype=be.xp.float64)
    with be.tape() as tape:
        y = f(x)
    return [
        be.to_numpy(tape.grad(y, x)).tolist(),
        be.to_numpy(be.grad(f)(be.asarray(at, dtype=be.xp.float64))).tolist(),
    ]


def test_operators_and_methods_of_recorded_arrays_of_jax_are_mended_under_tapes_of_this_flavour_only() -> None:
    native, spec = flavours("jax")
    assert slope(spec, abs, 0.0) == [0.0, 0.0]
    assert slope(native, abs, 0.0) == [1.0, 1.0]
    assert slope(spec, lambda x: x**0.0, 0.0) == [0.0, 0.0]
    assert np.isnan(slope(native, lambda x: x**0.0, 0.0)).all()
    assert slope(spec, lambda x: x.std(), [2.0, 2.0]) == [[0.0, 0.0]] * 2
    assert slope(spec, lambda x: 2.0**x, 0.0) == pytest.approx([math.log(2.0)] * 2)
    assert slope(spec, lambda x: spec.grad(lambda z: abs(z) + abs(x))(x), 0.0) == [0.0, 0.0]


def test_where_operators_are_left_alone_it_is_said() -> None:
    for name in ADAPTERS:
        assert (Capability.SPEC_OPERATORS in flavour(name, "spec").capabilities) == (name == "jax")
        assert Capability.SPEC_OPERATORS not in flavour(name, "native").capabilities


ROWS = [[2.0, 0.0, 3.0], [1.0, 1.0, 1.0]]
GRAPH: dict[str, Callable[[Any, Any], Any]] = {
    "cumulative_prod": lambda xp, x: xp.sum(xp.cumulative_prod(x, axis=1)),
    "prod": lambda xp, x: xp.sum(xp.prod(x, axis=1)),
    "pow": lambda xp, x: xp.sum(xp.pow(x, 0.0) + xp.pow(x, xp.asarray(1.0, dtype=xp.float64))),
    "maximum": lambda xp, x: xp.sum(xp.maximum(x, 1.0)),
    "clip": lambda xp, x: xp.sum(xp.clip(x, 1.0, 3.0)),
    "std": lambda xp, x: xp.sum(xp.std(x, axis=1)),
    "vector_norm": lambda xp, x: xp.linalg.vector_norm(x - x),
    "hypot": lambda xp, x: xp.sum(xp.hypot(x, 1e200 * xp.flip(x))),
    "tanh": lambda xp, x: xp.sum(xp.tanh(10.0 * x)),
    "power of a tiny number": lambda xp, x: xp.sum(xp.pow(1e-155 * x, xp.asarray(1.5, dtype=xp.float64))),
}


@pytest.mark.parametrize("case", GRAPH)
def test_on_tensorflow_the_gradient_is_the_same_in_graphs_and_right_in_forward_mode(case: str) -> None:
    be = flavour("tensorflow", "spec")
    import tensorflow as tf

    def f(x: Any) -> Any:
        return GRAPH[case](be.xp, x)

    x = be.asarray(ROWS, dtype=be.xp.float64)
    expected = be.to_numpy(be.grad(f)(x))
    np.testing.assert_allclose(be.to_numpy(tf.function(be.grad(f))(x)), expected, rtol=1e-12)
    tangent = np.arange(1.0, 7.0).reshape(2, 3)
    for g in (f, tf.function(f)):
        with tf.autodiff.ForwardAccumulator(x, be.asarray(tangent)) as forward:
            y = g(x)
        if case != "cumulative_prod":  # along directions TensorFlow multiplies, and is right by itself
            along = float(be.to_numpy(forward.jvp(y)))
            assert along == pytest.approx(float((expected * tangent).sum()), rel=1e-12, abs=0)


@pytest.mark.parametrize("case", ["abs", "copysign", "hypot", "pow"])
def test_mended_functions_of_jax_are_right_in_its_own_transforms(case: str) -> None:
    be = flavour("jax", "spec")
    import jax

    zero = be.asarray(np.zeros(3))
    programs: dict[str, Callable[[Any], Any]] = {
        "abs": be.xp.abs,
        "copysign": lambda x: be.xp.copysign(x, -1.0),
        "hypot": lambda x: be.xp.hypot(x, 0.0),
        "pow": lambda x: be.xp.pow(x, zero[0]),
    }
    second = [] if case == "hypot" else [lambda f: jax.grad(jax.grad(f))]  # it has none there
    for transform in (jax.grad, lambda f: jax.jit(jax.grad(f)), jax.jacfwd, *second):
        np.testing.assert_array_equal(jax.vmap(transform(programs[case]))(zero), np.zeros(3))


@pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning")  # of its forward mode
def test_mended_functions_of_torch_are_right_in_its_own_transforms() -> None:
    be = flavour("torch", "spec")
    import torch

    singular = torch.tensor([[1.0, 2.0], [2.0, 4.0]], dtype=torch.float64)
    adjugate = [[4.0, -2.0], [-2.0, 1.0]]
    for transform in (torch.func.grad, torch.func.jacrev, torch.func.jacfwd):
        np.testing.assert_allclose(transform(be.xp.linalg.det)(singular), adjugate)
        for f in (lambda x: be.xp.hypot(x, x), lambda x: be.xp.pow(x, 0 * x.detach()), be.extra.sinc):
            assert float(transform(f)(torch.zeros((), dtype=torch.float64))) == 0.0
