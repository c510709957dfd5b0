"""What the wheel ships, and what the packaging files promise."""

import importlib.machinery
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PACKAGES = [ROOT / path for path in PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]]
EXTRAS: dict[str, list[str]] = PYPROJECT["project"]["optional-dependencies"]
CONSTRAINTS = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
PINNED = dict(line.split("==") for line in CONSTRAINTS if re.fullmatch(r"[a-z0-9-]+==[0-9.]+", line))
COMPILED = {f"autodiff_numpy/_speed{suffix}" for suffix in importlib.machinery.EXTENSION_SUFFIXES}
"""The names that the compiled module may have."""


def name_of(requirement: str) -> str:
    match = re.match(r"[A-Za-z0-9-]+", requirement)
    assert match, requirement
    return match[0].lower()


def shipped(package: Path) -> set[str]:
    """The names in a wheel of a package's files."""
    files = (path for path in package.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(package.parent).as_posix() for path in files}


def test_the_five_packages_exist_and_are_typed() -> None:
    backends = ["autodiff_jax", "autodiff_numpy", "autodiff_tensorflow", "autodiff_torch"]
    assert sorted(path.name for path in PACKAGES) == sorted(["autodiff_spec", *backends])
    for path in PACKAGES:
        assert (path / "__init__.py").is_file(), path
        assert (path / "py.typed").is_file(), path


def test_backends_is_a_folder_of_packages_and_no_package() -> None:
    assert list((ROOT / "backends").glob("*.py")) == []


def test_constraints_name_versions_and_no_place() -> None:
    lines = [line for line in CONSTRAINTS if not line.startswith("#")]
    assert lines == [f"{name}=={version}" for name, version in PINNED.items()], "no pin, or it is there twice"
    assert not [line for line in CONSTRAINTS if "://" in line]


def test_constraints_pin_everything_that_is_asked_for() -> None:
    asked = [*PYPROJECT["project"]["dependencies"], *(r for extra in EXTRAS.values() for r in extra)]
    assert {name_of(r) for r in asked} - {"autodiff-spec"} <= set(PINNED)


def test_one_tensorflow_in_all_and_the_same_version_of_both() -> None:
    assert PINNED["tensorflow"] == PINNED["tensorflow-cpu"]
    assert EXTRAS["all"] == ["autodiff-spec[torch,tensorflow,jax,suite,plot]"]


def built(folder: Path, **environment: str) -> tuple[str, set[str]]:
    """A wheel: its name, and the files in it."""
    for tool in ("build", "hatchling", "setuptools"):
        if importlib.util.find_spec(tool) is None:
            pytest.skip(f"{tool} is not installed: it comes with the extra 'dev'")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=os.environ | environment)
    assert done.returncode == 0, done.stdout + done.stderr
    [wheel] = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return wheel.name, {name for name in archive.namelist() if ".dist-info/" not in name}


def test_the_wheel_holds_the_five_packages_whole_and_nothing_else(tmp_path: Path) -> None:
    _, names = built(tmp_path)
    assert names - COMPILED == set().union(*map(shipped, PACKAGES)) - COMPILED
    assert {name for name in names if name.endswith("/py.typed")} == {f"{p.name}/py.typed" for p in PACKAGES}
    adapters = {"autodiff_torch", "autodiff_tensorflow", "autodiff_jax"}
    assert {f"{name}/deviations.toml" for name in adapters} <= names


def test_with_a_compiler_the_wheel_holds_the_compiled_module(tmp_path: Path) -> None:
    compiler = (os.environ.get("CC") or sysconfig.get_config_var("CC") or "cl").split()[0]
    if shutil.which(compiler) is None:
        pytest.skip(f"there is no C compiler ({compiler})")
    wheel, names = built(tmp_path)
    assert names & COMPILED
    assert not wheel.endswith("-none-any.whl")


@pytest.mark.skipif(os.name == "nt", reason="on Windows a compiler is not found by CC")
def test_without_a_compiler_the_wheel_is_pure(tmp_path: Path) -> None:
    wheel, names = built(tmp_path, CC="no-such-compiler")
    assert not names & COMPILED
    assert wheel.endswith("-py3-none-any.whl")


def test_who_wants_none_gets_a_pure_wheel(tmp_path: Path) -> None:
    wheel, names = built(tmp_path, AUTODIFF_SPEC_PURE="1")
    assert not names & COMPILED
    assert wheel.endswith("-py3-none-any.whl")
