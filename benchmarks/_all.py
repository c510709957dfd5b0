"""All benchmarks, one after the other, and at the end what they said of the goals, a line each.

Run: python benchmarks/_all.py [NAME ...]     small_work by_hand, say; all of them without names
"""

import os
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
VERDICTS = (": reached\n", ": missed\n")


def run(script: Path) -> list[str]:
    """Show what a benchmark prints while it prints it; its verdicts. It ends everything if it fails."""
    print(f"\n== {script.name}", flush=True)
    verdicts = []
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            if line.endswith(VERDICTS):
                verdicts.append(line)
    if process.returncode:
        sys.exit(process.returncode)
    return verdicts


def main(names: list[str]) -> None:
    scripts = [FOLDER / f"{name}.py" for name in names] or sorted(FOLDER.glob("[a-z]*.py"))
    verdicts = [line for script in scripts for line in run(script)]
    print("\n== the goals")
    print("".join(verdicts), end="")


if __name__ == "__main__":
    main(sys.argv[1:])
