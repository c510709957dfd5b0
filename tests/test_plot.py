"""plot: functions by name or from a file; derivatives come from the backend; pictures are written."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autodiff_spec as ad
from autodiff_spec.plot import curves, plot
from autodiff_spec.programs.file import ProgramError
from tests import fresh

PROGRAM = """
import autodiff_spec as ad


def wave(x):
    return ad.xp().sin(x) + x**2 / 2 - 2


def constant(x):
    return 2.0
"""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "curve.py"
    path.write_text(PROGRAM, "utf-8")
    return path


@pytest.mark.parametrize("name", ["numpy", "torch", "tensorflow", "jax"])
def test_derivatives_of_every_order_are_the_backends(name: str, program: Path) -> None:
    if name not in ad.available_backends():
        pytest.skip(f"{name} is not installed")
    if name == "jax":
        pytest.importorskip("jax").config.read("jax_enable_x64") or pytest.skip("JAX_ENABLE_X64 is not set")
    found = curves(f"{program}:wave", -2.0, 3.0, order=3, backend=name, points=7)
    x = found.x
    expected = (np.sin(x) + x**2 / 2 - 2, np.cos(x) + x, -np.sin(x) + 1, -np.cos(x))
    assert (found.backend, len(found.y)) == (name, 4)
    for y, truth in zip(found.y, expected, strict=True):
        np.testing.assert_allclose(y, truth, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize(
    ("f", "value", "slope"),
    [
        ("sqrt(x)", 2.0, 0.25),
        ("relu(x)", 4.0, 1.0),
        ("sign(x)", 1.0, 0.0),
        (lambda x: ad.stop_gradient(x) * x, 16.0, 4.0),
        (lambda x: x > 1, 1.0, 0.0),
    ],
)
def test_a_function_is_one_of_the_namespace_or_ones_own(f: Any, value: float, slope: float) -> None:
    found = curves(f, 4.0, 5.0, backend="numpy", points=2)
    assert (found.y[0][0], found.y[1][0]) == pytest.approx((value, slope), abs=1e-15)


def test_a_function_may_be_in_a_file(program: Path) -> None:
    found = curves(f"{program}:constant", 0.0, 1.0, backend="numpy", points=3)
    assert (found.name, found.y[0].tolist(), found.y[1].tolist()) == ("constant", [2.0] * 3, [0.0] * 3)


@pytest.mark.parametrize(
    "text", ["sine(x)", "__import__('os').system(x)", "__name__(x)", "linalg.det(x)", "sin", "x + 1", "no.py:f", ""]
)
def test_what_is_no_function_of_the_namespace_or_a_file_is_refused(text: str) -> None:
    with pytest.raises(ProgramError) as caught:
        curves(text, 0, 1, backend="numpy")
    assert "\n" not in str(caught.value)


def test_what_cannot_be_drawn_is_refused(tmp_path: Path) -> None:
    for low, high, options in ((1, 1, {}), (0, np.inf, {}), (0, 1, {"order": -1}), (0, 1, {"points": 1})):
        with pytest.raises(ValueError, match=r"interval|order="):
            curves("sin(x)", low, high, backend="numpy", **options)
    with pytest.raises(ValueError, match="ends in none of"):
        plot("sin(x)", 0, 1, path=tmp_path / "x.exe")


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
    wrong = run("sine(x)", "0", "1")
    assert (wrong.returncode, len(wrong.stderr.splitlines())) == (2, 1)
    assert "no function 'sine'" in wrong.stderr
