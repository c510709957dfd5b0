"""All mutants, in the order of the engine's parts: a new one goes into the file of the part that it breaks."""

from tests.mutants import (
    of_adapters,
    of_answers,
    of_beyond,
    of_calls,
    of_checks,
    of_distribution,
    of_forward,
    of_frameworks,
    of_inputs,
    of_linear_maps,
    of_matrices,
    of_operators,
    of_prepare,
    of_regions,
    of_rules,
    of_special,
    of_tapes,
    of_values,
    of_variables,
    of_writes,
)
from tests.mutants._mutant import MUTANTS, Mutant

__all__ = [
    "MUTANTS", "Mutant", "of_adapters", "of_answers", "of_beyond", "of_calls", "of_checks", "of_distribution",
    "of_forward", "of_frameworks", "of_inputs", "of_linear_maps", "of_matrices", "of_operators", "of_prepare",
    "of_regions", "of_rules", "of_special", "of_tapes", "of_values", "of_variables", "of_writes",
]  # fmt: skip
