"""Made-up result tables with the shape, and roughly the course, of real ones.

Nothing is trained: gradient errors follow the textbook laws and quality follows the errors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from approxgan import tables

COORDINATE = ("forward_difference", "central_difference")
RANDOM = ("uniform_shift", "random_direction", "spsa")
PLAIN = ("exact", "subgradient", "perturbed_start", "forward_gradient")
TRUE = PLAIN[:3]
"""Modes whose gradient is the exact one."""
CONTROLS = ("noisy_exact", "masked_exact")
EVOLVED = ("exact", "forward_difference", "uniform_shift", "random_direction")
RULES = ("dtype", "adaptive")
COLUMNS = {name: list(columns) for name, columns in tables.COLUMNS.items()}
TEXTS = ("mode", "rule", "settings")
ROUNDOFF = {"float32": 2.0**-24, "float64": 2.0**-53}
DIMENSION = {"generator": 29_698, "discriminator": 17_025}


@dataclass(frozen=True)
class Study:
    """One study's part of the grid."""

    name: str
    datasets: tuple[str, ...]
    model: str
    losses: tuple[str, ...]
    modes: tuple[str, ...]
    rules: tuple[str, ...] = ()
    """Rules that choose ε for the coordinate-wise modes, besides the fixed ones."""


@dataclass(frozen=True)
class Kinks:
    """A study of subgradients: one precision."""

    name: str
    zeros: float
    """Share of pre-activations that are exactly 0."""


@dataclass(frozen=True)
class Size:
    """How much of everything."""

    studies: tuple[Study, ...]
    epsilons: tuple[float, ...]
    seeds: int
    snapshots: int
    points: int
    """Samples per snapshot, and points per dataset."""
    steps: int = 1000
    traced: int = 25
    kinks: tuple[Kinks, ...] = ()
    metrics: tuple[str, ...] = (
        "energy_distance",
        "sliced_w2",
        "mmd2",
        "coverage",
        "precision",
        "recall",
        "modes_captured",
        "frechet",
    )


FULL = Size(
    studies=(
        Study("main", ("ring", "moons", "article"), "compact", ("nonsaturating",),
              (*PLAIN, *COORDINATE, *RANDOM, *CONTROLS, "exact+forward_difference",
               "forward_difference+exact"), RULES),
        Study("article", ("article",), "article", ("nonsaturating",),
              ("exact", "forward_difference", "uniform_shift"), RULES),
        Study("pictures", ("digits",), "compact", ("nonsaturating",),
              ("exact", "forward_difference", "uniform_shift")),
        Study("losses", ("ring",), "compact",
              ("nonsaturating", "minimax", "article_formula", "article_code"), ("exact",)),
    ),
    epsilons=tuple(10.0**k for k in range(-7, 0)),
    seeds=10,
    snapshots=6,
    points=500,
    kinks=(Kinks("kinks_bfloat16", 4e-3), Kinks("kinks_float32", 3e-5),
           Kinks("kinks_float64", 0.0)),
)  # fmt: skip
SMALL = Size(
    studies=(
        Study("main", ("ring", "moons"), "compact", ("nonsaturating",),
              ("exact", "forward_gradient", "forward_difference", "uniform_shift")),
        Study("losses", ("ring",), "compact", ("nonsaturating", "article_code"), ("exact",)),
    ),
    epsilons=(1e-6, 1e-4, 1e-2),
    seeds=4,
    snapshots=3,
    points=40,
    traced=6,
    metrics=("energy_distance", "mmd2", "modes_captured"),
)  # fmt: skip


WIDE = replace(
    SMALL,
    studies=(
        replace(SMALL.studies[0], rules=RULES,
                modes=(*SMALL.studies[0].modes, "noisy_exact", "masked_exact", "perturbed_start",
                       "exact+forward_difference")),
        Study("pictures", ("digits",), "compact", ("nonsaturating",), ("exact", "uniform_shift")),
        SMALL.studies[1],
    ),
    kinks=(Kinks("kinks_float32", 3e-5), Kinks("kinks_float64", 0.0)),
)  # fmt: skip
"""Small, but with something of everything that a figure draws."""


@dataclass(frozen=True)
class Run:
    """How one run goes."""

    diverged: float
    """The step at which it diverges; infinite if it does not."""
    likeness: float
    """Cosine of its gradients."""
    forwards: int
    backwards: int


