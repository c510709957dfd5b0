"""Chapter HOST: the framework's own differentiation, around the operators and inside."""

from __future__ import annotations

from autodiff_spec.clauses import Chapter, Clause, Level
from autodiff_spec.core.capability import Capability

MUST, SHOULD = Level.MUST, Level.SHOULD
HOST = (Capability.HOST,)
RULES = (Capability.CUSTOM_RULES,)
HIGHER = (Capability.CUSTOM_RULES, Capability.HIGHER_ORDER)
COMPILED = (Capability.CUSTOM_RULES, Capability.HOST)

CHAPTER = Chapter(
    "HOST",
    "the framework's own differentiation",
    (
        Clause(
            "HOST-01",
            MUST,
            "In the framework's own reverse mode the derivative of what an operator gives, by its argument and by what its function closes over, is right, or an error is raised.",
            HOST,
        ),
        Clause(
            "HOST-02",
            MUST,
            "The second derivative, by the framework's own differentiation, of what an operator gives is right, or an error is raised.",
            HOST,
        ),
        Clause(
            "HOST-03",
            MUST,
            "In the framework's own forward mode, where it has one, the derivative of what an operator gives is right, or an error is raised.",
            HOST,
        ),
        Clause(
            "HOST-04",
            MUST,
            "An operator inside the framework's own transform of a batch gives the values that it gives for each slice, or raises.",
            HOST,
        ),
        Clause(
            "HOST-05",
            MUST,
            "An operator inside the framework's own compilation, and in its loops, gives the same, and is differentiated the same, as outside, or raises.",
            HOST,
        ),
        Clause(
            "HOST-06",
            MUST,
            "An operator in a part that the framework computes again in its backward pass is differentiated right, or raises.",
            HOST,
        ),
        Clause(
            "HOST-07",
            MUST,
            "The framework's own gradient inside a function that an operator differentiates is differentiated right.",
            HOST,
        ),
        Clause("HOST-08", SHOULD, "No operator is refused by the framework's own differentiation, batches, compilation and recomputation.", HOST),
        Clause(
            "HOST-09",
            MUST,
            "While an operator runs a function, forward, backward or again, its backend is the current one; afterwards the former is.",
        ),
        Clause(
            "HOST-10",
            MUST,
            "A function whose result is an array of another framework, NumPy's too, is refused by an error: what led to it has no derivative.",
            HOST,
        ),
        Clause(
            "HOST-11",
            MUST,
            "A function of another backend, made an operation by host(), has the values and the first derivatives that it has there, by every floating array among its arguments.",
            RULES,
        ),
        Clause("HOST-12", MUST, "Every higher derivative of a hosted function is right.", HIGHER),
        Clause(
            "HOST-13",
            MUST,
            "Inside the framework's own compilation a hosted function gives its values, or an error where it is not declared what it returns, or returns something else.",
            COMPILED,
        ),
        Clause("HOST-14", MUST, "While a hosted function runs, forward or backward, in any thread, its own backend is the current one.", RULES),
        Clause("HOST-15", MUST, "A hosted function that returns what is no array of its own backend, and no number, is refused, and what it raises itself comes through.", RULES),
        Clause(
            "HOST-16",
            MUST,
            "The first derivative of a hosted function belongs to the run that gave its value, whatever changed since.",
            RULES,
        ),
    ),
)
