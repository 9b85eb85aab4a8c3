"""Where a rule, or trying on other seeds, lands with ε, at what cost, and what it loses."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from approxgan.analysis.frames import CELL, GROUP, table
from approxgan.claims import cost
from approxgan.claims.matching import TUNED, Absent, Arm, Group, Rules
from approxgan.claims.measures import quality
from approxgan.claims.verdict import InsufficientData
from approxgan.core.protocols import PLAYERS
from approxgan.storage.tables import EPSILON_RULES


def landed(
    tables: Mapping[str, pd.DataFrame], found: Sequence[Group], rules: Rules
) -> pd.DataFrame:
    """The table ``epsilon_rules``: a row per group, mode that is judged, and rule.

    What cannot be compared with a fixed ε for lack of data has no row.
    """
    rows = list(_rows(tables, found, rules))
    made = pd.DataFrame(rows, columns=list(EPSILON_RULES))
    texts = (*GROUP, "mode", "rule")
    types = {key: float for key in EPSILON_RULES if key not in texts}
    return made.astype(types | dict.fromkeys(("runs", "runs_before"), int))


def _rows(
    tables: Mapping[str, pd.DataFrame], found: Sequence[Group], rules: Rules
) -> Iterator[dict[str, Any]]:
    training, tuning = table(tables, "training"), table(tables, "tuning")
    for group in found:
        names = sorted({arm.rule for arm in group.arms} - {"", "fixed"})
        for mode in () if group.is_budgeted else rules["modes"]:
            for rule in (*names, TUNED):
                try:
                    one = group.ruled(mode, rule)
                    made = quality([one], rules)
                except (Absent, InsufficientData):
                    continue
                traced = training.merge(one.mine.runs[[*GROUP, *CELL]].drop_duplicates())
                used = [float(traced[f"{player}_epsilon_used"].median()) for player in PLAYERS]
                prices = [cost.forward_equivalents(arm) for arm in (one.mine, one.other)]
                yield {
                    **dict(zip(GROUP, one.mine.key, strict=True)),
                    "mode": mode,
                    "rule": rule,
                    **{f"{p}_epsilon": e for p, e in zip(PLAYERS, used, strict=True)},
                    "forward_equivalents": prices[0],
                    "cost_ratio": prices[0] / prices[1],
                    "runs_before": _tried(tuning, one.mine) if rule == TUNED else 0,
                    "best_epsilon": one.other.epsilon,
                    **dict(zip(("quality", "best_quality"), made.values, strict=True)),
                    **dict(zip(("loss_sds", "low", "high"), made.effect.interval, strict=True)),
                    "runs": made.runs,
                }


def _tried(tuning: pd.DataFrame, arm: Arm) -> int:
    """Runs on other seeds that chose the ε of a cell."""
    names = [*GROUP, "mode"]
    own = tuning.merge(pd.DataFrame([dict(zip(names, [*arm.key, arm.mode], strict=True))]))
    tried = own["values"].map(lambda text: "epsilon" in json.loads(text or "{}"))
    return int(pd.to_numeric(own.loc[tried.astype(bool), "seeds"]).sum())
