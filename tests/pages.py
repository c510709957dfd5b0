"""Pages whose blocks run: ```python blocks one after the other, each followed by what it prints, in a ```text block."""

from __future__ import annotations

import re
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

DOCS = Path(__file__).resolve().parent.parent / "docs"
_BLOCK = re.compile(r"^```python\n(?P<code>.*?)^```$(?:\n+^```text\n(?P<text>.*?)^```$)?", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A block of code, the line of the page where it begins, and what the page says it prints."""

    code: str
    line: int
    text: str


def blocks(page: Path, section: str = "") -> list[Block]:
    """The blocks of a page, or of one of its sections, that are programs, not sessions with prompts."""
    text = page.read_text("utf-8")
    start = text.index(f"\n## {section}\n") + 1 if section else 0
    end = text.find("\n## ", start) if section else -1
    found = _BLOCK.finditer(text, start, len(text) if end < 0 else end)
    return [
        Block(match["code"], text.count("\n", 0, match.start()) + 2, match["text"] or "")
        for match in found
        if not match["code"].lstrip().startswith(">>>")
    ]


def run(page: Path, section: str = "") -> list[tuple[Block, str]]:
    """Run the blocks of a page, or of one of its sections, in one namespace; each with what it printed."""
    namespace: dict[str, Any] = {"__name__": "__page__"}
    done = []
    for block in blocks(page, section):
        printed = StringIO()
        source = "\n" * (block.line - 1) + block.code  # so that a traceback names the page's own line
        with redirect_stdout(printed):
            exec(compile(source, str(page), "exec"), namespace)
        done.append((block, printed.getvalue()))
    return done
