"""What a backend may declare; a gap is declared, never faked."""

import enum


class Capability(enum.Enum):
    """A part of the interface that a backend may declare; one that is missing raises `UnsupportedError`.

    Members:
        TAPE: ``variable``, ``assign``, ``tape``, ``pause`` and gradients of tapes.
        HIGHER_ORDER: a derivative can be differentiated again, to any order; a forward mode can be derived from it.
        CONTROL_FLOW: ``bool()`` of an array inside a functional operator (Python branches).
        NATIVE_CALLS: the framework's own functions may be mixed in while a tape records.
        TAPE_IN_TRANSFORM: a tape opened inside the framework's own transform is right.
        INTERLEAVED_CONTEXTS: tapes of interleaved contexts of one thread (tasks, generators) do not mix.
        CUSTOM_RULES: ``custom_vjp``, in every mode that there is.
        CHECKPOINT: ``checkpoint``, with less memory.
        COMPLEX: complex sources and targets.
        BFLOAT16: the namespace has ``bfloat16`` and differentiates it.
        MUTABLE_OUT: ``out=`` accepts mutable native arrays besides variables.
        IN_PLACE: recorded arrays can be written in place, views included, and that is differentiated.
        MUTATION_CHECK: in-place changes of recorded arrays are noticed (`MutationError`).
        HOST: the framework differentiates and transforms functions itself, and operators are right inside of that.
        DISTRIBUTED: arrays that lie in several parts, on devices or in processes, are differentiated where they lie.
        SPEC_OPERATORS: in the ``"spec"`` flavour operators and methods of arrays obey the clauses too.
    """

    __hash__ = object.__hash__  # of the identity that members have; that of Enum is a function of Python's

    TAPE = "tape"
    HIGHER_ORDER = "higher_order"
    CONTROL_FLOW = "control_flow"
    NATIVE_CALLS = "native_calls"
    TAPE_IN_TRANSFORM = "tape_in_transform"
    INTERLEAVED_CONTEXTS = "interleaved_contexts"
    CUSTOM_RULES = "custom_rules"
    CHECKPOINT = "checkpoint"
    COMPLEX = "complex"
    BFLOAT16 = "bfloat16"
    MUTABLE_OUT = "mutable_out"
    IN_PLACE = "in_place"
    MUTATION_CHECK = "mutation_check"
    HOST = "host"
    DISTRIBUTED = "distributed"
    SPEC_OPERATORS = "spec_operators"