def make(size: Size = SMALL, seed: int = 0) -> dict[str, pd.DataFrame]:
    """Every table of ``COLUMNS`` except the claims."""
    rng = np.random.default_rng(seed)
    parts: dict[str, list[dict[str, Any]]] = {name: [] for name in COLUMNS}
    for study in size.studies:
        for dataset in study.datasets:
            for loss in study.losses:
                for mode in study.modes:
                    for step in _steps(study, mode, size):
                        _add_runs(parts, _cell(study, dataset, loss, mode, step), size, rng)
    for kinks in size.kinks:
        _add_kinks(parts, kinks, size, rng)
    _add_dirac(parts, rng)
    made = {name: frame(name, rows) for name, rows in parts.items()}
    made["samples"] = _samples(made["outcomes"], size, rng)
    made["images"] = _images(made["outcomes"], size, rng)
    made["data"] = _data(size, rng)
    made["gradient_error"], made["probe_points"] = _probe(size, rng)
    made["quality_null"] = _null(made["quality"], size, rng)
    made["evolution"] = _evolution(made["outcomes"], size, rng)
    return made


def frame(name: str, rows: Sequence[Any]) -> pd.DataFrame:
    """Rows as a table with all its columns, in order; numbers that a row lacks are missing."""
    further = dict.fromkeys(key for row in rows for key in row if key not in COLUMNS[name])
    made = pd.DataFrame(rows, columns=[*COLUMNS[name], *further])
    texts = [key for key in made if key in TEXTS or key.endswith(("_mode", "_settings"))]
    return made.assign(**{key: made[key].astype(object).fillna("").astype(str) for key in texts})


def empty() -> dict[str, pd.DataFrame]:
    """Every table without a row."""
    return {name: frame(name, []) for name in COLUMNS}


class Step(NamedTuple):
    """ε, how it came about, and the settings that stand with it."""

    epsilon: float
    rule: str
    settings: str


def _steps(study: Study, mode: str, size: Size) -> list[Step]:
    own = {"forward_gradient": "directions16", "subgradient": "alpha0.6"}.get(mode, "")
    if mode in PLAIN:
        return [Step(np.nan, "", own)]
    if mode in CONTROLS:
        own = "like_forward_difference"
    if mode in RANDOM[1:]:
        own = "directions16"
    fixed = [Step(epsilon, "fixed", own) for epsilon in size.epsilons]
    rules = study.rules if mode in COORDINATE else ()
    return fixed + [Step(np.nan, rule, rule) for rule in rules]


def _cell(study: Study, dataset: str, loss: str, mode: str, step: Step) -> dict[str, Any]:
    generator, _, discriminator = mode.partition("+")
    return {"study": study.name, "dataset": dataset, "model": study.model, "loss": loss,
            "mode": mode, **step._asdict(), "generator_mode": generator,
            "discriminator_mode": discriminator or generator}  # fmt: skip


def chosen(mode: str, dtype: str) -> float:
    """ε where the rule dtype chooses it."""
    return (2 * ROUNDOFF[dtype]) ** (1 / 3 if mode == "central_difference" else 1 / 2)


def cosine(mode: str, epsilon: float, dtype: str, player: str) -> float:
    """Signal over signal and error, by the laws the figures draw."""
    if mode in TRUE:
        return 1.0 if dtype == "float64" else 1 - 1e-7
    return float(1 / np.hypot(1, _relative_error(mode, epsilon, dtype, player)))


def _relative_error(mode: str, epsilon: float, dtype: str, player: str) -> float:
    p, u = DIMENSION[player], ROUNDOFF[dtype]
    if mode in TRUE:
        return u * 3
    if mode == "forward_gradient":
        return float(np.sqrt(p + 1))
    epsilon = chosen(mode, dtype) if np.isnan(epsilon) else epsilon
    rounding = np.sqrt(2 * p) * u * 1.4 / epsilon / 0.3
    truncation = {"central_difference": 40 * epsilon**2}.get(mode, 20 * epsilon)
    floor = {"uniform_shift": 90.0, "random_direction": 43.0, "spsa": 42.9}.get(mode, 0.0)
    return float(np.sqrt(rounding**2 + truncation**2 + floor**2))


