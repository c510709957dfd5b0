"""Processes that end with the one that started them, however that ends.

``subprocess.Popen([*COMMAND, module, *arguments], stdin=PIPE)`` runs a module as ``python -m`` would. Its standard
input is a pipe: nothing is written to it, and it closes when the process that holds its other end is gone.
"""

from __future__ import annotations

import os
import runpy
import sys
import threading

COMMAND = (sys.executable, "-m", "autodiff_spec.programs.child")
ABANDONED = 143  # the status after SIGTERM, in a shell


def _end_with_parent() -> None:
    pipe = os.dup(0)  # what runs here may put something else in its place, as pytest does

    def wait() -> None:
        os.read(pipe, 1)
        os._exit(ABANDONED)

    threading.Thread(target=wait, name="end with the parent", daemon=True).start()


if __name__ == "__main__":
    _end_with_parent()
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
