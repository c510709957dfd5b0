"""Links out of the pages to the repository's files, which the site shows as pages of their own.

In the repository `[ridge.py](../examples/ridge.py)` leads to the file; on the site to a page with its text.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from mkdocs.utils import get_relative_url

ROOT = Path(__file__).resolve().parent.parent.parent
LINK = re.compile(r"\[(?P<text>[^\]]+)\]\((?P<path>(?:\.\./)+[\w./-]+)\)")
SHOWN = {".py": "python", ".toml": "toml", ".txt": "text"}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add a page for each file that a page links to."""
    for page in list(files.documentation_pages()):
        for match in LINK.finditer(page.content_string):
            target = outside(page.src_uri, match["path"])
            if target and files.get_file_from_path(address(target)) is None:
                files.append(File.generated(config, address(target), content=shown(target)))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lead such links to the pages; to folders none leads."""

    def lead(match: re.Match[str]) -> str:
        if (posixpath.normpath(posixpath.join("docs", posixpath.dirname(page.file.src_uri), match["path"]))).startswith(
            "docs/"
        ):
            return match[0]
        target = outside(page.file.src_uri, match["path"])
        if target is None:
            return match["text"]
        return f"[{match['text']}]({get_relative_url(address(target), page.file.src_uri)})"

    return LINK.sub(lead, markdown)


def outside(source: str, path: str) -> str | None:
    """The file of the repository, beyond docs/, that a page's link leads to; ``None`` for a folder or a page."""
    target = posixpath.normpath(posixpath.join("docs", posixpath.dirname(source), path))
    if target.startswith("docs/"):
        return None
    if not (ROOT / target).exists():
        raise FileNotFoundError(f"docs/{source} links to {path}, which is not there")
    return target if (ROOT / target).is_file() else None


def address(target: str) -> str:
    """The page that shows a file of the repository."""
    return f"sources/{target.removesuffix('.md')}.md"


def shown(target: str) -> str:
    """The page: the file's name and its text."""
    text = (ROOT / target).read_text("utf-8")
    if target.endswith(".md"):
        return re.sub(r"\[([^\]]+)\]\((?!https?:)[^)]*\)", r"\1", text)  # its links lead elsewhere
    language = SHOWN.get(Path(target).suffix, "text")
    return f"---\nsearch:\n  exclude: true\n---\n\n# {target}\n\n````{language}\n{text}````\n"
