"""The build hook: `autodiff_numpy/_speed.c` compiled into the wheel; without a C compiler the wheel is pure Python.

``python hatch_build.py`` compiles it in place, for an editable installation whose source changed.
"""

import os
import sys
from pathlib import Path
from typing import Any

import numpy
from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from setuptools import Distribution, Extension
from setuptools.command.build_ext import build_ext
from setuptools.errors import PlatformError

NAME = "autodiff_numpy._speed"
SOURCE = Path("backends", "autodiff_numpy", "_speed.c")
FOLDER = Path("build", "speed")


def compiled() -> Path | None:
    """Compile the module into `FOLDER`; where it is, or ``None`` where there is no compiler or it is not wanted."""
    if os.environ.get("AUTODIFF_SPEC_PURE", "0") not in ("", "0"):
        return None
    module = Extension(NAME, [str(SOURCE)], include_dirs=[numpy.get_include()], optional=True)
    command = build_ext(Distribution({"ext_modules": [module]}))
    command.build_temp, command.build_lib, command.force = str(FOLDER), str(FOLDER), True
    command.ensure_finalized()
    found = Path(command.get_ext_fullpath(NAME))
    found.unlink(missing_ok=True)
    try:
        command.run()
    except PlatformError as error:  # no compiler at all, on Windows; elsewhere `optional` says so
        print(f"warning: {NAME} is left out: {error}", file=sys.stderr)
    return found if found.is_file() else None


def compiled_in_place() -> Path | None:
    """Compile the module and put it beside its source."""
    found = compiled()
    return found and found.replace(SOURCE.with_name(found.name))


class CompiledModule(BuildHookInterface[Any]):
    """Adds the compiled module to a wheel; an editable installation finds it beside its source."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile before the wheel is packed."""
        found = compiled_in_place() if version == "editable" else compiled()
        if found is not None:
            build_data["pure_python"], build_data["infer_tag"] = False, True
            if version != "editable":
                build_data["force_include"][str(found)] = f"autodiff_numpy/{found.name}"


if __name__ == "__main__":
    os.chdir(Path(__file__).resolve().parent)
    print(compiled_in_place() or f"{NAME} was not compiled")