def _add_runs(parts: dict[str, list], cell: dict[str, Any], size: Size, rng: Any) -> None:
    coarse = PLAIN[0] if cell["loss"] == "article_code" else cell["mode"]
    likeness = cosine(coarse, cell["epsilon"], "float32", "generator")
    costs = {"exact": (2, 2), "subgradient": (2, 2), "forward_gradient": (64, 0)}
    p = sum(DIMENSION.values()) if cell["model"] == "article" else 12_000
    forwards, backwards = costs.get(cell["mode"], (34, 0))
    if cell["mode"] in COORDINATE:
        forwards = p + 2
    for seed in range(size.seeds):
        wild = cell["epsilon"] >= 1e-1 and rng.random() < 0.6
        diverged = size.steps * rng.uniform(0.2, 0.6) if wild else np.inf
        run = Run(diverged, likeness, forwards, backwards)
        _add_trace(parts, {**cell, "seed": seed}, size, run, rng)
        _add_quality(parts, {**cell, "seed": seed}, size, run, rng)
        _add_outcome(parts, {**cell, "seed": seed}, size, run)
    half = size.seeds // 2
    for first, last in ((0, half - 1), (half, size.seeds - 1)):
        seconds = (last - first + 1) * size.steps * (1e-3 + 2e-7 * forwards)
        parts["cost"].append({**cell, "seeds": f"{first}-{last}",
                              "seconds": seconds * rng.uniform(0.95, 1.05),
                              "cpu_seconds": seconds * 1.9, "peak_memory_mb": 400.0,
                              "sweep": "compiled" if forwards > 1000 else "none"})  # fmt: skip


def _add_trace(parts, row, size, run, rng) -> None:
    sign = -1.0 if row["loss"] == "article_code" else 1.0
    for step in np.linspace(0, size.steps, size.traced, endpoint=False).astype(int):
        if step > run.diverged:
            break
        grown = step / size.steps
        blown = 1e3 if step > 0.8 * run.diverged else 1.0
        drift = -1e4 * grown if sign < 0 else 0.0
        error = _relative_error(row["mode"], row["epsilon"], "float32", "generator")
        players = {}
        for player in ("generator", "discriminator"):
            players |= {
                f"{player}_loss": blown * (1.1 + 0.3 * grown + 0.1 * rng.normal()) + drift,
                f"{player}_gradient_norm": 0.3 * np.hypot(1, error),
                f"{player}_update_norm": 1e-2,
                f"{player}_epsilon_used": row["epsilon"],
                f"{player}_exact_zeros": 0.0,
                f"{player}_relative_error": error,
                f"{player}_cosine": run.likeness,
                f"{player}_sign_agreement": 0.5 + run.likeness / 2,
                f"{player}_zero_fraction": 0.0,
                f"{player}_norm_ratio": np.hypot(1, error),
            }
        parts["training"].append({**row, "step": step, **players,
                                  "forwards": run.forwards * step,
                                  "backwards": run.backwards * step})  # fmt: skip


def _add_quality(parts, row, size, run, rng) -> None:
    for step in np.linspace(0, size.steps, size.snapshots).astype(int):
        learnt = 1 - np.exp(-4 * run.likeness * step / size.steps)
        if row["loss"] == "article_code":
            learnt = 0.0
        energy = 1.5 * (1 - learnt) + 0.01 * rng.normal()
        numbers = {"energy_distance": energy, "sliced_w2": 1 - learnt + 0.02 * rng.random(),
                   "mmd2": energy / 4, "coverage": learnt * 0.9, "precision": 0.2 + 0.7 * learnt,
                   "recall": 0.3 + 0.6 * learnt, "modes_captured": np.round(8 * learnt),
                   "frechet": 3 * (1 - learnt) + 0.1 * rng.random()}  # fmt: skip
        for metric in size.metrics:
            gone = np.nan if step >= run.diverged else numbers[metric]
            parts["quality"].append({**row, "step": step, "metric": metric, "value": gone})


def _add_outcome(parts, row, size, run) -> None:
    is_diverged = bool(np.isfinite(run.diverged))
    vanished = run.likeness < 0.01 and not is_diverged
    steps = int(run.diverged) if is_diverged else size.steps
    parts["outcomes"].append({
        **row, "steps": size.steps, "diverged": is_diverged,
        "diverged_step": float(int(run.diverged)) if is_diverged else np.nan,
        "vanished": vanished, "vanished_step": 100.0 if vanished else np.nan,
        "vanished_player": "generator" if vanished else "",
        "generator_loss_mean": 1.2, "generator_loss_variance": 0.01,
        "discriminator_loss_mean": 1.2, "discriminator_loss_variance": 0.01,
        "forwards": run.forwards * steps, "backwards": run.backwards * steps,
    })  # fmt: skip


