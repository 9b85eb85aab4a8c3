"""Tables and figures as one HTML page that loads nothing from anywhere."""

from __future__ import annotations

import base64
import importlib.metadata
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jinja2
import numpy as np
import pandas as pd
import yaml
from scipy import stats

from approxgan import record
from approxgan.core import InputError
from approxgan.tables import COLUMNS

NEEDS = ("claims", "outcomes", "quality", "cost")
CELL = ["study", "dataset", "model", "loss", "mode", "epsilon", "settings"]
VECTOR_LIMIT = 700_000
"""Bytes above which a figure is shown by its pixels, to keep the page small."""
DUBLIN = "{http://purl.org/dc/elements/1.1/}"
PACKAGES = ("approxgan", "torch", "numpy", "scipy", "pandas", "matplotlib", "seaborn", "snakemake")
MEANING = {
    "C1": ("reaches exact's quality with less", "is not faster than exact"),
    "C2": ("is steadier than exact", "is not steadier than exact"),
    "C3": ("ends with worse samples than exact", "ends with samples as good as exact's"),
    "C4": ("does worse at the end of the ε range", "does no worse at the end of the ε range"),
    "C5": ("costs less than exact", "does not cost less than exact"),
    "C6": ("is as good as exact at some ε", "is as good as exact at no ε"),
}
"""What 'supported' and 'contradicted' mean, after the name of a mode."""
LITERAL = {
    "article_formula": (
        "the article's printed formula taken literally. It swaps the roles: the generator "
        "minimises the discriminator's classification loss, and the discriminator maximises it, "
        "so that both work against what they are for."
    ),
    "article_code": (
        "the article's listing taken literally. L_G = mean(−D(real)) does not depend on the "
        "generator: its gradient is exactly zero, and the generator never moves. "
        "L_D = mean(logits on real) has no lower bound: the discriminator can lower it for ever "
        "without telling real from generated points."
    ),
}


def stage(config: Mapping[str, Any], results: Path) -> None:
    """Write ``results``/report.html from the tables and figures beside it."""
    names = list(config["figures"]["names"])
    folders = (results / "tables", results / "figures")
    write(*folders, names, dict(config), versions(), results / "report.html")


def versions() -> dict[str, str]:
    """What is installed here, by name."""
    found = {"Python": platform.python_version(), "system": platform.platform()}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "not installed as a package"
    return found


def write(
    tables_dir: Path,
    figures_dir: Path,
    figures: Sequence[str],
    config: Mapping[str, Any],
    versions: Mapping[str, str],
    out: Path,
) -> None:
    """The page. Raises ``InputError`` naming a table or figure that is missing."""
    tables = {name: record.read_table(tables_dir / f"{name}.parquet") for name in NEEDS}
    metric = config.get("claims", {}).get("metric", "energy_distance")
    page = _environment().get_template("report_template.html.j2")
    text = page.render(
        facts=_facts(tables["outcomes"]),
        claims=_claims(tables["claims"]),
        verdicts=_records(tables["claims"]),
        literal={k: v for k, v in LITERAL.items() if (tables["outcomes"]["loss"] == k).any()},
        figures=[_figure(figures_dir, name) for name in figures],
        metric=metric.replace("_", " "),
        cells=_cells(tables, metric),
        metrics=_metrics(tables["quality"]),
        columns=COLUMNS,
        config=yaml.safe_dump(_plain(config), sort_keys=False, allow_unicode=True),
        versions=versions,
        version=versions.get("approxgan", ""),
    )
    record.write_text(out, text)


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": number, "words": lambda text: str(text).replace("_", " ")}
    return environment


def number(value: Any) -> str:
    """Three significant digits; whole numbers in full; a dash for what is missing."""
    if value is None or pd.isna(value):
        return "–"
    value = float(value)
    if np.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}".replace(",", "\u202f").replace("-", "−")
    small = 1e-3 <= abs(value) < 1e4
    if small:
        return np.format_float_positional(
            value, precision=3, unique=False, fractional=False, trim="-"
        ).replace("-", "−")
    digits, exponent = f"{value:.2e}".split("e")
    power = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    digits = digits.rstrip("0").rstrip(".").replace("-", "−")
    return f"10{power}" if digits == "1" else f"{digits}·10{power}"


def _plain(value: Any) -> Any:
    """Mappings and sequences of any kind as those that YAML writes."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _facts(outcomes: pd.DataFrame) -> list[tuple[str, str, str]]:
    """(number, what, which) for the summary."""
    epsilons = sorted(pd.to_numeric(outcomes["epsilon"]).dropna().unique())
    span = f"{number(epsilons[0])} to {number(epsilons[-1])}" if epsilons else "none"
    failed = outcomes["diverged"].astype(bool).sum()
    facts = [(number(len(outcomes)), "training runs", f"{failed} of them diverged")]
    for name, words in [
        ("dataset", "data sets"),
        ("model", "models"),
        ("loss", "losses"),
        ("mode", "gradient modes"),
    ]:
        found = sorted(outcomes[name].astype(str).unique())
        facts.append((number(len(found)), words, ", ".join(found).replace("_", " ")))
    facts.append((number(len(epsilons)), "steps ε", f"{span}, in parameter units"))
    facts.append((number(outcomes["seed"].nunique()), "seeds", "each a run of its own per cell"))
    steps = sorted(outcomes["steps"].unique())
    facts.append((" / ".join(number(n) for n in steps) or "0", "training steps a run", ""))
    return facts


def _claims(claims: pd.DataFrame) -> list[dict[str, Any]]:
    """Per claim: its statement, the verdicts' counts and a sentence per mode."""
    found = []
    for (claim, statement), rows in claims.groupby(["claim", "statement"], sort=True):
        modes = rows["measure"].str.partition(": ")[0]
        sentences = []
        for (mode, verdict), part in rows.groupby([modes, "verdict"], sort=False):
            total = int((modes == mode).sum())
            says = f"{mode} {_says(str(claim), str(verdict), len(part), total)}."
            sentences.append((says.replace("_", " "), [_numbers(row) for row in _records(part)]))
        counts = rows["verdict"].value_counts().to_dict()
        found.append(
            {"claim": claim, "statement": statement, "counts": counts, "sentences": sentences}
        )
    return found


