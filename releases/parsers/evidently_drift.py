"""When Evidently calls a column drifted: it depends on the method, and the report does not say it.

p-values drift when they are small, distances when they are large; some include the threshold itself. The
table is read from Evidently 0.7.23; keys are the display names and the short names a user may pass.
"""

import operator
from collections.abc import Callable, Mapping
from typing import Final

_Compare = Callable[[float, float], bool]

_DRIFTS_WHEN: Final[tuple[tuple[_Compare, tuple[str, ...]], ...]] = (
    (operator.le, ("K-S p_value", "ks", "Cramer-von Mises", "cramer_von_mises")),
    (
        operator.lt,
        (
            "chi-square p_value", "chisquare", "Z-test p_value", "z", "t_test",
            "Mann-Whitney U-rank test", "mannw", "Anderson-Darling", "anderson",
            "Epps-Singleton", "es", "Fisher's Exact test", "fisher_exact", "g_test",
            "empirical_mmd", "Total-Variation-Distance", "TVD",
        ),
    ),
    (
        operator.ge,
        (
            "PSI", "psi", "Wasserstein distance (normed)", "wasserstein",
            "Jensen-Shannon distance", "jensenshannon", "Hellinger distance", "hellinger",
            "Kullback-Leibler divergence", "kl_div",
        ),
    ),
    (
        operator.gt,
        ("Energy-distance", "ed", "Absolute text content drift", "abs_text_content_drift"),
    ),
)  # fmt: skip
_BY_METHOD: Final[Mapping[str, _Compare]] = {
    method: compare for compare, methods in _DRIFTS_WHEN for method in methods
}


def has_drifted(method: str, value: float | None, threshold: float | None) -> bool | None:
    """Return whether that is drift; None where value and threshold do not decide it."""
    compare = _BY_METHOD.get(method)
    if compare is None or value is None or threshold is None:
        return None
    return compare(value, threshold)
