"""The examples in the docstrings run: those of the interface, of its parts, and of each backend that is installed."""

import re
from pathlib import Path

import autodiff_spec as ad
from tests import fresh

ROOT = Path(__file__).resolve().parent.parent



def with_examples() -> list[Path]:
    """The files whose docstrings have examples, and whose frameworks are here."""
    installed = {f"autodiff_{name}" for name in ad.available_backends()}
    files = [
        *(ROOT / "autodiff_spec").rglob("*.py"),
        *(path for name in installed for path in (ROOT / "backends" / name).rglob("*.py")),
    ]
    return sorted(path for path in files if re.search(r"^\s*>>> ", path.read_text("utf-8"), re.MULTILINE))


def test_the_examples_of_the_docstrings_run() -> None:
    files = with_examples()
    done = fresh.python("-m", "pytest", "-v", "-p", "no:cacheprovider", "--doctest-modules", *map(str, files))
    assert done.returncode == 0, done.stdout[-4000:]
    ran = {ROOT / name for name in re.findall(r"^(\S+\.py)::\S+ PASSED", done.stdout, re.MULTILINE)}
    public = set(re.findall(r"^autodiff_spec/__init__\.py::autodiff_spec\.(\w+)\S* PASSED", done.stdout, re.MULTILINE))
    # Public objects say `autodiff_spec` as their module, so their examples run there and not under their own file.
    ran |= {path for path in files if public & set(re.findall(r"^(?:class|def) (\w+)", path.read_text("utf-8"), re.M))}
    assert ran == set(files)
