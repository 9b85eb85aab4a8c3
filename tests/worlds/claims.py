"""Doctored tables in which what the claims ask is known."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from approxgan.claims import stage as claims
from approxgan.claims.measures import MEASURES
from worlds import synthetic

MODE, CONTROL = "forward_difference", "noisy_exact"
EPSILONS = (1e-6, 1e-4, 1e-2)
CHOSEN = 1e-4
SEEDS = range(12)
STEPS = (0, 250, 500, 750, 1000)
RULES: dict[str, Any] = {
    "metric": "energy_distance", "baseline": "exact", "modes": [MODE], "losses": ["nonsaturating"],
    "own_experiment": [], "chaos_control": "perturbed_start", "probe_dtype": "float32",
    "alpha": 0.05, "resamples": 499, "seed": 1, "least_seeds": 5, "equivalence_sds": 0.5,
    "cap_sds": 10.0, "never_runs": 2.0, "speed_margin": 0.1, "rate_margin": 0.1,
    "spread_margin": 0.2, "cost_margin": 0.1,
    "no_gradient": {"distances": {"counted": "parameter_error"}, "references": ["expected"],
                    "trains_within": 2.0, "best_within": 1.25, "calls": [1000.0, 4000.0],
                    "law_below": 0.1},
}  # fmt: skip
SD = 0.02
RNG = np.random.default_rng(0)
LUCK = RNG.normal(size=(2, len(SEEDS)))
LUCK = (LUCK - LUCK.mean(1, keepdims=True)) / LUCK.std(1, ddof=1, keepdims=True)
"""[datasets, seeds]: exact's scores around their mean; the modes share it, seed by seed."""


@cache
def _fresh() -> dict[str, pd.DataFrame]:
    """Tables in which every mode trains exactly as exact does."""
    rows: dict[str, list[dict[str, Any]]] = {"outcomes": [], "quality": [], "cost": []}
    for d, dataset in enumerate(("ring", "moons")):
        base = {"study": "s", "dataset": dataset, "model": "m", "loss": "nonsaturating"}
        for mode, epsilon in [("exact", np.nan), *((MODE, e) for e in EPSILONS)]:
            cell = {**base, "mode": mode, "epsilon": epsilon, "settings": "", "dtype": "float32",
                    "rule": "" if mode == "exact" else "fixed", "learning_rate": 1e-3}  # fmt: skip
            for first in (0, 6):
                rows["cost"].append({**cell, "first_seed": first, "last_seed": first + 5,
                                     "trained_steps": 6000, "cpu_seconds": 60.0})  # fmt: skip
            for seed in SEEDS:
                run = {**cell, "seed": seed}
                rows["outcomes"].append({
                    **run, "steps": 1000.0, "diverged": False, "vanished": False,
                    "forwards": 2000, "backwards": 2000,
                    "generator_loss_variance": np.exp(LUCK[d, seed]),
                    "discriminator_loss_variance": np.exp(-LUCK[d, seed]),
                })  # fmt: skip
                for step in STEPS:
                    value = 1.0 - 0.9 * step / 1000 + SD * LUCK[d, seed]
                    rows["quality"].append({**run, "step": step, "value": value,
                                            "metric": "energy_distance", "better": "lower",
                                            "is_primary": True})  # fmt: skip
    errors = [{"dataset": d, "model": "m", "loss": "nonsaturating", "mode": MODE,
               "epsilon": e, "settings": "", "dtype": t, "cosine": c,
               "chooses_epsilon": t == "float32"}
              for d in ("ring", "moons") for e in EPSILONS
              for t, c in (("float32", 0.9 if e == CHOSEN else 0.1),
                           ("float64", 0.9 if e == 1e-6 else 0.1))]  # fmt: skip
    return {
        name: synthetic.frame(name, part)
        for name, part in (rows | {"gradient_error": errors}).items()
    }


