"""Chapter PROG: random programs, differentiated in every way, against the oracle."""

from __future__ import annotations

import os

import hypothesis.strategies as st
import pytest
from hypothesis import given

from autodiff_spec import Backend, Capability
from autodiff_spec.conformance import clause, examples
from autodiff_spec.conformance._deviations import known_deviations
from autodiff_spec.conformance.programs import EXACT, cases, check_case, pool_of, recommended

FIRST = {
    "grad": "PROG-01 GRAD-31",
    "vjp": "PROG-02",
    "jvp": "PROG-03 JVP-25",
    "jacobian in forward mode": "PROG-04",
    "jacobian in reverse mode": "PROG-05",
    "vmap": "PROG-08",
    "tape": "PROG-09 GRAD-30",
    "persistent tape": "PROG-10",
    "prepare": "PROG-12",
    "custom_vjp": "PROG-14",
    "checkpoint": "PROG-15",
}
SECOND = {"hessian": "PROG-06", "hvp": "PROG-07", "nested tapes": "PROG-11 NEST-05", "grad of grad": "NEST-06"}


def _modes(table: dict[str, str]) -> list[object]:
    return [pytest.param(mode, id=mode, marks=clause(*cited.split())) for mode, cited in table.items()]


def _backend() -> str:
    """The name by which the backend under test can be loaded again."""
    return os.environ.get("AUTODIFF_SPEC_BACKEND", "numpy")


@pytest.mark.parametrize("mode", _modes(FIRST))
@examples(0.5)
@given(data=st.data())
def test_first_derivatives_of_a_program_are_those_of_its_function(
    be: Backend, mode: str, data: st.DataObject
) -> None:
    check_case(mode, be, data.draw(cases(pool_of(be))), backend=_backend())


@pytest.mark.parametrize("mode", _modes(SECOND))
@examples(0.25)
@given(data=st.data())
def test_second_derivatives_of_a_program_are_those_of_its_function(
    be: Backend, mode: str, data: st.DataObject
) -> None:
    check_case(mode, be, data.draw(cases(pool_of(be), most=3)), backend=_backend())


SHORT = ("grad", "vjp", "jvp", "tape")


@clause("PROG-16")
@examples(0.25)
@given(data=st.data())
def test_derivatives_of_a_program_of_complex_numbers(be: Backend, data: st.DataObject) -> None:
    drawn = cases(pool_of(be, "complex128"), most=4, statements=4, dtypes=("complex128", "complex64"))
    check_case(data.draw(st.sampled_from(SHORT)), be, data.draw(drawn), backend=_backend())


@clause("PROG-18")
@examples(0.25)
@given(data=st.data())
def test_second_derivatives_of_a_program_of_complex_numbers(be: Backend, data: st.DataObject) -> None:
    drawn = cases(pool_of(be, "complex128"), most=2, statements=4, dtypes=("complex128", "complex64"))
    mode = data.draw(st.sampled_from(("hvp", "grad of grad", "nested tapes")))
    check_case(mode, be, data.draw(drawn), backend=_backend())


@clause("PROG-17")
@examples(0.25)
@given(data=st.data())
def test_derivatives_of_a_program_in_16_bits(be: Backend, data: st.DataObject) -> None:
    dtypes = ("float16", "bfloat16") if Capability.BFLOAT16 in be.capabilities else ("float16",)
    drawn = cases(pool_of(be, "float16"), most=4, statements=4, dtypes=dtypes)
    check_case(data.draw(st.sampled_from(SHORT)), be, data.draw(drawn), backend=_backend())


@clause("PROG-13")
@examples(0.5)
@given(data=st.data())
def test_at_kinks_programs_follow_the_chain_rule_over_recommended_derivatives(
    be: Backend, data: st.DataObject
) -> None:
    if any(entry.clause.startswith("KINK-") for entry in known_deviations(be)):
        pytest.skip(f"{be.name} has other derivatives at kinks; its deviations list them")
    case = data.draw(cases([o for o in pool_of(be) if o in EXACT], most=4, dtypes=("float64",)))
    expected = recommended(case)
    check_case("grad", be, case, list(zip(*expected, strict=True)), _backend())
