"""The types that a user's program sees: mypy in strict mode and pyright find nothing wrong, and reveal what is said."""

import importlib.util
import re
import sys
from pathlib import Path

import pytest

from tests import fresh

ROOT = Path(__file__).resolve().parent.parent

PROGRAM = """
from typing import Any

import autodiff_spec as ad


def loss(w: Any, x: Any) -> Any:
    return ad.xp().sum((x * w) ** 2)


be = ad.backend("numpy")
reveal_type(be)  # Backend
w = ad.variable([1.0, 2.0])
with ad.tape(persistent=True) as t:
    reveal_type(t)  # Tape
    y = loss(w, w)
gradient = t.grad(y, w)
with ad.use_backend("numpy") as chosen:
    reveal_type(chosen)  # Backend
reveal_type(ad.available_backends())  # tuple[str, ...]
reveal_type(ad.check_grad(loss, w, w).passed)  # bool
reveal_type(ad.Capability.TAPE in be.capabilities)  # bool
reveal_type(ad.grad(loss))  # (w: Any, x: Any) -> Any
reveal_type(ad.backend_of(w).value_and_grad(loss))  # (w: Any, x: Any) -> tuple[Any, Any]
reveal_type(ad.backend_of(w))  # Backend
reveal_type(ad.xp())  # Namespace
reveal_type(ad.xp(w).linalg)  # Linalg
reveal_type(be.xp)  # Namespace
reveal_type(ad.xp().isdtype(w.dtype, "real floating"))  # bool
reveal_type(ad.extra())  # Extra
reveal_type(be.extra.at(w, 0))  # IndexedUpdate
xp = ad.xp()
xp.sum(xp.fft.rfft(xp.asarray(w, dtype=xp.float64), n=3) * xp.pi, axis=(0,), keepdims=True)
ad.extra().softmax(xp.linalg.svdvals(xp.stack([w, w])), axis=0)
ad.jvp(ad.checkpoint(loss), (w, w), (w, w))
step = ad.prepare(ad.grad(loss), w, w)
value, pullback = ad.vjp(loss, w, w)
try:
    ad.hessian(loss)(w, w)
except ad.AutodiffError as error:
    reveal_type(error)  # AutodiffError
"""
EXPECTED = [
    (number, line.partition("# ")[2])
    for number, line in enumerate(PROGRAM.splitlines(), 1)
    if line.lstrip().startswith("reveal_type")
]
REVEALED = re.compile(
    r"program\.py:(\d+)(?::\d+)?(?: -|:) (?:note|information): (?:Revealed type|Type of .*) is \"(.+)\""
)
MISTAKES = """
import autodiff_spec as ad

ad.variable([1.0], 3)
ad.tape(persistent="yes")
ad.gradient
ad.backend(7)


def loss(w: float, x: float, *, scale: float = 1.0) -> float:
    return scale * w * x


ad.grad(loss)(1.0)
ad.hessian(loss)(1.0, 2.0, scal=3.0)
ad.grad(loss, argnum=1)
xp = ad.xp()
xp.sinn(1.0)
xp.sum()
xp.sum(1.0, axes=0)
xp.sum(1.0, 0)
xp.sum(1.0, axis="first")
xp.linalg.dett(1.0)
xp.float65
ad.extra().softmx(1.0)
ad.extra().xlogy(1.0)
ad.backend("numpy").xp.sinn(1.0)
ad.backend("numpy").extra.at(1.0, 0).put(2.0)
"""


MYPY = ["mypy", "--strict", "--no-error-summary", "--follow-imports=silent", "--cache-dir", ".mypy"]
PYRIGHT = ["pyright", "--pythonpath", sys.executable]


def named(kind: str) -> str:
    """A type as both write it: a class without its module, a function without the word that mypy puts before it."""
    return kind.removeprefix("def ") if "(" in kind else kind if "[" in kind else kind.rpartition(".")[2]


@pytest.fixture(scope="module", params=[MYPY, PYRIGHT], ids=["mypy", "pyright"])
def said(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What a tool says of both programs: it is started once, for it reads all of the package's types and NumPy's."""
    tool: list[str] = request.param
    if importlib.util.find_spec(tool[0]) is None:
        pytest.skip(f"{tool[0]} is not installed")
    folder = tmp_path_factory.mktemp(tool[0])
    (folder / "program.py").write_text(PROGRAM, "utf-8")
    (folder / "mistakes.py").write_text(MISTAKES, "utf-8")
    extra = f'extraPaths = ["{ROOT.as_posix()}", "{(ROOT / "backends").as_posix()}"]'
    (folder / "pyproject.toml").write_text(f'[tool.pyright]\ntypeCheckingMode = "strict"\n{extra}\n', "utf-8")
    done = fresh.python("-m", *tool, "program.py", "mistakes.py", cwd=folder, MYPYPATH=fresh.PACKAGES)
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout + done.stderr


def errors(said: str, program: str) -> set[int]:
    """The lines of a program in which there are errors."""
    return {int(line) for line in re.findall(rf"{program}\.py:(\d+)(?::\d+)?(?: -|:) error", said)}


def test_a_users_program_is_clean_and_its_types_are_known(said: str) -> None:
    assert errors(said, "program") == set(), said
    found = REVEALED.findall(said)
    assert [(int(line), named(kind)) for line, kind in found] == EXPECTED, said


def test_mistakes_in_a_users_program_are_found(said: str) -> None:
    assert errors(said, "mistakes") == {4, 5, 6, 7, 14, 15, 16, *range(18, 29)}, said
