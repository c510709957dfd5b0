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
            target = aimed(page.src_uri, match["path"])
            if is_shown(target) and files.get_file_from_path(address(target)) is None:
                files.append(File.generated(config, address(target), content=shown(target)))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lead such links to the pages; to folders none leads."""

    def lead(match: re.Match[str]) -> str:
        target = aimed(page.file.src_uri, match["path"])
        if target.startswith("docs/"):
            return match[0]
        if not is_shown(target):
            return match["text"]
        return f"[{match['text']}]({get_relative_url(address(target), page.file.src_uri)})"

    return LINK.sub(lead, markdown)


def aimed(source: str, path: str) -> str:
    """What a page's link leads to, from the root of the repository."""
    target = posixpath.normpath(posixpath.join("docs", posixpath.dirname(source), path))
    if not target.startswith("docs/") and not (ROOT / target).exists():
        raise FileNotFoundError(f"docs/{source} links to {path}, which is not there")
    return target


def is_shown(target: str) -> bool:
    """Whether the site has a page for it: a file beyond docs/."""
    return not target.startswith("docs/") and (ROOT / target).is_file()


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
