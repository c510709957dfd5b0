"""draw and graph: solid arrows forward, dashed arrows backward, none through stop_gradient, on every backend."""

import re
import shutil
import xml.etree.ElementTree as ElementTree
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autodiff_spec as ad
from autodiff_spec.graph import Drawing, GraphvizNotFoundError
from autodiff_spec.logged import LoggedBackend
from autodiff_spec.textbook.detaching import detached_factor
from tests import fresh

ROOT = Path(__file__).resolve().parent.parent
X = np.array([0.0, 1.0, 2.0, 3.0])
GRAPHVIZ = pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")


def detached(x: Any) -> Any:
    y = x * x
    return ad.stop_gradient(y) * x


def arrows(drawing: Drawing) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    """The arrows forward and back, by the first lines of the nodes."""
    names = {node.key: node.lines[0] for node in drawing.graph.nodes}
    pairs = [(arrow.back, (names[arrow.start], names[arrow.end])) for arrow in drawing.graph.arrows]
    return {pair for back, pair in pairs if not back}, {pair for back, pair in pairs if back}


@pytest.mark.parametrize("name", ["numpy", "torch", "tensorflow", "jax"])
def test_the_chapters_figure_of_detaching_is_the_same_on_every_backend(name: str) -> None:
    if name not in ad.available_backends():
        pytest.skip(f"{name} is not installed")
    with ad.use_backend(name):
        drawing = ad.draw(lambda x: ad.stop_gradient(ad.xp().square(x)) * x, X)
    forward, back = arrows(drawing)
    stopped = {("x", "square"), ("square", "stop_gradient"), ("stop_gradient", "multiply")}
    assert forward == stopped | {("x", "multiply")}
    assert back == {("multiply", "x")}
    assert {node.lines[1] for node in drawing.graph.nodes} == {"(4,)"}
    assert [node.kind for node in drawing.graph.nodes] == ["source", "operation", "stopped", "target"]


def test_without_stop_gradient_an_arrow_leads_back_along_each_arrow_forward() -> None:
    forward, back = arrows(ad.draw(lambda x: ad.xp().sum(ad.xp().sin(x) * x), X))
    assert back == {(end, start) for start, end in forward}


def test_what_is_asked_of_values_and_what_is_not_used_leads_nothing_back() -> None:
    def f(x: Any) -> Any:
        ad.xp().exp(x)  # of no use
        return ad.xp().where(x > 1.0, x, 2.0)

    forward, back = arrows(ad.draw(f, X))
    assert {end for _, end in forward} == {"greater(·, 1.0)", "where(·, ·, 2.0)"}
    assert back == {("where(·, ·, 2.0)", "x")}


def test_nothing_leads_back_from_a_target_that_is_detached() -> None:
    forward, back = arrows(ad.draw(lambda x: ad.stop_gradient(ad.xp().sin(x * x)), X))
    assert len(forward) == 3
    assert back == set()


def test_values_and_cotangents_are_written_on_request() -> None:
    drawing = ad.draw(detached, X, values=True)
    assert "(4,) = [0, 1, 8, 27]" in {node.lines[1] for node in drawing.graph.nodes}
    assert [arrow.label for arrow in drawing.graph.arrows if arrow.back] == ["[0, 1, 4, 9]"]
    assert "[0, 1, 8, 27]" not in ad.draw(detached, X).dot


def test_an_array_computed_under_a_logging_backend_draws_itself() -> None:
    with ad.use_backend(LoggedBackend(ad.backend("numpy"))):
        result = detached_factor()
    _, back = arrows(ad.draw(result["dz/dx"]))
    assert not [pair for pair in back if "stop_gradient" in pair[0]]
    with pytest.raises(ad.UntrackedError, match="without a log"):
        ad.draw(X)


def test_loops_are_folded_and_counted() -> None:
    def loop(x: Any) -> Any:
        y = x
        for _ in range(200):
            y = ad.xp().sin(y) * x + 1.0
        return ad.xp().sum(y)

    whole = ad.draw(loop, X, fold=10_000)
    assert len(whole.graph.nodes) == 602
    small = ad.draw(loop, X)
    assert [node.lines[0] for node in small.graph.nodes] == ["x", "200 × (3 operations)", "sum"]
    assert small.graph.folded == 599
    _, back = arrows(small)
    assert back == {("sum", "200 × (3 operations)"), ("200 × (3 operations)", "x")}


