"""The chapter as it is printed and drawn: the same text on every backend, and a picture."""

import sys
from pathlib import Path

import pytest

import autodiff_spec as ad
from autodiff_spec import textbook


def text(backend: str | None) -> list[str]:
    lines: list[str] = []
    textbook.run(backend, out=lines.append)
    return [line for line in lines if not line.strip().startswith("measured")]


def test_the_chapter_prints_what_the_textbook_prints() -> None:
    printed = "\n".join(text("numpy"))
    for line in ("y           = 28.", "dy/dx       = [0., 4., 8., 12.]", "storage after y = sum(x) = [1., 1., 1., 1.]"):
        assert line in printed
    assert printed.count("gradient is f(a) / a = True") == 3
    assert "second call = TapeConsumedError:" in printed


@pytest.mark.parametrize("backend", ["torch", "tensorflow", "jax"])
def test_every_backend_prints_the_same_text(backend: str) -> None:
    if backend not in ad.available_backends():
        pytest.skip(f"{backend} is not installed")
    assert text(backend) == text("numpy")


def test_without_a_name_the_current_backend_runs_the_chapter() -> None:
    seen = []
    with ad.use_backend("numpy") as be:
        textbook.run(out=lambda line: seen.append(ad.backend() is be))
    assert all(seen)


def test_every_program_says_in_one_line_what_it_shows() -> None:
    programs = [program for section in textbook.SECTIONS.values() for program in section]
    assert len(programs) == len(set(programs))
    for program in programs:
        assert (program.__doc__ or "").partition("\n")[0].endswith("."), program.__name__


@pytest.mark.parametrize(("ending", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml")])
def test_the_picture_is_drawn(tmp_path: Path, ending: str, start: bytes) -> None:
    pytest.importorskip("matplotlib")
    path = tmp_path / f"sine.{ending}"
    with ad.use_backend("numpy"):
        textbook.draw(path)
    assert path.read_bytes().startswith(start)


def test_without_matplotlib_the_error_says_how_to_install_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r"pip install 'matplotlib>=[\d.]+'"):
        textbook.draw(tmp_path / "sine.png")
