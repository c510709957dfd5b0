"""The drawing: one graph as DOT, as Mermaid, as SVG; it shows itself in a notebook."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

from autodiff_spec.core.errors import AutodiffError
from autodiff_spec.graph._model import Graph, Node

_SHAPES = {"source": "box", "constant": "plaintext", "stopped": "octagon", "target": "box", "fold": "box3d"}
_FILLS = {"source": "#dbeafe", "stopped": "#fee2e2", "target": "#dcfce7", "fold": "#f3f4f6"}
_BACK = "#c2410c"
_FORMATS = ("dot", "mmd", "svg", "png", "pdf")


class GraphvizNotFoundError(AutodiffError, FileNotFoundError):
    """A picture was asked for, and Graphviz's program ``dot`` is not there."""


class Drawing:
    """A picture of a recorded graph: solid arrows forward, dashed arrows backward, none through ``stop_gradient``.

    Attributes:
        graph: nodes and arrows.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def __repr__(self) -> str:
        back = sum(arrow.back for arrow in self.graph.arrows)
        count = f"{len(self.graph.nodes)} nodes, {len(self.graph.arrows) - back} arrows forward, {back} back"
        return f"<Drawing of {self.graph.title or 'a graph'}: {count}>"

    @property
    def dot(self) -> str:
        """The graph in Graphviz's language."""
        lines = [
            "digraph recorded {",
            "  rankdir=TB;",
            '  node [shape=box, style="rounded,filled", fillcolor=white, fontname="Helvetica", fontsize=11];',
            '  edge [fontname="Helvetica", fontsize=9];',
        ]
        if self.graph.title:
            lines.append(f"  label={_quoted(self.graph.title)}; labelloc=t; fontname=Helvetica;")
        for node in self.graph.nodes:
            label = _quoted("\n".join(node.lines))
            lines.append(f"  {node.key} [label={label}{_look(node)}];")
        for arrow in self.graph.arrows:
            style = f' [style=dashed, color="{_BACK}", constraint=false' if arrow.back else " ["
            label = f"{', ' if arrow.back else ''}label={_quoted(f' {arrow.label} ')}" if arrow.label else ""
            lines.append(f"  {arrow.start} -> {arrow.end}{style}{label}];".replace(" []", ""))
        return "\n".join([*lines, "}"]) + "\n"

    @property
    def mermaid(self) -> str:
        """The graph in Mermaid's language, which GitHub and JupyterLab draw."""
        lines = ["flowchart TD"]
        for node in self.graph.nodes:
            left, right = ("([", "])") if node.kind in ("source", "target") else ("[", "]")
            if node.kind == "stopped":
                left, right = "{{", "}}"
            text = "<br>".join(map(_escaped, node.lines))
            lines.append(f'  {node.key}{left}"{text}"{right}')
        for arrow in self.graph.arrows:
            label = f'|"{_escaped(arrow.label)}"|' if arrow.label else ""
            lines.append(f"  {arrow.start} {'-.->' if arrow.back else '-->'}{label} {arrow.end}")
        return "\n".join(lines) + "\n"

    @property
    def svg(self) -> str:
        """The picture, by Graphviz.

        Raises:
            GraphvizNotFoundError: its program ``dot`` is not there.
        """
        return self._rendered("svg").decode("utf-8")

    def save(self, path: str | Path) -> None:
        """Write a file; its ending chooses: ``.dot``, ``.mmd`` (Mermaid), or by Graphviz ``.svg``, ``.png``, ``.pdf``.

        Raises:
            GraphvizNotFoundError: for the last three without Graphviz.
            ValueError: another ending.
        """
        ending = Path(path).suffix.lstrip(".").lower()
        if ending not in _FORMATS:
            raise ValueError(f"{path} ends in none of {', '.join('.' + known for known in _FORMATS)}")
        content = {"dot": lambda: self.dot.encode(), "mmd": lambda: self.mermaid.encode()}
        Path(path).write_bytes(content[ending]() if ending in content else self._rendered(ending))

    def _rendered(self, form: str) -> bytes:
        program = shutil.which("dot")
        if program is None:
            raise GraphvizNotFoundError(
                f"a picture as {form.upper()} needs Graphviz, whose program 'dot' is not on the PATH; install it "
                "(Debian, Ubuntu: apt install graphviz; macOS: brew install graphviz), or take .dot or .mmd (Mermaid)"
            )
        done = subprocess.run([program, f"-T{form}"], input=self.dot.encode(), capture_output=True, timeout=120)
        if done.returncode:
            raise AutodiffError(f"Graphviz failed: {done.stderr.decode(errors='replace').strip()}")
        return done.stdout

    # --- notebooks ------------------------------------------------------------------------------------------------

    def _repr_svg_(self) -> str | None:
        return self.svg if shutil.which("dot") else None

    def _repr_html_(self) -> str:
        """The picture inside a page, without Graphviz the Mermaid text."""
        svg = self._repr_svg_()
        return svg[svg.index("<svg") :] if svg else f"<pre>{_escaped(self.mermaid)}</pre>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        bundle = {"text/plain": repr(self)}
        svg = self._repr_svg_()
        if svg:
            bundle["image/svg+xml"] = svg
        else:
            bundle["text/markdown"] = f"```mermaid\n{self.mermaid}```"
        return bundle


def _look(node: Node) -> str:
    shape, fill = _SHAPES.get(node.kind), _FILLS.get(node.kind)
    return (f", shape={shape}" if shape else "") + (f', fillcolor="{fill}"' if fill else "")


def _quoted(text: str) -> str:
    inside = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{inside}"'


def _escaped(text: str) -> str:
    """Text for Mermaid's labels and for HTML: no character of theirs is left."""
    table = {"&": "&amp;", '"': "&quot;", "<": "&lt;", ">": "&gt;", "`": "&#96;"}
    return "".join(table.get(character, character) for character in text)
