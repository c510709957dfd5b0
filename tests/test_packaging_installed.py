"""What a user gets: the wheel and the source archive, installed in a fresh environment without any framework."""

import importlib.metadata
import importlib.util
import os
import subprocess
import sys
import sysconfig
import tomllib
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
NEEDED = ("numpy", "optree", "array_api_compat", "typing_extensions")
"""All that the interface imports; taken from this environment, so that no package index is asked."""


def run(*command: str | Path, cwd: Path, **more: str) -> str:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "AUTODIFF", "PIP_"))} | more
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a wheel that was built from the source archive."""
    for tool in ("build", "hatchling", "setuptools"):
        if importlib.util.find_spec(tool) is None:
            pytest.skip(f"{tool} is not installed: it comes with the extra 'dev'")
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--sdist", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    [sdist] = folder.glob("*.tar.gz")
    run("tar", "-xzf", sdist, cwd=folder)
    [source] = (path for path in folder.iterdir() if path.is_dir())
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, source, cwd=folder)
    return folder


@pytest.fixture(scope="module")
def python(archives: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment with the wheel and what the interface needs, and nothing else."""
    folder = tmp_path_factory.mktemp("fresh")
    venv.create(folder, symlinks=True)
    site = Path(sysconfig.get_path("purelib", "venv", {"base": str(folder), "platbase": str(folder)}))
    for name in NEEDED:
        for top in installed(name):
            (site / top.name).symlink_to(top)
    [wheel] = archives.glob("*.whl")
    interpreter = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    offline = ("--no-deps", "--no-index", "--quiet")
    run(sys.executable, "-m", "pip", "--python", interpreter, "install", *offline, wheel, cwd=folder)
    return interpreter


def installed(name: str) -> set[Path]:
    """The top-level files and folders of an installed distribution."""
    distribution = importlib.metadata.distribution(name)
    tops = {Path(file.parts[0]) for file in distribution.files or () if file.parts[0] not in ("..", "__pycache__")}
    return {Path(str(distribution.locate_file(top))) for top in tops}


def extra(name: str) -> str:
    """What the project file asks for under an extra, as a shell takes it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return " ".join(f"'{requirement}'" for requirement in project["optional-dependencies"][name])


def test_a_gradient_needs_the_interface_and_numpy_only(python: Path, tmp_path: Path) -> None:
    program = "import autodiff_spec as ad; print(ad.grad(lambda x: x * x)(3.0), *ad.available_backends())"
    assert run(python, "-c", program, cwd=tmp_path) == "6.0 numpy"


def test_the_compiled_module_is_used_unless_the_environment_says_no(
    python: Path, archives: Path, tmp_path: Path
) -> None:
    program = (
        "import numpy as np, autodiff_spec as ad; from autodiff_numpy import _compiled\n"
        "x = np.array([0.5, 2.0])\n"
        "print(_compiled.SPEED is not None, ad.prepare(ad.grad(lambda x: np.sum(np.sin(x) * x)), x)(x).tobytes().hex())"
    )
    [wheel] = archives.glob("*.whl")
    found, answer = run(python, "-c", program, cwd=tmp_path).split()
    assert found == str(not wheel.name.endswith("-none-any.whl"))
    assert run(python, "-c", program, cwd=tmp_path, AUTODIFF_SPEC_PURE="1").split() == ["False", answer]


def test_a_missing_framework_is_said_with_the_remedy(python: Path, tmp_path: Path) -> None:
    program = (
        "import autodiff_spec as ad\n"
        "try: ad.backend('torch')\n"
        "except ad.BackendNotInstalledError as error: print(error)"
    )
    assert f"run: pip install {extra('torch')}" in run(python, "-c", program, cwd=tmp_path)


def test_the_command_without_the_suite_says_what_to_install(python: Path, tmp_path: Path) -> None:
    for command in ([python, "-m", "autodiff_spec"], [python.parent / "autodiff-spec"]):
        done = subprocess.run([*command, "--help"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
        assert done.returncode != 0
        assert done.stderr.endswith(f"is not installed; run: pip install {extra('suite')}\n")
        assert "Traceback" not in done.stderr


def test_the_metadata_are_those_of_a_release(python: Path, tmp_path: Path) -> None:
    program = (
        "from importlib.metadata import metadata, version; import autodiff_spec as ad; m = metadata('autodiff-spec')\n"
        "print(version('autodiff-spec') == ad.__version__, m['License-Expression'], m['Requires-Python'],"
        " 'Typing :: Typed' in m.get_all('Classifier'), m.get_all('Project-URL'))"
    )
    assert run(python, "-c", program, cwd=tmp_path) == "True MIT >=3.11 True None"


def test_the_installed_package_is_the_source(python: Path, archives: Path, tmp_path: Path) -> None:
    """Nothing was lost between the repository, the source archive and the wheel."""
    [source] = (path for path in archives.iterdir() if path.is_dir())
    for name in ("mkdocs.yml", "docs/tutorial.md", "tests/test_docs.py", "examples/engines/toy.py", "Makefile",
                 "hatch_build.py", "backends/autodiff_numpy/_speed.c"):  # fmt: skip
        assert (source / name).is_file(), name
    found = run(python, "-c", "import autodiff_numpy as a; print(a.__file__)", cwd=tmp_path)
    assert Path(found).read_text("utf-8") == (ROOT / "backends/autodiff_numpy/__init__.py").read_text("utf-8")
