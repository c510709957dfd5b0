"""Random programs are what they say: they run, print, shrink, and their failures can be pasted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from autodiff_numpy import _rule, _tape
from autodiff_numpy._array import Array
from autodiff_spec import backend, oracle
from autodiff_spec.conformance.programs import (
    EXACT,
    MODES,
    OPERATIONS,
    Case,
    Operation,
    Program,
    Statement,
    cases,
    check,
    check_case,
    pool_of,
    recommended,
)
from autodiff_spec.conformance.programs._on_oracle import OnOracle
from autodiff_spec.conformance.programs._table import CLOSING
from autodiff_spec.conformance.programs._truth import Truth
from tests.program_coverage import drawn

be = backend("numpy")
pytestmark = pytest.mark.filterwarnings("ignore::autodiff_spec.IndependentWarning")  # of floor and its like
BUGS: dict[str, tuple[Any, int, Callable[[Any], Any]]] = {
    "wrong sign": (np.sin, 0, lambda share: -share),
    "no derivative": (np.multiply, 1, lambda share: None),
}


def only(name: str) -> list[Operation]:
    return [operation for operation in OPERATIONS if operation.name == name]


def of(name: str, *args: Any) -> Case:
    arrays = tuple(np.array(arg, dtype=float) for arg in args)
    statement = Statement(only(name)[0], tuple(range(len(args))))
    return Case(Program(tuple(a.shape for a in arrays), (statement,)), arrays, "float64")


def broken(bug: str, patch: pytest.MonkeyPatch) -> None:
    function, argument, how = BUGS[bug]
    pullback = _rule.RULES[function][argument]
    assert pullback is not None
    right = pullback.vjp
    patch.setattr(pullback, "vjp", lambda xp, g, *residuals: how(right(xp, g, *residuals)))


def said(error: BaseException) -> str:
    """What was got and expected, without what pytest adds."""
    return str(error).partition("\n" + "assert ")[0]


def smallest_failure() -> tuple[Case, Exception]:
    failures: list[tuple[Case, Exception]] = []

    phases = (Phase.generate, Phase.shrink)

    @settings(derandomize=True, database=None, deadline=None, phases=phases, suppress_health_check=list(HealthCheck))
    @given(case=cases([o for o in pool_of(be) if o.group != "writes"]))  # what writes takes a line more
    def search(case: Case) -> None:
        try:
            check_case("grad", be, case)
        except AssertionError as error:
            failures.append((case, error))
            raise

    with pytest.raises(AssertionError):
        search()
    return failures[-1]


@pytest.mark.parametrize("bug", BUGS)
def test_a_failure_is_shown_as_a_program_of_four_lines_that_fails_again_when_pasted(
    bug: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        broken(bug, patch)
        case, error = smallest_failure()
        assert len(case.program.lines) <= 4
        assert sum(a.size for a in case.args) <= 2
        pasted = error.__notes__[0]
        with pytest.raises(AssertionError) as again:
            exec(pasted, {})
        assert said(again.value) == said(error)
    exec(pasted, {})  # the engine is whole again


@pytest.mark.parametrize(
    ("operation", "dtype"),
    [(o, {"f": "float64", "c": "complex128"}[kind]) for o in OPERATIONS for kind in o.kinds],
    ids=lambda part: str(part),
)
def test_an_operation_can_be_drawn_and_is_differentiated(
    operation: Operation, dtype: str, pytestconfig: pytest.Config
) -> None:
    """A few that are compared are enough: they are the same in each run, and the suite draws others in each."""
    seen, enough = [], 30 if pytestconfig.getoption("every_case") else 5

    @settings(derandomize=True, database=None, deadline=None, max_examples=30, suppress_health_check=list(HealthCheck))
    @given(case=cases([operation], statements=1, ties=False, dtypes=(dtype,)))
    def search(case: Case) -> None:
        if len(seen) < enough and operation in case.program.operations and check_case("grad", be, case):
            seen.append(case)

    search()
    assert seen


def test_operations_are_all_different() -> None:
    assert len({operation.template for operation in OPERATIONS}) == len(OPERATIONS)


def test_most_of_the_table_is_drawn_soon() -> None:
    found = drawn(400)
    templates = {operation.template for case in found for operation in case.program.operations}
    assert len(templates & {operation.template for operation in OPERATIONS}) >= 0.5 * len(OPERATIONS)
    assert {case.dtype for case in found} == {"float32", "float64"}


def test_nothing_in_a_program_is_dead() -> None:
    for case in drawn(100):
        program = case.program
        needed, first = set(program.results), len(program.shapes)
        for i in range(first + len(program.statements) - 1, first - 1, -1):
            assert i in needed
            needed.update(program.statements[i - first].arguments)


def test_errors_within_the_budgets_move_derivatives_by_roundings_and_no_more() -> None:
    case = of("exp", [0.5, 1.0])
    truth = Truth(case.program.function, case.args)
    exact, *moved = [oracle.to_numpy(run.gradient()[0]) for run in truth.first]
    assert all(np.array_equal(exact, other) for other in moved)  # 1e-25 is nothing in double precision
    spread = [abs(run.gradient()[0] - truth.first[0].gradient()[0]).max() for run in truth.first[1:]]
    assert all(1e-25 < value < 1e-22 for value in spread)


@pytest.mark.parametrize("mode", MODES)
def test_a_wrong_rule_is_noticed_in_every_mode_that_uses_it(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    case = of("sin", 0.75)
    assert check_case(mode, be, case)
    pullback = _rule.RULES[np.sin][0]
    assert pullback is not None
    for name in ("vjp", "jvp"):
        right = getattr(pullback, name)
        monkeypatch.setattr(pullback, name, lambda xp, g, *rest, right=right: 1.0001 * right(xp, g, *rest))
    with pytest.raises(AssertionError):
        check_case(mode, be, case)


def test_near_a_kink_nothing_is_compared() -> None:
    assert not check("grad", be, lambda be, xp, a: xp.abs(a), [[0.0, 1.0]])
    assert check("grad", be, lambda be, xp, a: xp.abs(a), [[0.5, 1.0]])


@pytest.mark.parametrize("at", [[0.5], [0.5, 1.0]])
def test_where_a_program_stays_at_a_round_kink_only_those_who_list_it_are_not_compared(at: list[float]) -> None:
    torch = pytest.importorskip("torch") and backend("torch")

    def spread(be: Any, xp: Any, a: Any) -> Any:
        return xp.multiply(xp.std(a[:1]), a[-1])

    assert check("grad", be, spread, [at])
    assert check("grad", backend("torch", conventions="spec"), spread, [at])
    assert not check("grad", torch, spread, [at])
    assert check("grad", torch, lambda be, xp, a: xp.std(a), [[0.5, 1.0]])


def test_near_a_kink_is_what_roundings_of_the_dtype_reach() -> None:
    def program(be: Any, xp: Any, a: Any) -> Any:
        return xp.abs(a)

    assert check("grad", be, program, [[2.0**-10]], "float32")
    assert not check("grad", be, program, [[2.0**-10]], "float16")


def test_complex_programs_end_in_real_numbers_that_feel_both_parts() -> None:
    for case in drawn(100, "complex128"):
        assert all(a.dtype == np.complex128 for a in case.args)
        results = oracle.value(lambda xp, *args, f=case.program.function: f(OnOracle(), xp, *args), *case.args)
        for result in results if isinstance(results, tuple) else (results,):
            assert not any(type(v).__name__ == "mpc" for v in result.ravel())
    closing = Program(((),), (Statement(CLOSING, (0,)),)).function
    found = be.grad(lambda a: closing(be, be.xp, a))(be.asarray(1.0 + 2.0j))
    np.testing.assert_array_equal(found, 0.75 + 0.5j)


@pytest.mark.parametrize("mode", ["hvp", "grad of grad", "nested tapes"])
def test_a_wrong_second_derivative_of_complex_numbers_is_noticed(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def program(be: Any, xp: Any, a: Any) -> Any:
        return xp.imag(xp.multiply(a, xp.square(a)))

    assert check(mode, be, program, [[1.0 + 2.0j, -0.5j]], "complex128")
    right = _tape.TRAITS.conjugate
    beside = lambda g: Array(g.value.conj(), g.node) if type(g) is Array else right(g)  # noqa: E731
    monkeypatch.setattr(_tape.TRAITS, "conjugate", beside)
    with pytest.raises(AssertionError):
        check(mode, be, program, [[1.0 + 2.0j, -0.5j]], "complex128")


@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
def test_a_gradient_of_the_other_convention_is_noticed(dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def program(be: Any, xp: Any, a: Any) -> Any:
        return xp.imag(xp.square(a))

    assert check("grad", be, program, [[1.0 + 2.0j]], dtype)
    monkeypatch.setattr(_tape.TRAITS, "conjugate", lambda g: g)
    with pytest.raises(AssertionError):
        check("grad", be, program, [[1.0 + 2.0j]], dtype)


def test_where_errors_of_16_bits_may_be_anything_nothing_is_compared() -> None:
    def program(be: Any, xp: Any, a: Any) -> Any:
        return xp.reciprocal(xp.subtract(xp.square(a), 2.25))

    assert check("grad", be, program, [1.75], "float16")
    assert check("grad", be, program, [1.515625], "float64")
    assert not check("grad", be, program, [1.515625], "float16")


@pytest.mark.parametrize(
    ("name", "args", "expected"),
    [
        ("abs", ([0.0, -2.0],), [[0.0, -1.0]]),
        ("relu", ([0.0, 2.0],), [[0.0, 1.0]]),
        ("maximum", ([1.0, 2.0], [1.0, 3.0]), [[0.5, 0.0], [0.5, 1.0]]),
        ("max", ([3.0, 1.0, 3.0],), [[0.5, 0.0, 0.5]]),
        ("floor", (2.0,), [0.0]),
    ],
)
def test_the_recommended_derivative_of_a_single_operation(name: str, args: Any, expected: Any) -> None:
    assert {operation.name for operation in EXACT} >= {name}
    found, _ = recommended(of(name, *args))
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_custom_rule_is_the_derivative_on_the_oracle_to_second_order() -> None:
    case = of("custom_vjp", 0.5)

    def program(xp: Any, x: Any) -> Any:
        return case.program.function(OnOracle(), xp, x)

    assert float(oracle.value(program, 0.5)[()]) == pytest.approx(np.tanh(0.5), rel=1e-15)
    assert float(oracle.gradient(program, 0.5)[0][()]) == pytest.approx(np.cos(0.5), rel=1e-15)
    assert float(oracle.hessian(program, 0.5)[0][0][()]) == pytest.approx(-np.sin(0.5), rel=1e-15)
