"""The compiled module under the address and undefined-behaviour sanitizers: ``python -m tests.sanitized [ARGS]``.

It is compiled anew into a folder of its own, and the tests of prepared functions run on that; ARGS go to pytest. An
error that a sanitizer finds ends the process. Python itself is not instrumented: its own allocator is switched off, and
leaks are not looked for; `tests/test_numpy_compiled.py` counts references.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

import numpy

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "backends" / "autodiff_numpy"
FLAGS = "-O1 -g -std=c11 -shared -fPIC -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all"
TESTS = ("tests/test_numpy_compiled.py", "tests/test_numpy_prepare.py", "autodiff_spec/conformance/test_prepared.py")


def main() -> int:
    compiler = (os.environ.get("CC") or "cc").split()
    runtimes = [
        subprocess.run([*compiler, f"-print-file-name={name}"], capture_output=True, text=True).stdout.strip()
        for name in ("libasan.so", "libubsan.so")
    ]
    with tempfile.TemporaryDirectory() as name:
        package = Path(name, "autodiff_numpy")
        shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("*.so", "__pycache__"))
        target = package / f"_speed{sysconfig.get_config_var('EXT_SUFFIX')}"
        headers = [f"-I{sysconfig.get_path('include')}", f"-I{numpy.get_include()}"]
        subprocess.run([*compiler, *FLAGS.split(), *headers, package / "_speed.c", "-o", target], check=True)
        environment = os.environ | {
            "LD_PRELOAD": ":".join(runtimes),
            "ASAN_OPTIONS": "detect_leaks=0",
            "PYTHONMALLOC": "malloc",
            "PYTHONPATH": os.pathsep.join([name, str(ROOT), str(ROOT / "backends")]),
            "AUTODIFF_SPEC_BACKEND": "numpy",
        }
        there = "from autodiff_numpy import _speed; print(_speed.__file__)"
        found = subprocess.run([sys.executable, "-c", there], env=environment, capture_output=True, text=True)
        assert found.stdout.strip() == str(target), found.stdout + found.stderr
        pytest = [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", "-o", "pythonpath=", *TESTS]
        return subprocess.run([*pytest, *sys.argv[1:]], cwd=ROOT, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
