"""The recorded graph, drawn."""

from autodiff_spec.graph._draw import draw
from autodiff_spec.graph._drawing import Drawing, GraphvizNotFoundError
from autodiff_spec.graph._model import Arrow, Graph, Node

__all__ = ["Arrow", "Drawing", "Graph", "GraphvizNotFoundError", "Node", "draw"]
