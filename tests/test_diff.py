"""compare and diff: the operation that they name is the one that is wrong, and roundings are not named."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import autodiff_spec as ad
from autodiff_numpy import NumpyBackend
from autodiff_numpy import xp as numpy_xp
from autodiff_spec.diff._align import Alignment, incoming
from autodiff_spec.diff._exact import ulps
from autodiff_spec.diff._record import record
from autodiff_spec.programs.file import ProgramError, load, load_with_arguments


class Engine(NumpyBackend):
    """The NumPy engine with some functions of its namespace replaced."""

    name = "wrong"

    def __init__(self, **functions: Callable[..., Any]) -> None:
        super().__init__()
        self._functions = functions

    @property
    def xp(self) -> Any:  # type: ignore[override]
        names = {name: getattr(numpy_xp, name) for name in numpy_xp.__all__}
        return SimpleNamespace(**{**names, "linalg": numpy_xp.linalg, **self._functions})


def parted(f: Callable[..., Any], *args: Any, **wrong: Callable[..., Any]) -> Any:
    return ad.compare(f, *args, backends=["numpy", Engine(**wrong)])


# --- the operation that parts -------------------------------------------------------------------------------------


def chain(x: Any, w: Any) -> Any:
    xp = ad.xp()
    y = xp.sin(x * w)
    z = xp.exp(y) + xp.tanh(y)
    return xp.sum(z / (1 + z * z))


POINT = (np.array([0.3, -1.2, 2.0]), np.array([1.0, 0.5, -0.25]))


def test_a_wrong_value_is_found_where_it_arises() -> None:
    found = parted(chain, *POINT, tanh=lambda x: numpy_xp.tanh(x) * (1 + 1e-11))
    assert not found.agree
    assert (found.forward.kind, found.forward.name) == ("values", "tanh")
    [(name, value)] = found.forward.inputs
    assert name == f"#3[{found.forward.at[0]}]"
    assert value == np.sin(POINT[0] * POINT[1])[found.forward.at]
    assert found.forward.groups == (("numpy",), ("wrong",))
    assert found.forward.place.startswith("test_diff.py:")


def test_a_wrong_derivative_with_a_right_value_is_found_where_it_arises() -> None:
    exp = numpy_xp.exp
    found = parted(chain, *POINT, exp=lambda x: exp(x) + (x - ad.backend("numpy").stop_gradient(x)) * 1e-8)
    assert found.forward is None
    assert (found.backward.kind, found.backward.name, found.backward.argument) == ("cotangents", "exp", 0)
    assert found.backward.others == ()
    assert found.backward.verdicts == {"numpy": "conforms", "wrong": "violates"}


def test_of_two_wrong_derivatives_the_one_nearer_to_the_result_comes_first_and_the_other_is_named() -> None:
    be = ad.backend("numpy")
    wrong = {n: (lambda x, n=n: be.stop_gradient(getattr(numpy_xp, n)(x))) for n in ("sin", "tanh")}
    found = parted(lambda x: ad.xp().sum(ad.xp().tanh(x) * ad.xp().sin(x)), POINT[0], **wrong)
    assert found.backward.name == "sin"
    assert [found.runs[0].steps[k].name for k in found.backward.others] == ["tanh"]


def test_what_follows_from_a_parting_is_no_parting_of_its_own() -> None:
    be = ad.backend("numpy")
    f = lambda x: ad.xp().sum(ad.xp().exp(ad.xp().square(ad.xp().cos(ad.xp().sin(x)))))  # noqa: E731
    assert parted(f, POINT[0], cos=lambda x: numpy_xp.cos(-x)).agree
    found = parted(f, POINT[0], cos=lambda x: be.stop_gradient(numpy_xp.cos(x)))
    assert found.backward.name == "cos"
    assert found.backward.others == ()


def test_control_flow_that_parts_is_reported_with_the_value_that_was_asked() -> None:
    def f(x: Any) -> Any:
        xp = ad.xp()
        y = xp.sum(x * x)
        while y < 100.0:
            y = y * 3.0
        return y

    found = parted(f, np.array([1.0, 2.0]), multiply=numpy_xp.multiply, sum=lambda x: numpy_xp.sum(x) * 7.0)
    assert (found.forward.kind, found.forward.name) == ("values", "sum")
    less = {"sum": lambda x: numpy_xp.sum(x) + 2.0**-40}
    assert parted(f, np.array([1.0, 2.0]), **less).forward.name == "sum"

    def guarded(x: Any) -> Any:
        return x * 2.0 if ad.xp().all(x > 1.0) else x * 3.0

    found = parted(guarded, np.array([2.0]), all=lambda x: numpy_xp.asarray(False))
    assert (found.forward.kind, found.forward.found) == ("values", {"numpy": True, "wrong": False})


def test_other_operations_after_the_same_values_are_control_flow() -> None:
    def f(x: Any) -> Any:
        return ad.xp().sin(x) if ad.backend().name == "numpy" else ad.xp().cos(x)

    found = parted(f, 0.5)
    assert (found.forward.kind, found.forward.step) == ("control flow", 1)
    assert found.forward.found == {"numpy": "sin(#0)", "wrong": "cos(#0)"}


def test_an_error_on_one_backend_leaves_the_others_and_is_named_with_its_operation() -> None:
    def broken(x: Any) -> Any:
        raise ValueError("no such thing\nhere")

    found = parted(chain, *POINT, tanh=broken)
    right, wrong = found.runs
    assert right.gradients
    assert wrong.error == "ValueError: no such thing here"
    assert (found.forward.kind, found.forward.name) == ("error", "tanh")
    assert found.forward.groups == (("numpy",), ("wrong",))


def test_shapes_that_differ_are_a_parting() -> None:
    found = parted(lambda x: ad.xp().sum(ad.xp().sin(x)), np.ones(3), sin=lambda x: numpy_xp.sin(x)[:2])
    assert (found.forward.kind, found.forward.name) == ("shapes", "sin")


# --- what is no parting -------------------------------------------------------------------------------------------


def test_roundings_agree_even_where_the_condition_is_bad() -> None:
    def cancels(x: Any) -> Any:
        total = ad.xp().sum(x)
        return total * total

    def backwards(x: Any) -> Any:
        return numpy_xp.sum(numpy_xp.flip(x))

    rng = np.random.default_rng(0)
    x = rng.standard_normal(1000) * 1e8
    x[-1] = -np.sum(x[:-1]) + 1e-3  # the sum keeps few digits, and which depends on the order
    assert float(np.sum(x)) != float(np.sum(x[::-1]))
    assert parted(cancels, x, sum=backwards).agree
    assert not parted(cancels, x, sum=lambda x: numpy_xp.sum(x) + 1e-3).agree


def test_roundings_agree_where_cotangents_cancel() -> None:
    def log_softmax(x: Any) -> Any:
        xp = ad.xp()
        z = xp.exp(x - xp.max(x, axis=1, keepdims=True))  # the cotangent of the maximum is a sum that is 0
        p = z / xp.sum(z, axis=1, keepdims=True)
        return xp.mean(xp.log(p[:, 0]))

    def backwards(x: Any, **options: Any) -> Any:
        return numpy_xp.sum(numpy_xp.flip(x, axis=1), **options)

    def other_order(x: Any, y: Any) -> Any:
        return numpy_xp.negative(numpy_xp.subtract(y, x)) if hasattr(y, "shape") else numpy_xp.subtract(x, y)

    for seed in range(5):
        x = np.random.default_rng(seed).standard_normal((64, 10)) * 5
        found = parted(log_softmax, x, sum=backwards, subtract=other_order, exp=lambda x: 1 / numpy_xp.exp(-x))
        assert found.agree, str(found)


def test_a_slope_without_digits_is_no_parting() -> None:
    def saturated(x: Any) -> Any:
        y = numpy_xp.tanh(x)
        return y + (x - ad.backend("numpy").stop_gradient(x)) * 4e-16  # 1 - tanh(x)**2, rounded otherwise

    assert parted(lambda x: ad.xp().tanh(x), np.array([0.5, 20.0]), tanh=saturated).agree


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_tolerance_is_that_of_the_dtype(dtype: str) -> None:
    eps = float(np.finfo(dtype).eps)
    x = np.linspace(0.5, 2.0, 7)

    def off_by(roundings: float) -> Any:
        wrong = {"exp": lambda x: numpy_xp.exp(x) * np.asarray(1 + roundings * eps, x.dtype)}
        return ad.compare(lambda x: ad.xp().exp(x), x, backends=["numpy", Engine(**wrong)], dtype=dtype)

    assert off_by(4).agree
    assert not off_by(1000).agree


def test_a_tie_is_not_taken_for_bad_condition() -> None:
    found = parted(lambda x: ad.xp().maximum(x, 0.0), np.zeros(3), maximum=lambda x, y: numpy_xp.where(x >= y, x, y))
    assert found.backward.name == "maximum"
    assert found.backward.verdicts == {"numpy": "conforms", "wrong": "deviates"}
    assert found.exact.kink


def test_a_function_that_no_oracle_can_run_is_compared_all_the_same() -> None:
    found = ad.compare(lambda x: ad.xp().fft.rfft(x).real, np.ones(4), backends=["numpy"])
    assert found.agree
    assert "does not run there" in found.exact.error


def test_the_oracle_convicts_backends_that_agree_on_a_wrong_derivative() -> None:
    be = Engine(sin=lambda x: ad.backend("numpy").stop_gradient(numpy_xp.sin(x)))
    found = ad.compare(lambda x: ad.xp().sin(x) * x, 0.5, backends=[be])
    assert (found.forward, found.backward, found.wrong, found.agree) == (None, None, ("wrong",), False)
    assert str(found).startswith("<lambda>: THE BACKENDS AGREE, THE ORACLE DOES NOT\n")


def test_where_the_function_has_no_value_nothing_is_held_against_its_derivative() -> None:
    with np.errstate(all="ignore"):
        found = parted(lambda x: ad.xp().sum(ad.xp().sqrt(x)), [-1.0, 4.0])
    assert found.agree
    assert "oracle: the function has no value here, and so no derivative" in str(found)


def test_a_finite_value_that_all_lose_is_the_oracles_to_find() -> None:
    with np.errstate(all="ignore"):
        found = parted(lambda x: ad.xp().exp(x) / ad.xp().exp(x), 1000.0)
    assert (found.forward, found.backward, found.wrong) == (None, None, ("numpy", "wrong"))
    assert "THE BACKENDS AGREE, THE ORACLE DOES NOT" in str(found)


# --- the pieces ---------------------------------------------------------------------------------------------------


def test_cotangents_of_uses_add_up_to_those_of_the_result_used() -> None:
    run = record(ad.backend("numpy"), lambda x: x * x + ad.xp().sin(x), [np.array(0.5)], timed=False)
    pairs = [pair for step in run.steps for pair in zip(step.parents, step.cotangents, strict=True)]
    shares = [share for (parent, _), share in pairs if parent == 0 and share is not None]
    assert [float(share) for share in shares] == pytest.approx([0.5, 0.5, np.cos(0.5)])
    assert float(incoming(run.steps, 0)[0]) == pytest.approx(float(run.gradients[0]))


def test_equal_nans_and_infinities_agree_and_others_do_not() -> None:
    run = record(ad.backend("numpy"), lambda x: x, [np.ones(3)], timed=False)
    compared = Alignment([run, run], 64.0).compared
    one = np.array([np.nan, np.inf, 1.0])
    assert compared([one, one], 2.0**-52, None) is None
    for other in ([0.0, np.inf, 1.0], [np.nan, -np.inf, 1.0], [np.nan, 1.0, 1.0]):
        assert compared([one, np.array(other)], 2.0**-52, None) is not None


def test_ulps_count_in_the_dtype_and_zero_against_the_largest() -> None:
    assert ulps(np.array([1.0 + 2**-51]), np.array([1.0]), "float64") == 2.0
    assert ulps(np.array([1.0 + 2**-22]), np.array([1.0]), "float32") == 2.0
    assert ulps(np.array([np.nan]), np.array([1.0]), "float64") == np.inf
    assert ulps(np.array([1.0, 2.0**-104]), np.array([1.0, 0.0]), "float64") == 1.0


def test_json_holds_what_was_found_and_no_number_that_json_lacks(tmp_path: Path) -> None:
    found = parted(lambda x: ad.xp().sqrt(x), np.zeros(1), sqrt=lambda x: numpy_xp.sqrt(x + 1e-3))
    found.to_json(tmp_path / "found.json")
    data = json.loads((tmp_path / "found.json").read_text("utf-8"), parse_constant=lambda name: pytest.fail(name))
    assert data["schema"] == 1
    assert data["backends"][0]["gradients"] == {"x": ["inf"]}
    assert data["forward"]["name"] == "sqrt"


# --- files --------------------------------------------------------------------------------------------------------


def test_arguments_come_from_the_file_from_shapes_or_from_arrays(tmp_path: Path) -> None:
    file = tmp_path / "program.py"
    file.write_text("def f(a, b):\n    return a\n\ndef inputs(rng):\n    return rng.standard_normal(2), 1.0\n", "utf-8")
    given = partial(load_with_arguments, f"{file}:f")
    _, drawn = given(seed=3)
    assert np.array_equal(drawn[0], np.random.default_rng(3).standard_normal(2))
    assert [a.shape for a in given(shapes=["3,4", "()"])[1]] == [(3, 4), ()]
    np.savez(tmp_path / "given.npz", b=np.zeros(1), a=np.ones(2))
    assert [a.tolist() for a in given(npz=tmp_path / "given.npz")[1]] == [[1.0, 1.0], [0.0]]


@pytest.mark.parametrize(
    ("source", "target", "said"),
    [
        ("", "nothing", "names no function"),
        ("", "absent.py:f", "there is no file"),
        ("def g(): pass", "program.py:f", "there is no function 'f'"),
        ("def f(:\n", "program.py:f", "program.py:1: SyntaxError"),
        ("x = 1\ny = 1 / 0\n", "program.py:f", "program.py:2: ZeroDivisionError"),
    ],
)
def test_what_cannot_be_loaded_is_said_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, target: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "program.py").write_text(source, "utf-8")
    with pytest.raises(ProgramError) as caught:
        load(target)
    assert said in str(caught.value)
