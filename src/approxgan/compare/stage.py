"""Every cell compared with the baseline mode of its group, number by number and seed by seed.

A row judges one cell; the claims are judged over data sets, at one ε, by ``claims``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from approxgan.analysis import statistics
from approxgan.analysis.frames import CELL, GROUP, final, table
from approxgan.compare.aggregates import aggregate
from approxgan.compare.verdict import WORSE, Pairs, Rules, measure, verdict
from approxgan.config import registry
from approxgan.storage import files
from approxgan.storage.tables import COMPARISONS, table_in

NEEDS = ("outcomes", "quality", "quality_null")
KEYS = [*GROUP, *CELL]
NUMBER = [*GROUP, "metric"]
INTEGERS = ("seeds", "finite", "runs")
TEXTS = (*GROUP, "mode", "rule", "settings", "metric", "better", "family", "verdict", "reason")


def compare(tables: Mapping[str, pd.DataFrame], rules: Rules) -> pd.DataFrame:
    """The table ``comparisons``. ``rules`` is the config's block ``claims``.

    What cannot be compared for lack of data has a row all the same: undecided, with the reason.
    """
    paired, baselines = _paired(tables, rules)
    ways = dict(paired[["metric", "better"]].drop_duplicates().itertuples(index=False, name=None))
    own = [key for key in COMPARISONS if key not in (*_rate_columns(), "p_holm")]
    made = pd.DataFrame(list(_rows(paired, baselines, ways, rules)), columns=own)
    made = made.astype({"epsilon": float}).merge(_rates(tables, rules), "left", on=KEYS)
    made = made.assign(p_holm=_adjusted(made), runs=made["runs"].fillna(0))
    plain = [key for key in COMPARISONS if key not in (*TEXTS, *INTEGERS, "beyond_floor")]
    types = {**dict.fromkeys(plain, float), **dict.fromkeys(INTEGERS, int)}
    return made[list(COMPARISONS)].astype({**types, "beyond_floor": "boolean"})


def write(tables_dir: Path, rules: Rules, out: Path) -> None:
    """The tables comparisons and aggregates from those in a folder, into the folder ``out``."""
    for name in ("baseline", "chaos_control"):
        registry.check("modes", rules[name])
    tables = {name: table_in(tables_dir, name) for name in NEEDS}
    made = compare(tables, rules)
    files.write_table(out / "comparisons", made)
    files.write_table(out / "aggregates", aggregate(tables, rules))


def _paired(
    tables: Mapping[str, pd.DataFrame], rules: Rules
) -> tuple[pd.DataFrame, dict[Any, pd.Series]]:
    """Every run's last numbers beside the baseline's, and the baseline's own by seed."""
    last = final(table(tables, "quality"))
    budget = pd.to_numeric(last["budget"])
    least = budget.groupby([last[key] for key in GROUP]).transform("min")
    last = last.assign(budgets=(budget / least).fillna(1.0))
    is_baseline = (last["mode"] == _baselines(last, rules)) & (last["varied"] == "")
    # Of a baseline with several settings or steps, the first.
    pairs = zip(last["settings"], last["epsilon"], strict=True)
    named = pd.Series([f"{settings} {step}" for settings, step in pairs], last.index, dtype="str")
    first = named[is_baseline].groupby([last[key] for key in GROUP]).transform("min")
    last = last[~is_baseline | (named == first.reindex(last.index))]
    is_baseline = is_baseline[last.index]
    baselines = {
        group: rows.set_index("seed")["value"] for group, rows in last[is_baseline].groupby(NUMBER)
    }
    return statistics.pair(last, is_baseline, on=[*NUMBER, "seed"]), baselines


def _own(rules: Rules, study: str) -> str:
    """The mode that the cells of a study are compared with."""
    return rules.get("baselines", {}).get(study, rules["baseline"])


def _baselines(runs: pd.DataFrame, rules: Rules) -> pd.Series:
    return runs["study"].map(lambda study: _own(rules, study)).astype(object)


