"""What the wheel ships, and what the packaging files promise."""

import importlib.util
import re
import subprocess
import sys
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


def test_the_wheel_holds_the_five_packages_whole_and_nothing_else(tmp_path: Path) -> None:
    for tool in ("build", "hatchling"):
        if importlib.util.find_spec(tool) is None:
            pytest.skip(f"{tool} is not installed: it comes with the extra 'dev'")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path)]
    done = subprocess.run([*command, str(ROOT)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    [wheel] = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert names == set().union(*map(shipped, PACKAGES))
    assert {name for name in names if name.endswith("/py.typed")} == {f"{p.name}/py.typed" for p in PACKAGES}
    adapters = {"autodiff_torch", "autodiff_tensorflow", "autodiff_jax"}
    assert {f"{name}/deviations.toml" for name in adapters} <= names