class World:
    """Those tables, until told otherwise."""

    def __init__(self) -> None:
        self.tables = {name: frame.copy() for name, frame in _fresh().items()}

    def where(self, table: str, mode: str = MODE, epsilon: float | None = None) -> pd.Series:
        frame = self.tables[table]
        chosen = frame["mode"] == mode
        return chosen if epsilon is None else chosen & (frame["epsilon"] == epsilon)

    def add(self, amount: float, epsilon: float | None = None, mode: str = MODE) -> World:
        """Worsen the quality at every step after the start."""
        rows = self.where("quality", mode, epsilon) & (self.tables["quality"]["step"] > 0)
        self.tables["quality"].loc[rows, "value"] += amount
        return self

    def fail(self, how: str, mode: str = MODE, epsilon: float | None = None) -> World:
        """Let ten of the twelve seeds fail."""
        for name in ("outcomes", "quality"):
            frame = self.tables[name]
            rows = self.where(name, mode, epsilon) & (frame["seed"] < 10)
            if name == "outcomes":
                frame.loc[rows, how] = True
            elif how == "diverged":
                frame.loc[rows & (frame["step"] > 0), "value"] = np.nan
        return self

    def mend(self) -> World:
        """Let no run of the mode have failed."""
        fresh = _fresh()
        for name in ("outcomes", "quality"):
            frame, whole = self.tables[name], fresh[name]
            mine = self.where(name)
            repaired = whole[whole["mode"] == MODE]
            self.tables[name] = pd.concat([frame[~mine], repaired], ignore_index=True)
        return self

    def multiply(self, table: str, column: str, factor: float, mode: str = MODE) -> World:
        rows = self.where(table, mode)
        self.tables[table][column] = self.tables[table][column].mask(
            rows, self.tables[table][column] * factor
        )
        return self

    def widen(self, factor: float, mode: str = MODE) -> World:
        """Multiply the seeds' deviations from their course."""
        frame = self.tables["quality"]
        rows = self.where("quality", mode)
        course = 1.0 - 0.9 * frame["step"] / 1000
        frame.loc[rows, "value"] = course + factor * (frame["value"] - course)
        return self

    def speed(self, factor: float) -> World:
        """The mode's course over the first part of the run, ``factor`` times as fast."""
        frame = self.tables["quality"]
        rows = self.where("quality")
        gain = 0.9 * (np.minimum(frame["step"] * factor, 1000) - frame["step"]) / 1000
        frame.loc[rows, "value"] -= gain
        return self

    def control(self, epsilons: Sequence[float] = EPSILONS, own: str = "") -> World:
        """A control that trains as the mode does now."""
        for name in ("outcomes", "quality", "cost"):
            frame = self.tables[name]
            twins = frame[self.where(name) & frame["epsilon"].isin(epsilons)]
            twins = twins.assign(
                mode=CONTROL,
                settings=f"like_{MODE}_{own}" if own else f"like_{MODE}",
                own_settings=json.dumps({"which": own} if own else {}),
                matched_mode=MODE,
                matched_settings="",
            )
            self.tables[name] = pd.concat([frame, twins], ignore_index=True)
        return self

    def study(self, name: str, *, shift: float = 0.0, only: Sequence[str] = ()) -> World:
        """A copy of the study under a name, all its scores moved: other runs if by anything."""
        for table in ("outcomes", "quality", "cost"):
            frame = self.tables[table]
            again = frame[frame["study"] == "s"].assign(study=name)
            again = again[again["mode"].isin(only)] if only else again
            if table == "quality":
                again = again.assign(value=again["value"] + shift)
            self.tables[table] = pd.concat([frame, again], ignore_index=True)
        return self

    def cell(self, source: tuple[str, float | None], add: float = 0.0, **columns: Any) -> World:
        """A further cell: a copy of a plain one with other columns, its scores worse by so much."""
        for table in ("outcomes", "quality", "cost"):
            frame = self.tables[table]
            source_rows = self.where(table, *source) & (frame["settings"] == "")
            again = frame[source_rows].assign(**columns)
            if table == "quality":
                again["value"] += np.where(again["step"] > 0, add, 0.0)
            self.tables[table] = pd.concat([frame, again], ignore_index=True)
        return self

    def equal_cost(self, budgets: float = 1.0, pace: float = 1.0) -> World:
        """Runs under a budget, the mode's by so many times larger; its course is so fast a step."""
        self.multiply("outcomes", "steps", budgets)
        for table in ("outcomes", "quality", "cost"):
            frame = self.tables[table]
            frame["budget"] = np.where(self.where(table), 6000.0 * budgets, 6000.0)
        quality = self.tables["quality"]
        course = 0.9 * quality["step"] / 1000
        mine = self.where("quality")
        quality.loc[mine, "value"] += (course - course * budgets * pace)[mine]
        quality["step"] = quality["step"].astype(float).mask(mine, quality["step"] * budgets)
        for name in ("forwards", "backwards"):
            self.multiply("outcomes", name, budgets)
        return self

    def judge(
        self,
        measure: str,
        against: str | None = None,
        rules: dict[str, Any] = RULES,
        **where: str,
    ) -> pd.Series:
        """The one row of a measure, over exact or over a control."""
        names = {one.claim for one in MEASURES if one.name == measure} or {"C6"}
        made = claims.judge(self.tables, rules, names)
        found = made[(made["measure"] == measure) & (made["is_control"] == (against is not None))]
        wanted = where | ({"against": against} if against else {})
        for column, value in wanted.items():
            found = found[found[column] == value]
        assert len(found) == 1, found
        return found.iloc[0]
