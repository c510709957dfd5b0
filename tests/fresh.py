"""Python in a fresh process, which finds our packages and nothing of the variables that steer them here."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = os.pathsep.join(map(str, (ROOT, ROOT / "backends")))


def environment(**variables: str) -> dict[str, str]:
    """The variables for such a process: those of here without ours and those of colour, and ``variables``."""
    steering = ("AUTODIFF_SPEC_", "NO_COLOR", "FORCE_COLOR")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(steering)}
    return {**kept, "PYTHONPATH": PACKAGES, "PYTHONIOENCODING": "utf-8", **variables}


def python(*arguments: str, cwd: Path = ROOT, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run ``python`` with these arguments to its end, whatever its status."""
    return subprocess.run(
        [sys.executable, *arguments], cwd=cwd, env=environment(**variables), capture_output=True, encoding="utf-8",
        timeout=400,
    )  # fmt: skip


def command(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run ``autodiff-spec`` with these arguments in a folder."""
    return python("-m", "autodiff_spec", *arguments, cwd=cwd)


def program(source: str, **variables: str) -> str:
    """Run a program that has to succeed; returns what it prints."""
    done = python("-c", source, **variables)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
