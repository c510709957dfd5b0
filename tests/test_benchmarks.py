"""`make bench`: every benchmark is run, and what they said of the goals comes together at the end."""

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The script, over two benchmarks of ours."""
    spec = importlib.util.spec_from_file_location("_all", ROOT / "benchmarks/_all.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "FOLDER", tmp_path)
    (tmp_path / "first.py").write_text("print('a table\\nP1, fast: 3: reached\\nmore')\n", "utf-8")
    (tmp_path / "second.py").write_text("print('P2, small: 7: missed')\n", "utf-8")
    (tmp_path / "_shared.py").write_text("print('no benchmark')\n", "utf-8")
    return module


def test_the_goals_come_together_at_the_end(together: Any, capfd: pytest.CaptureFixture[str]) -> None:
    together.main([])
    said, _, goals = capfd.readouterr().out.partition("== the goals\n")
    assert [part in said for part in ("== first.py", "a table", "== second.py", "no benchmark")] == [True] * 3 + [False]
    assert goals == "P1, fast: 3: reached\nP2, small: 7: missed\n"
    together.main(["second"])
    assert "first" not in capfd.readouterr().out


def test_a_benchmark_that_fails_ends_it(together: Any) -> None:
    (together.FOLDER / "first.py").write_text("raise SystemExit(5)\n", "utf-8")
    with pytest.raises(SystemExit) as caught:
        together.main([])
    assert caught.value.code == 5


def test_the_page_names_every_benchmark() -> None:
    page = (ROOT / "docs/performance.md").read_text("utf-8")
    named = re.findall(r"\| `(\w+)` \|$", page, re.MULTILINE)
    assert set(named) == {path.stem for path in (ROOT / "benchmarks").glob("[a-z]*.py")}