def _rows(
    paired: pd.DataFrame, baselines: Mapping[Any, pd.Series], ways: Mapping[str, str], rules: Rules
) -> Iterator[dict[str, Any]]:
    nothing = pd.Series(dtype=float)

    def pairs(rows: pd.DataFrame, group: tuple[Any, ...]) -> Pairs:
        return _pairs(rows, baselines.get(group, nothing), ways[group[-1]], rules)

    chance: dict[Any, list[np.ndarray]] = {}
    control = paired[paired["mode"] == rules["chaos_control"]]
    for key, rows in control.groupby([*NUMBER, *CELL], dropna=False):
        group = key[: len(NUMBER)]
        chance.setdefault(group, []).append(pairs(rows, group).sample)
    for key, rows in paired.groupby([*KEYS, "metric"], dropna=False):
        group = (*key[: len(GROUP)], key[-1])
        made = replace(pairs(rows, group), chance=chance.get(group, []))
        yield {
            **dict(zip((*KEYS, "metric"), key, strict=True)),
            "family": "primary" if key[-1] == rules["metric"] else "exploratory",
            **_plain(rows),
            **_judged(made, {**rules, "baseline": _own(rules, key[0])}),
        }


def _pairs(rows: pd.DataFrame, baseline: pd.Series, better: str, rules: Rules) -> Pairs:
    """One number of one cell beside the baseline's, the baseline's other seeds after the pairs."""
    metric, budgets = str(rows["metric"].iloc[0]), float(rows["budgets"].iloc[0])
    rows = rows[rows["paired"]]
    values, reference = (rows[name].to_numpy(float) for name in ("value", "baseline"))
    others = baseline[~baseline.index.isin(rows["seed"])].to_numpy(float)
    both = [values, reference, reference, np.ones(len(rows))]
    alone = [np.full(len(others), np.nan)] * 2 + [others, np.zeros(len(others))]
    beside = np.concatenate([np.stack(both, 1), np.stack(alone, 1)])
    sample = statistics.in_spreads(beside, cap=float(rules["cap_sds"]), worse=WORSE[better])
    return Pairs(metric, better, len(rows), beside, sample[~np.isnan(sample)], budgets=budgets)


def _judged(pairs: Pairs, rules: Rules) -> dict[str, Any]:
    found = measure(pairs, rules)
    judged, reason = verdict(pairs, found, rules)
    return {
        "better": pairs.better,
        "seeds": pairs.seeds,
        **dict(zip(("difference_sds", "low", "high"), found.effect, strict=True)),
        "p": found.p,
        "p_equivalence": found.p_equivalence,
        "floor": found.floor,
        "beyond_floor": found.beyond_floor,
        "verdict": judged,
        "reason": reason,
    }


def _plain(rows: pd.DataFrame) -> dict[str, float]:
    """The means in the number's own unit."""
    # Arrays, not frames: there are thousands of rows of a few seeds each.
    both = [rows[name].to_numpy(float) for name in ("value", "baseline", "difference")]
    known = ~np.isnan(both[2])
    means = [float(part[known].mean()) if known.any() else np.nan for part in both]
    return {
        "finite": int(known.sum()),
        **dict(zip(("mean", "baseline_mean", "difference"), means, strict=True)),
    }


def _adjusted(rows: pd.DataFrame) -> pd.Series:
    """Holm's p over the primary rows of each study."""
    primary = rows[rows["family"] == "primary"]
    adjusted = [
        pd.Series(statistics.holm(own.to_numpy(float)), own.index)
        for _, own in primary.groupby("study")["p"]
    ]
    empty = pd.Series(np.nan, rows.index)
    return pd.concat(adjusted).reindex(rows.index) if adjusted else empty


def _rates(tables: Mapping[str, pd.DataFrame], rules: Rules) -> pd.DataFrame:
    """Runs of every cell, and shares of the cell's and of the baseline's that diverged."""
    runs, level = table(tables, "outcomes"), 1 - rules["alpha"]
    exact = runs[(runs["mode"] == _baselines(runs, rules)) & (runs["varied"] == "")]
    theirs = {group: _share(rows, level) for group, rows in exact.groupby(list(GROUP))}
    unknown = (np.nan,) * 3
    rows = [
        (*key, len(own), *_share(own, level), *theirs.get(key[: len(GROUP)], unknown))
        for key, own in runs.groupby(KEYS, dropna=False)
    ]
    return pd.DataFrame(rows, columns=[*KEYS, *_rate_columns()]).astype({"epsilon": float})


def _share(runs: pd.DataFrame, level: float) -> statistics.Interval:
    return statistics.wilson(int(runs["diverged"].astype(bool).sum()), len(runs), level)


def _rate_columns() -> list[str]:
    return ["runs", *(key for key in COMPARISONS if "diverged" in key)]