def draws(dataset: str, n: int, rng: np.random.Generator) -> np.ndarray:
    """[n, 2] points of something that looks like the dataset."""
    if dataset == "ring":
        angle = 2 * np.pi * rng.integers(8, size=n) / 8
        centre = 2 * np.stack([np.cos(angle), np.sin(angle)], 1)
        return centre + 0.1 * rng.normal(size=(n, 2))
    if dataset == "moons":
        angle, side = np.pi * rng.random(n), rng.integers(2, size=n)
        moon = np.stack([np.cos(angle) + side, np.sin(angle) * (1 - 2 * side) + side / 2], 1)
        return moon + 0.1 * rng.normal(size=(n, 2))
    return rng.normal(size=(n, 2))


def _samples(outcomes: pd.DataFrame, size: Size, rng: np.random.Generator) -> pd.DataFrame:
    parts = []
    for row in outcomes[outcomes["seed"] < 2].to_dict("records"):
        for step in (0, size.steps):
            if step and row["diverged"]:
                continue
            parts.append(_cloud(row, step, float(step > 0), size.points, rng))
    return pd.concat(parts, ignore_index=True)


def _cloud(row, step: int, learnt: float, n: int, rng: np.random.Generator) -> pd.DataFrame:
    """n samples of a run that has learnt this share of what its gradients allow."""
    likeness = cosine(row["mode"], row["epsilon"], "float32", "generator")
    noise = 1.2 * (1 - learnt * likeness)
    points = draws(row["dataset"], n, rng)
    points = points * (1 - noise / 2) + noise * rng.normal(size=points.shape)
    key = {name: row[name] for name in tables.RUN if name in row}
    return pd.DataFrame({**key, "step": step, "index": np.arange(n),
                         "x": points[:, 0], "y": points[:, 1]})  # fmt: skip


def _evolution(outcomes: pd.DataFrame, size: Size, rng: np.random.Generator) -> pd.DataFrame:
    chosen = outcomes["mode"].isin(EVOLVED) & (outcomes["study"] == size.studies[0].name)
    parts = []
    for row in outcomes[chosen & (outcomes["seed"] == 0)].to_dict("records"):
        for step in np.linspace(0, size.steps, size.snapshots).astype(int):
            if not row["diverged"] or step < row["diverged_step"]:
                parts.append(_cloud(row, int(step), step / size.steps, size.points, rng))
    return pd.concat(parts, ignore_index=True)


