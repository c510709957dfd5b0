"""plot: expressions are parsed and never run; derivatives come from the backend; pictures are written."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest

import autodiff_spec as ad
from autodiff_numpy import extra
from autodiff_numpy import xp as numpy_xp
from autodiff_spec.plot import ExpressionError, curves, parse, plot
from autodiff_spec.plot._expression import FUNCTIONS
from tests import fresh

HOSTILE = [
    "__import__('os').system('true')",
    "().__class__.__bases__[0].__subclasses__()",
    "x.__class__",
    "(lambda: x)()",
    "[x for x in (1, 2)]",
    "exec('1')",
    "open('/etc/passwd')",
    "sin.__globals__",
    "getattr(x, 'shape')",
    "f'{x}'",
    "'text'",
    "b'bytes'",
    "x if x else x",
    "(y := x)",
    "sin(*x)",
    "sin(x=x)",
    "sin(x, out=x)",
    "sin(x, **x)",
    "x[0]",
    "x and x",
    "1j * x",
    "True",
    "None",
    "...",
    "x < 1 < 2",
    "x @ x",
    "x // 2",
    "1 << 10**9",
    "await x",
    "x\nimport os",
    "x; x",
    "",
    "(" * 500 + "x" + ")" * 500,
    "-" * 900 + "x",
    "x" * 1001,
    "9" * 400,
    "asarray(x)",
    "linalg.norm(x)",
    "sin",
    "sin()",
    "\x00",
    "{x}",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_what_is_no_expression_of_the_namespace_is_refused_before_anything_runs(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("builtins.eval", lambda *_: pytest.fail("eval"))
    monkeypatch.setattr("builtins.exec", lambda *_: pytest.fail("exec"))
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["9**9**9**9", "10**400", "exp(1000) * x", "(-8)**(1/3)", "1/0", "x**9**9"])
def test_numbers_that_overflow_end_soon_and_as_numbers(text: str) -> None:
    found = curves(text, 0.5, 1.0, order=0, backend="numpy", points=2)
    assert found.y[0].shape == (2,)


def test_every_function_is_there_on_numpy() -> None:
    names = FUNCTIONS - {"stop_gradient"}
    assert [name for name in names if not (hasattr(numpy_xp, name) or hasattr(extra, name))] == []


@pytest.mark.parametrize("name", ["numpy", "torch", "tensorflow", "jax"])
def test_derivatives_of_every_order_are_the_backends(name: str) -> None:
    if name not in ad.available_backends():
        pytest.skip(f"{name} is not installed")
    if name == "jax":
        pytest.importorskip("jax").config.read("jax_enable_x64") or pytest.skip("JAX_ENABLE_X64 is not set")
    found = curves("sin(x) + x**2/2 - 2", -2.0, 3.0, order=3, backend=name, points=7)
    x = found.x
    expected = (np.sin(x) + x**2 / 2 - 2, np.cos(x) + x, -np.sin(x) + 1, -np.cos(x))
    assert (found.backend, len(found.y)) == (name, 4)
    for y, truth in zip(found.y, expected, strict=True):
        np.testing.assert_allclose(y, truth, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize(
    ("text", "value", "slope"),
    [
        ("2*pi", 2 * np.pi, 0.0),
        ("where(x > 0, sqrt(x), 0)", 2.0, 0.25),
        ("clip(x, 0, 1)", 1.0, 0.0),
        ("maximum(x, 2*x)", 8.0, 2.0),
        ("stop_gradient(x) * x", 16.0, 4.0),
        ("x > 1", 1.0, 0.0),
        ("-x**2", -16.0, -8.0),
        ("x % 3", 1.0, 1.0),
        ("relu(x) + sigmoid(0)", 4.5, 1.0),
    ],
)
def test_an_expression_means_what_it_says(text: str, value: float, slope: float) -> None:
    found = curves(text, 4.0, 5.0, backend="numpy", points=2)
    assert (found.y[0][0], found.y[1][0]) == pytest.approx((value, slope), abs=1e-15)


def test_what_cannot_be_drawn_is_refused(tmp_path: Path) -> None:
    for low, high, options in ((1, 1, {}), (0, np.inf, {}), (0, 1, {"order": -1}), (0, 1, {"points": 1})):
        with pytest.raises(ValueError, match=r"interval|order="):
            curves("x", low, high, backend="numpy", **options)
    with pytest.raises(ValueError, match="ends in none of"):
        plot("x", 0, 1, path=tmp_path / "x.exe")
    with pytest.raises(ExpressionError, match="got 2 arguments"):
        curves("sin(x, x)", 0, 1, backend="numpy")


def test_the_picture_has_a_line_for_each_derivative(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="pictures need the extra 'plot'")
    figure = plot("sin(x)", -6, 6, order=2, backend="numpy", path=tmp_path / "sin.svg")
    lines = figure.axes[0].get_lines()[:3]
    assert [line.get_label() for line in lines] == ["f(x) = sin(x)", "f′(x)", "f′′(x)"]
    np.testing.assert_allclose(lines[1].get_ydata(), np.cos(lines[1].get_xdata()), atol=1e-14)
    assert (tmp_path / "sin.svg").read_text("utf-8").startswith("<?xml")


def test_the_command_draws_and_says_what_it_wrote(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="pictures need the extra 'plot'")
    run = partial(fresh.command, "plot", cwd=tmp_path)
    done = run("sin(x)", "--", "-6", "6")
    assert (done.returncode, done.stdout) == (0, "plot.png: sin(x) and 1 derivative from -6 to 6\n"), done.stderr
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")
    wrong = run("sin(y)", "0", "1")
    assert (wrong.returncode, len(wrong.stderr.splitlines())) == (2, 1)
    assert "there is no 'y' here" in wrong.stderr
