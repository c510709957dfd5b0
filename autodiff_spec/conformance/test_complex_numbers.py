"""Chapter CPLX."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import assume, given

from autodiff_spec import Backend, DtypeError, NotDifferentiableError, oracle
from autodiff_spec.conformance import clause
from autodiff_spec.conformance.checks import assert_array, assert_close, assert_equal
from autodiff_spec.conformance.strategies import elements

# Real targets of a complex argument. All are well conditioned: sums of a few products of moderate numbers.
REAL: dict[str, Callable[[Any, Any], Any]] = {
    "|z|^2": lambda xp, z: xp.real(z * xp.conj(z)),
    "Re z^2": lambda xp, z: xp.real(z * z),
    "Im z": lambda xp, z: xp.imag(z),
    "Im z^3": lambda xp, z: xp.imag(z * z * z),
    "Re z * Im z": lambda xp, z: xp.real(z) * xp.imag(z),
    "Re (z + 2 conj(z))^2": lambda xp, z: xp.real((z + 2.0 * xp.conj(z)) * (z + 2.0 * xp.conj(z))),
    "Re exp(z)": lambda xp, z: xp.real(xp.exp(z)),
    "|sum|^2": lambda xp, z: xp.real(xp.sum(z) * xp.conj(xp.sum(z))),
}
COMPLEX: dict[str, Callable[[Any, Any], Any]] = {
    "z": lambda xp, z: z * 1.0,
    "z^2": lambda xp, z: z * z,
    "conj": lambda xp, z: xp.conj(z),
    "exp": lambda xp, z: xp.exp(z),
    "(1+2j) z": lambda xp, z: (1.0 + 2.0j) * z,
    "z Re z": lambda xp, z: 0.5 * (z * z + z * xp.conj(z)),
    "sum": lambda xp, z: xp.sum(z * z),
}
SCALE = 64.0
"""An upper bound of the terms that are added up in the derivatives above, for |z| ≤ 3 (exp: e²·3)."""

real_programs = pytest.mark.parametrize("program", list(REAL))
complex_programs = pytest.mark.parametrize("program", list(COMPLEX))


@st.composite
def points(draw: st.DrawFn) -> Any:
    """Two complex numbers, on the axes and at 0 too."""
    parts = draw(st.lists(elements(), min_size=4, max_size=4))
    return np.array([complex(parts[0], parts[1]), complex(parts[2], parts[3])])


def truth(program: Callable[..., Any], z: Any, cotangent: Any = None) -> Any:
    (found,) = oracle.gradient(program, z, cotangent=cotangent)
    return oracle.to_numpy(found, "complex128" if np.iscomplexobj(z) else "float64")


@clause("CPLX-01")
@real_programs
@given(z=points())
def test_the_gradient_of_a_real_target_on_a_tape(be: Backend, program: str, z: Any) -> None:
    v = be.variable(z)
    with be.tape() as t:
        y = REAL[program](be.xp, v)
    assert_close(be.to_numpy(t.grad(y, v)), truth(REAL[program], z), scale=SCALE)


@clause("CPLX-02")
@real_programs
@given(z=points())
def test_the_gradient_of_a_real_target_in_the_functional_form(be: Backend, program: str, z: Any) -> None:
    g = be.grad(lambda a: REAL[program](be.xp, a))(be.asarray(z))
    assert_array(be, g, (2,), be.xp.complex128)
    assert_close(be.to_numpy(g), truth(REAL[program], z), scale=SCALE)


@clause("CPLX-02")
def test_known_gradients_of_real_targets(be: Backend) -> None:
    z = np.array([1.0 + 2.0j, -3.0 + 0.5j])
    x = be.asarray(z)
    assert_equal(be, be.grad(lambda a: REAL["|z|^2"](be.xp, a))(x), 2 * z)
    assert_equal(be, be.grad(lambda a: REAL["Re z^2"](be.xp, a))(x), 2 * np.conj(z))
    assert_equal(be, be.grad(lambda a: REAL["Im z"](be.xp, a))(x), [1.0j, 1.0j])


@clause("CPLX-01")
def test_a_known_gradient_of_a_real_target_on_a_tape(be: Backend) -> None:
    v = be.variable([1.0 + 2.0j, -3.0 + 0.5j])
    with be.tape() as t:
        y = REAL["Im z"](be.xp, v)
    assert_equal(be, t.grad(y, v), [1.0j, 1.0j])


@clause("CPLX-03")
@real_programs
@given(z=points())
def test_the_gradient_is_the_steepest_ascent(be: Backend, program: str, z: Any) -> None:
    def value(point: Any) -> float:
        return float(np.sum(be.to_numpy(REAL[program](be.xp, be.asarray(point)))))

    g = be.to_numpy(be.grad(lambda a: REAL[program](be.xp, a))(be.asarray(z)))
    assume(np.linalg.norm(g) > 1e-2)
    step = 1e-5 / np.linalg.norm(g)
    rise = (value(z + step * g) - value(z - step * g)) / (2 * step)
    # the rise along g is |g|², up to the step's third order (1e-10·SCALE) and the values' rounding over the step
    assert abs(rise - np.linalg.norm(g) ** 2) <= 1e-6 * SCALE * np.linalg.norm(g)


@clause("CPLX-04")
@complex_programs
def test_a_complex_target_needs_a_cotangent(be: Backend, program: str) -> None:
    v = be.variable([1.0 + 2.0j, 3.0 - 1.0j])
    with be.tape() as t:
        y = COMPLEX[program](be.xp, v)
    with pytest.raises(NotDifferentiableError, match="cotangent"):
        t.grad(y, v)
    t.grad(y, v, cotangent=be.asarray(np.ones(tuple(y.shape), dtype=complex)))


@clause("CPLX-05")
@complex_programs
def test_a_complex_result_has_no_gradient(be: Backend, program: str) -> None:
    with pytest.raises(NotDifferentiableError, match="cotangent"):
        be.grad(lambda a: COMPLEX[program](be.xp, a))(be.asarray([1.0 + 2.0j, 3.0 - 1.0j]))


@clause("CPLX-06")
@complex_programs
@given(z=points(), weights=points())
def test_a_cotangent_of_a_complex_value(be: Backend, program: str, z: Any, weights: Any) -> None:
    weights = weights[0] if program == "sum" else weights
    _, pullback = be.vjp(lambda a: COMPLEX[program](be.xp, a), be.asarray(z))
    (g,) = pullback(be.asarray(weights))
    assert_close(be.to_numpy(g), truth(COMPLEX[program], z, weights), scale=4 * SCALE)


@clause("CPLX-06", "CPLX-04")
@complex_programs
@given(z=points(), weights=points())
def test_a_cotangent_of_a_complex_target_on_a_tape(be: Backend, program: str, z: Any, weights: Any) -> None:
    weights = weights[0] if program == "sum" else weights
    v = be.variable(z)
    with be.tape() as t:
        y = COMPLEX[program](be.xp, v)
    found = be.to_numpy(t.grad(y, v, cotangent=be.asarray(weights)))
    assert_close(found, truth(COMPLEX[program], z, weights), scale=4 * SCALE)


@clause("CPLX-07")
@pytest.mark.parametrize("kind", ["native", "NumPy's"])
def test_a_real_cotangent_of_a_complex_target_is_cast(be: Backend, kind: str) -> None:
    z = np.array([1.0 + 2.0j, 3.0 - 1.0j])
    cotangent: Any = np.array([1.0, 10.0])
    if kind == "native":
        cotangent = be.asarray(cotangent)
    _, pullback = be.vjp(lambda a: a * a, be.asarray(z))
    (g,) = pullback(cotangent)
    assert_array(be, g, (2,), be.xp.complex128)
    assert_equal(be, g, 2 * np.conj(z) * np.array([1.0, 10.0]))


@clause("CPLX-08")
@pytest.mark.parametrize("kind", ["native", "NumPy's"])
def test_a_complex_cotangent_of_a_real_target_is_refused(be: Backend, kind: str) -> None:
    cotangent: Any = np.array([1.0 + 1.0j, 2.0])
    if kind == "native":
        cotangent = be.asarray(cotangent)
    _, pullback = be.vjp(lambda a: a * a, be.asarray([1.0, 2.0]))
    with pytest.raises(DtypeError):
        pullback(cotangent)


@clause("CPLX-09")
@given(parts=st.lists(elements(), min_size=2, max_size=2))
def test_the_gradient_of_a_real_source_is_real(be: Backend, parts: list[float]) -> None:
    x = np.array(parts)

    def program(xp: Any, a: Any) -> Any:
        z = xp.astype(a, xp.complex128) * (1.0 + 2.0j) + 3.0j
        return xp.real(z * z * xp.conj(z))

    g = be.grad(lambda a: program(be.xp, a))(be.asarray(x))
    assert_array(be, g, (2,), be.xp.float64)
    assert_close(be.to_numpy(g), truth(program, x), scale=4 * SCALE)


@clause("CPLX-10", "CPLX-11")
@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
def test_a_gradient_has_its_complex_source_s_dtype(be: Backend, dtype: str) -> None:
    kind = getattr(be.xp, dtype)
    v = be.variable([1.0 + 2.0j, 3.0 - 1.0j], dtype=kind)
    with be.tape() as t:
        x = t.watch(be.asarray([1.0 + 2.0j, 3.0 - 1.0j], dtype=kind))
        y = be.xp.real(v * be.xp.conj(x))
    for g in t.grad(y, (v, x)):
        assert_array(be, g, (2,), kind)
        assert_equal(be, g, [1.0 + 2.0j, 3.0 - 1.0j])


@clause("CPLX-11")
def test_variables_may_be_complex(be: Backend) -> None:
    v = be.variable([1.0 + 2.0j])
    dtype = v.dtype
    assert_equal(be, v, [1.0 + 2.0j])
    be.assign(v, [3.0 - 1.0j])
    assert_equal(be, v, [3.0 - 1.0j])
    be.assign(v, [5.0])
    assert_equal(be, v, [5.0 + 0.0j])
    assert v.dtype == dtype


@clause("CPLX-12")
@given(z=points())
def test_second_derivatives_through_complex_gradients(be: Backend, z: Any) -> None:
    # L = |z|⁴ has the gradient 4|z|²z; the sum of its squared modulus, 16|z|⁶, has 96|z|⁴z.
    def first(a: Any) -> Any:
        return be.grad(lambda b: be.xp.real(b * be.xp.conj(b)) * be.xp.real(b * be.xp.conj(b)))(a)

    def squared(a: Any) -> Any:
        g = first(a)
        return be.xp.real(g * be.xp.conj(g))

    size = np.abs(z)
    assert_close(be.to_numpy(first(be.asarray(z))), 4 * size**2 * z, scale=4 * size**3)
    assert_close(be.to_numpy(be.grad(squared)(be.asarray(z))), 96 * size**4 * z, scale=96 * size**5, condition=64.0)
