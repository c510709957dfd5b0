"""Chapter RULE: custom_vjp()."""

from __future__ import annotations

from autodiff_spec.clauses import Chapter, Clause, Level
from autodiff_spec.core.capability import Capability

MUST = Level.MUST
RULES = (Capability.CUSTOM_RULES,)
TAPE = (Capability.CUSTOM_RULES, Capability.TAPE)
HIGHER = (Capability.CUSTOM_RULES, Capability.HIGHER_ORDER)
TAPES = (Capability.CUSTOM_RULES, Capability.TAPE, Capability.HIGHER_ORDER)
COMPLEX = (Capability.CUSTOM_RULES, Capability.COMPLEX)

CHAPTER = Chapter(
    "RULE",
    "functions with a derivative of their own",
    (
        Clause("RULE-01", MUST, "The gradient of a custom function is what its rule says, in the functional form.", RULES),
        Clause("RULE-02", MUST, "The gradient of a custom function is what its rule says, in the tape's form.", TAPE),
        Clause("RULE-03", MUST, "The value of a custom function is that of the function.", RULES),
        Clause("RULE-04", MUST, "In forward mode the rule is used too, transposed, or UnsupportedError is raised; never is it passed over.", HIGHER),
        Clause("RULE-05", MUST, "The second derivative of a custom function is the derivative of its rule, whatever the residuals are.", HIGHER),
        Clause("RULE-06", MUST, "The second derivative of a custom function is the derivative of its rule, on nested tapes.", TAPES),
        Clause("RULE-07", MUST, "A second derivative uses the rule for the value too, where a first one was taken inside.", HIGHER),
        Clause("RULE-08", MUST, "A custom function may call custom functions, and fwd the function itself.", RULES),
        Clause("RULE-09", MUST, "Arguments, results, residuals and cotangents of a rule may be trees.", RULES),
        Clause("RULE-10", MUST, "None in the place of a cotangent, or of any part of it, means zero.", RULES),
        Clause("RULE-11", MUST, "Arguments that are not floating arrays are passed on as they are, and what bwd returns for them is ignored.", RULES),
        Clause("RULE-12", MUST, "A result on which nothing depends has a cotangent of zeros, and an integer result has None.", RULES),
        Clause("RULE-13", MUST, "A bwd that returns no tuple, or one of another length than the positional arguments, raises CustomRuleError.", RULES),
        Clause("RULE-14", MUST, "A cotangent of another shape than its argument's, broadcastable ones included, raises CustomRuleError, which names the argument by its path.", RULES),
        Clause("RULE-15", MUST, "A cotangent of another structure than its argument's raises CustomRuleError.", RULES),
        Clause("RULE-16", MUST, "A cotangent of another floating dtype than its argument's is cast; one that is integer raises CustomRuleError.", RULES),
        Clause("RULE-17", MUST, "A custom function without a rule raises CustomRuleError when it is called.", RULES),
        Clause("RULE-18", MUST, "A fwd that does not return a pair raises CustomRuleError.", RULES),
        Clause("RULE-19", MUST, "A custom function whose value depends on a variable, or on a recorded array, that is no positional argument raises CustomRuleError while a tape records.", TAPE),
        Clause("RULE-20", MUST, "A custom function whose value depends on an argument of the derivative that is no argument of its own raises CustomRuleError.", RULES),
        Clause("RULE-21", MUST, "vmap() of a custom function, and of its gradient, uses the rule.", RULES),
        Clause("RULE-22", MUST, "bwd may use stop_gradient(), which is constant for the second derivative.", HIGHER),
        Clause("RULE-23", MUST, "A custom function with the right rule equals the plain function in every derivative.", HIGHER),
        Clause("RULE-24", MUST, "Writing into a gradient, where that is possible, changes no residual: a second gradient is the same.", TAPE),
        Clause("RULE-25", MUST, "For complex numbers the cotangents of a rule are ∂L/∂x + i∂L/∂y, as outside.", COMPLEX),
        Clause("RULE-26", MUST, "An exception in fwd or bwd leaves no trace: the next gradient is right.", RULES),
        Clause("RULE-27", MUST, "custom_vjp() of the module works on the backend that is current when it is called.", RULES),
        Clause("RULE-28", MUST, "A prepared gradient of a custom function is what its rule says, also for other values than the examples.", RULES),
        Clause("RULE-29", MUST, "A custom function, and its fwd and bwd, may take derivatives of other functions, by operators and by tapes.", HIGHER),
        Clause("RULE-34", MUST, "A custom function may take integer arrays before floating ones: bwd gives None for them, and each share reaches its own argument.", RULES),
    ),
)