def _data(size: Size, rng: np.random.Generator) -> pd.DataFrame:
    parts = []
    for dataset in sorted({d for study in size.studies for d in study.datasets}):
        for source in ("training", "true"):
            points = draws(dataset, size.points, rng)
            parts.append(pd.DataFrame({"dataset": dataset, "source": source,
                                       "index": np.arange(size.points),
                                       "x": points[:, 0], "y": points[:, 1]}))  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def _probe(size: Size, rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    errors, points = [], []
    for study in size.studies:
        if study.name == "pictures":
            continue
        for dataset, loss, dtype, player, seed, step in (
            (d, lo, t, p, s, k)
            for d in study.datasets for lo in study.losses[:1] for t in ROUNDOFF
            for p in DIMENSION for s in range(2) for k in (0, size.steps // 2)
        ):  # fmt: skip
            where = {"dataset": dataset, "model": study.model, "loss": loss, "dtype": dtype,
                     "player": player, "seed": seed, "step": step}  # fmt: skip
            jitter = float(np.exp(0.4 * rng.normal()))
            points.append({**where, "dimension": DIMENSION[player], "value": 1.4,
                           "gradient_norm": 0.3 * jitter, "curvature_norm": 12.0,
                           "exact_zeros": 0.0,
                           "roundoff": ROUNDOFF[dtype]})  # fmt: skip
            for mode in study.modes:
                if mode not in CONTROLS and "+" not in mode:
                    for kind in _steps(study, mode, size):
                        errors.append(_error_row(where, mode, kind, jitter))
    keys = ["dataset", "model", "loss", "dtype", "player", "seed", "step"]
    kind = ["mode", "epsilon", "settings"]
    return (frame("gradient_error", errors).drop_duplicates([*keys, *kind]),
            frame("probe_points", points).drop_duplicates(keys))  # fmt: skip


def _error_row(where: dict[str, Any], mode: str, kind: Step, jitter: float) -> dict[str, Any]:
    dtype, player = where["dtype"], where["player"]
    used = kind.epsilon
    if kind.rule in RULES:
        used = chosen(mode, dtype) * {"dtype": 1.0, "adaptive": 4.0 * jitter}[kind.rule]
    error = _relative_error(mode, used, dtype, player) / jitter
    likeness = 1 / np.hypot(1, error)
    lost = 0.0 if mode not in COORDINATE else np.exp(-used / (40 * ROUNDOFF[dtype]))
    dead = lost > 1 - 1e-6
    theory = {"forward_gradient": np.sqrt(DIMENSION[player] + 1),
              "random_direction": np.sqrt((DIMENSION[player] + 1) / 16),
              "spsa": np.sqrt((DIMENSION[player] - 1) / 16)}.get(mode, np.nan)  # fmt: skip
    spread = 5.0 if kind.rule == "adaptive" else 1.0
    p = DIMENSION[player]
    costs = {"exact": (1, 1), "subgradient": (1, 1), "perturbed_start": (1, 1),
             "forward_difference": (p + 1, 0), "central_difference": (2 * p, 0),
             "uniform_shift": (2, 0), "random_direction": (17, 0)}  # fmt: skip
    forwards, backwards = costs.get(mode, (32, 0))
    return {**where, "mode": mode, **kind._asdict(),
            "chosen_epsilon": used, "chosen_low": used / spread, "chosen_high": used * spread,
            "kink_crossing": np.nan if np.isnan(used) else min(0.5, 3 * used),
            "relative_error": 1.0 if dead else error,
            "cosine": np.nan if dead else likeness,
            "sign_agreement": np.nan if dead else 0.5 + likeness / 2,
            "zero_fraction": lost, "norm_ratio": np.hypot(1, error),
            "bias_squared": 0.0, "variance": error**2 if mode in RANDOM else 0.0,
            "draws": 16 if mode in RANDOM else 1, "theory": theory,
            "forwards": forwards, "backwards": backwards}  # fmt: skip


def _null(quality: pd.DataFrame, size: Size, rng: np.random.Generator) -> pd.DataFrame:
    rows = []
    for dataset in quality["dataset"].unique():
        for metric in quality["metric"].unique():
            best = {"coverage": 0.95, "precision": 0.95, "recall": 0.95}.get(metric, 0.0)
            if metric == "modes_captured":
                best = 8.0
            for repeat in range(20):
                value = best + 0.004 * rng.normal()
                rows.append({"dataset": dataset, "metric": metric, "repeat": repeat,
                             "value": value})  # fmt: skip
    return frame("quality_null", rows)


def comparisons(quality: pd.DataFrame) -> pd.DataFrame:
    """Differences to exact as they are told apart by eye: no resampling, and no chaos floor."""
    final = quality[quality["step"] == quality.groupby("study")["step"].transform("max")]
    group, cell = ["study", "dataset", "model", "loss", "metric"], ["mode", "epsilon", "rule"]
    exact = final[final["mode"] == "exact"].groupby(group)["value"].agg(["mean", "std"])
    rows = []
    for key, part in final[final["mode"] != "exact"].groupby(
        [*group, *cell, "settings"], dropna=False
    ):
        if key[: len(group)] not in exact.index:
            continue
        mean, spread = exact.loc[key[: len(group)]]
        capped = np.minimum((part["value"].fillna(np.inf) - mean) / (spread or 1.0), 10.0)
        effect, half = capped.mean(), 2 * capped.std() / len(capped) ** 0.5
        low, high = effect - half, effect + half
        verdict = "worse" if low > 0.5 else "better" if high < -0.5 else "undecided"
        rows.append({**dict(zip([*group, *cell, "settings"], key, strict=True)),
                     "direction": "lower", "seeds": len(part), "finite": part["value"].count(),
                     "family": "primary" if key[4] == "energy_distance" else "exploratory",
                     "difference_sds": effect, "low": low, "high": high,
                     "verdict": "same" if low > -0.5 and high < 0.5 else verdict,
                     "runs": len(part)})  # fmt: skip
    return frame("comparisons", rows)


def _add_kinks(parts: dict[str, list], kinks: Kinks, size: Size, rng: np.random.Generator) -> None:
    """Subgradients: the losses of two alphas are equal until an exact zero has met a batch."""
    base = {"study": kinks.name, "dataset": "ring", "loss": "nonsaturating", "mode": "subgradient"}
    steps = np.linspace(0, size.steps, size.traced, endpoint=False).astype(int)
    for model in ("compact", "relu"):
        zeros = kinks.zeros * (3.0 if model == "relu" else 1.0)
        for seed in range(size.seeds):
            met = rng.exponential(1e-2 * size.steps / zeros * 1e-3) if zeros else np.inf
            noise = rng.normal(size=(2, len(steps)))
            for alpha in (0.0, 0.5, 1.0):
                row = {**base, "model": model, "settings": f"alpha{alpha}", "seed": seed,
                       "epsilon": np.nan, "rule": ""}  # fmt: skip
                parts["outcomes"].append({**row, "steps": size.steps, "diverged": False,
                                          "vanished": False})  # fmt: skip
                for step, luck in zip(steps, noise.T, strict=True):
                    moved = 1e-3 * alpha * (step > met)
                    trace = {"step": step, "forwards": 2 * step, "backwards": 2 * step}
                    for player, own in zip(DIMENSION, luck, strict=True):
                        trace[f"{player}_loss"] = 1.1 + 0.1 * own + moved
                        trace[f"{player}_exact_zeros"] = zeros * (0.5 + step / size.steps)
                    parts["training"].append({**row, **trace})


def _add_dirac(parts: dict[str, list], rng: np.random.Generator) -> None:
    """Spirals and circles, left by truncation and by chance as the modes' errors would."""
    for game, growth in (("wasserstein simultaneous", 1.005), ("wasserstein alternating", 1.0),
                         ("nonsaturating simultaneous r1 1", 0.98)):  # fmt: skip
        for mode, epsilon, settings, seeds in (
            ("exact", np.nan, "", 1), ("forward_difference", 1e-3, "", 1),
            ("forward_difference", 1e-1, "", 1), ("forward_gradient", np.nan, "directions4", 3),
        ):  # fmt: skip
            for seed in range(seeds):
                walk = 1.0
                for step in range(121):
                    walk *= 1 + (0.02 * rng.normal() if seeds > 1 else 0.0)
                    radius, angle = 2**0.5 * growth**step, 0.1 * step + 0.785
                    x, y = radius * np.cos(angle), radius * np.sin(angle)
                    bend = walk * (1 + 1e-3 * step * (np.nan_to_num(epsilon) + 1e-15))
                    parts["dirac"].append({
                        "game": game, "mode": mode, "epsilon": epsilon, "settings": settings,
                        "seed": seed, "step": step, "generator": x * bend,
                        "discriminator": y * bend, "expected_generator": x,
                        "expected_discriminator": y,
                    })  # fmt: skip


def _images(outcomes: pd.DataFrame, size: Size, rng: np.random.Generator) -> pd.DataFrame:
    """25 discs a run, noisier the worse its gradients; true ones without a mode."""
    row, column = np.mgrid[:8, :8]
    parts = []
    none: dict[str, Any] = {"dataset": "digits", "mode": "", "settings": "", "epsilon": np.nan}
    runs = outcomes[(outcomes["dataset"] == "digits") & (outcomes["seed"] == 0)]
    for run in [none, *runs.to_dict("records")]:
        likeness = cosine(run["mode"], run["epsilon"], "float32", "generator") if run["mode"] else 1
        centre = rng.uniform(2.5, 4.5, size=(2, 25, 1, 1))
        far = np.hypot(row - centre[0], column - centre[1])
        value = 16 * np.exp(-far) + 6 * (1 - likeness) * rng.normal(size=far.shape)
        index, rows, columns = (part.ravel() for part in np.indices(value.shape))
        key = {name: run[name] for name in tables.RUN if name in run}
        parts.append(pd.DataFrame({**key, "step": size.steps if run["mode"] else -1,
                                   "index": index, "row": rows, "column": columns,
                                   "value": value.ravel()}))  # fmt: skip
    return frame("images", pd.concat(parts).to_dict("records"))