def test_what_does_not_repeat_is_folded_to_the_limit_too() -> None:
    def long(x: Any) -> Any:
        for k in range(300):
            x = x * (1.0 + k) if k * k % 7 in (1, 2) else ad.xp().sin(x[: 4 + k % 2])
        return x

    drawing = ad.draw(long, np.ones(8), fold=20)
    assert len(drawing.graph.nodes) <= 21
    assert (drawing.graph.nodes[0].kind, drawing.graph.nodes[-1].kind) == ("source", "target")


def test_names_from_programs_are_quoted_in_every_language() -> None:
    def f(**given: Any) -> Any:
        return given

    name = 'a"b<script>\\'
    with ad.use_backend(LoggedBackend(ad.backend("numpy"))) as be:
        y = be.log.source("input", X, name) * 2.0
    drawing = ad.draw(y)
    assert '"a\\"b<script>\\\\\\n(4,)"' in drawing.dot
    assert "<script>" not in drawing.mermaid
    assert "<script>" not in drawing._repr_html_()


@GRAPHVIZ
def test_graphviz_draws_what_dot_says(tmp_path: Path) -> None:
    drawing = ad.draw(detached, X)
    picture = ElementTree.fromstring(drawing.svg)
    kinds = [element.get("class") for element in picture.iter("{http://www.w3.org/2000/svg}g")]
    assert (kinds.count("node"), kinds.count("edge")) == (4, 5)
    assert drawing.svg.count("stroke-dasharray") == 1
    drawing.save(tmp_path / "detached.png")
    assert (tmp_path / "detached.png").read_bytes().startswith(b"\x89PNG")
    assert drawing._repr_svg_() == drawing._repr_mimebundle_()["image/svg+xml"]
    assert drawing._repr_html_().startswith("<svg")


def test_without_graphviz_the_error_names_it_and_a_notebook_shows_mermaid(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    drawing = ad.draw(detached, X)
    with pytest.raises(GraphvizNotFoundError, match="apt install graphviz"):
        drawing.save(tmp_path / "detached.svg")
    assert drawing._repr_svg_() is None
    assert drawing._repr_mimebundle_()["text/markdown"].startswith("```mermaid\nflowchart TD")
    drawing.save(tmp_path / "detached.mmd")
    assert (tmp_path / "detached.mmd").read_text("utf-8") == drawing.mermaid
    assert re.findall(r"n\d+ -\.-> n\d+", drawing.mermaid) == ["n3 -.-> n0"]


def test_the_figure_of_the_page_is_the_drawing() -> None:
    figure = (ROOT / "docs/detaching.svg").read_text("utf-8")
    dot = ad.draw(detached, X, values=True).dot
    labels = [part.strip() for label in re.findall(r'label="([^"]*)"', dot) for part in label.split(r"\n")]
    texts = [text.strip() for text in re.findall(r"<text [^>]*>([^<]*)</text>", figure)]
    assert sorted(texts) == sorted(labels)
    assert figure.count("stroke-dasharray") == dot.count("style=dashed") == 1


def test_the_command_prints_or_writes(tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text("import autodiff_spec as ad\n\ndef f(x):\n    return ad.xp().sin(x)\n", "utf-8")
    run = partial(fresh.command, "graph", cwd=tmp_path)
    printed = run("model.py:f", "--shape", "3", "--format", "mermaid")
    assert printed.returncode == 0, printed.stderr
    assert printed.stdout.startswith("flowchart TD")
    written = run("model.py:f", "--shape", "3", "--out", "f.dot", "--values")
    assert written.stdout == "f.dot: 2 nodes\n"
    assert "style=dashed" in (tmp_path / "f.dot").read_text("utf-8")
    for arguments, said in ((("--out", "f.txt"), "ends in none of"), (("--format", "gif"), "no --format gif")):
        wrong = run("model.py:f", "--shape", "3", *arguments)
        assert (wrong.returncode, len(wrong.stderr.splitlines())) == (2, 1)
        assert said in wrong.stderr