def _says(claim: str, verdict: str, count: int, total: int) -> str:
    meanings = MEANING.get(claim, ("bears it out", "speaks against it"))
    words: dict[str, str] = {"supported": meanings[0], "contradicted": meanings[1]}
    ways = f"by {count} of {total} measures" if total > 1 else ""
    return f"{words.get(verdict, 'is left undecided by these runs')} {ways}".strip()


def _numbers(row: Mapping[str, Any]) -> str:
    """One measure of a mode and its effect, in a line."""
    measure = row["measure"].partition(": ")[2] or row["measure"]
    if pd.isna(row["effect"]):
        return f"{measure}: not known"
    interval = f" ({number(row['low'])} to {number(row['high'])})"
    return f"{measure}: {number(row['effect'])}{'' if pd.isna(row['low']) else interval}"


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]


def _figure(folder: Path, name: str) -> dict[str, str]:
    """The picture as a data address, with the title and caption that travel in its SVG."""
    vector, pixels = folder / f"{name}.svg", folder / f"{name}.png"
    for path in (vector, pixels):
        if not path.is_file():
            raise InputError(f"{path}: the report needs this figure, and there is no such file")
    title, caption = _described(vector)
    use_vector = vector.stat().st_size <= min(VECTOR_LIMIT, 4 * pixels.stat().st_size)
    path, kind = (vector, "svg+xml") if use_vector else (pixels, "png")
    data = base64.b64encode(path.read_bytes()).decode()
    title = title or name.replace("_", " ")
    return {
        "name": name,
        "title": title,
        "caption": caption,
        "alt": f"{title}. {caption.partition('. ')[0]}",
        "source": f"data:image/{kind};base64,{data}",
    }


def _described(path: Path) -> tuple[str, str]:
    """Title and description in an SVG's metadata; empty where it has none."""
    try:
        tree = ElementTree.fromstring(path.read_bytes())
    except ElementTree.ParseError as error:
        raise InputError(f"{path}: not a readable SVG file ({error})") from error
    texts = [tree.findtext(f".//{DUBLIN}{name}") for name in ("title", "description")]
    return texts[0] or "", texts[1] or ""


def _cells(tables: Mapping[str, pd.DataFrame], metric: str) -> list[dict[str, Any]]:
    """A row per cell: final quality over its seeds, failures and cost."""
    final = _final(tables["quality"])
    final = final[final["metric"] == metric]
    quality = final.groupby(CELL, dropna=False)["value"].apply(list)
    cost = tables["cost"].groupby(CELL, dropna=False)["seconds"].sum()
    rows = []
    for key, runs in tables["outcomes"].groupby(CELL, dropna=False):
        values = pd.Series(_look_up(quality, key, [])).dropna().to_numpy(float)
        mean, low, high = _interval(values)
        rows.append(
            {
                **dict(zip(CELL, key, strict=True)),
                "runs": len(runs),
                "scored": len(values),
                "mean": mean,
                "low": low,
                "high": high,
                "diverged": int(runs["diverged"].astype(bool).sum()),
                "vanished": int(runs["vanished"].astype(bool).sum()),
                "forwards": runs["forwards"].median(),
                "backwards": runs["backwards"].median(),
                "seconds": _look_up(cost, key, np.nan) / len(runs),
            }
        )
    return rows


def _look_up(values: pd.Series, key: tuple, default: Any) -> Any:
    # A NaN in a key equals nothing, itself included: compare by spelling.
    spelled = {tuple(map(str, k)): v for k, v in values.items()} if len(values) else {}
    return spelled.get(tuple(map(str, key)), default)


def _interval(values: np.ndarray) -> tuple[float, float, float]:
    """Mean and Student's 95 % interval."""
    if len(values) < 2:
        return (float(values[0]) if len(values) else np.nan), np.nan, np.nan
    half = stats.t.ppf(0.975, len(values) - 1) * stats.sem(values)
    return float(values.mean()), float(values.mean() - half), float(values.mean() + half)


def _final(quality: pd.DataFrame) -> pd.DataFrame:
    if quality.empty:
        return quality
    last = quality.groupby(CELL[:4])["step"].transform("max")
    return quality[quality["step"] == last]


def _metrics(quality: pd.DataFrame) -> dict[str, Any]:
    """Means over seeds of every metric, a row per cell."""
    final = _final(quality)
    names = sorted(final["metric"].astype(str).unique())
    rows = []
    for key, part in final.groupby(CELL, dropna=False):
        means = part.groupby("metric")["value"].mean()
        rows.append((dict(zip(CELL, key, strict=True)), [means.get(n, np.nan) for n in names]))
    return {"names": names, "rows": rows}
