"""Which estimator to take, how many directions and which step: theory, and what was measured.

Nothing here needs torch. A loss of scale 1 is meant unless the scales are given: |f| = 1, a
gradient of length 1, second and third derivatives of 1 along directions of length 1.
"""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from approxgan.core.errors import InputError
from approxgan.core.settings import LARGEST, SMALLEST, is_finite, plain, shown
from approxgan.library.without_gradient import nearest

UNITS = {"float64": 2.0**-53, "float32": 2.0**-24, "float16": 2.0**-11, "bfloat16": 2.0**-8}
"""Unit roundoff."""
STEPS = 1000
"""Of an optimiser, unless told: with fewer evaluations a step and more steps, progress for each
evaluation is about the same."""
BACKWARD = 2
"""Forward passes that a reverse pass costs."""
MEASURED = Path(__file__).parents[3] / "reference" / "default.json"
"""The reference results, in a checkout of the project."""


def forward_step(noise: float, curvature: float, *, bounded: bool = False) -> tuple[float, float]:
    """Best step of a one-sided difference, and the error there.

    Of noise bounded by ε_f: 2√(ε_f/|f''|), largest error 2√(ε_f|f''|) (Nocedal and Wright 2006,
    section 8.1). Of random noise of standard deviation σ: 8^¼ √(σ/|f''|), root mean square
    2^¼ √(σ|f''|) (Moré and Wild 2012).
    """
    if bounded:
        return 2.0 * math.sqrt(noise / curvature), 2.0 * math.sqrt(noise * curvature)
    step = 8.0**0.25 * math.sqrt(noise / curvature)
    return step, 2.0**0.25 * math.sqrt(noise * curvature)


def central_step(noise: float, third: float) -> tuple[float, float]:
    """Best step ∛(3ε_f/|f'''|) of a two-sided difference, and the largest error there, 3ε_f/2h.

    The same step is best for random noise σ in place of the bound ε_f; its root mean square error
    is √¾ σ/h.
    """
    step = (3.0 * noise / third) ** (1.0 / 3.0)
    return step, 1.5 * noise / step


def slope_error(sides: int, step: float, noise: float, curvature: float, third: float) -> float:
    """Root mean square error of a difference of step h along a direction of length 1.

    One-sided: √(2σ²/h² + (h f''/2)²); two-sided: √(σ²/2h² + (h² f'''/6)²).
    """
    if sides == 1:
        return math.hypot(math.sqrt(2.0) * noise / step, step * curvature / 2.0)
    return math.hypot(noise / (math.sqrt(2.0) * step), step**2 * third / 6.0)


def cosine(relative_error: float) -> float:
    """Of an unbiased estimate with this root mean square error: 1/√(1 + r²), about."""
    return 1.0 / math.sqrt(1.0 + relative_error**2)


@dataclass(frozen=True)
class Option:
    """An estimator with its settings, and what theory expects of one estimate."""

    mode: str
    settings: Mapping[str, Any]
    eps: float | None
    """Step in parameter units; None for modes that take none."""
    relative_error: float
    """Root mean square of |ĝ - ∇f| / |∇f|; NaN where theory does not say."""
    evaluations: int
    """Of one estimate, in forward passes; of a simulator in samples."""

    @property
    def cosine(self) -> float:
        return cosine(self.relative_error)

    def __str__(self) -> str:
        told = [f"{key} {value}" for key, value in self.settings.items()]
        told += [f"eps {self.eps:.2g}"] if self.eps is not None else []
        named = f"{self.mode} ({', '.join(told) or 'no settings'})"
        if math.isnan(self.relative_error):
            return f"{named}: {self.evaluations} simulated samples an estimate"
        return (
            f"{named}: cosine {self.cosine:.3g}, "
            f"relative error {self.relative_error:.3g}, {self.evaluations} evaluations an estimate"
        )


@dataclass(frozen=True)
class Advice:
    """The option of least expected error within the evaluations, and what it stands beside."""

    best: Option
    others: tuple[Option, ...]
    """That were compared, by their error."""
    differentiable: tuple[Option, ...]
    """What torch could do if it could differentiate the loss."""
    steps: int
    """Of the optimiser, that the evaluations pay for."""
    reasons: tuple[str, ...]

    def __str__(self) -> str:
        lines = [f"take {self.best}", f"{self.steps} steps", *self.reasons]
        lines += [f"instead of {option}" for option in self.others]
        lines += [f"if torch can differentiate the loss: {o}" for o in self.differentiable]
        return "\n".join(lines)


def advise(
    *,
    dimension: int,
    evaluations: float,
    precision: str = "float32",
    noise: float | None = None,
    steps: int | None = None,
    gradient: float = 1.0,
    curvature: float = 1.0,
    third: float = 1.0,
    draws: str | None = None,
    reference: Path | str | None = None,
) -> Advice:
    """Which estimator to take for a loss of ``dimension`` parameters.

    ``evaluations`` are those of the whole optimisation, divided over ``steps`` gradient steps
    (``STEPS``, or fewer evaluations where each step would have less than two). ``noise`` is the
    standard deviation of the loss's noise, that of rounding a loss of size 1 in ``precision``
    unless given; ``choose_step`` measures it. ``gradient`` is |∇f|, ``curvature`` and ``third``
    are |f''| and |f'''| along a direction of length 1. ``reference`` is a file of the project's
    reference results, of which it tells what they say of the mode; by default the checkout's.

    ``draws`` are those of a simulator, whose loss has steps (it counts, rounds, writes letters) or
    new noise each time: ``common`` where it can be run twice with the same draws, ``fresh`` where
    it cannot. Theory gives no step then, as it needs the sizes of the steps. The answer is the best
    way that was measured, at the nearest dimension and budget; ``evaluations`` are simulated
    samples, and the scales are not used.

    Random directions have length √d, so their eps is the best step over √d. What is expected of q
    of them as ε → 0: squared relative error (d+1)/q Gaussian, (d-1)/q of signs, d/q - 1 orthogonal;
    d² e²/(q|∇f|²) is added for an error e of each slope, d e²/|∇f|² for differences by coordinate.
    Raises ``InputError``.
    """
    dimension = _required("dimension", dimension, 1, whole=True)
    evaluations = _required("evaluations", evaluations, 2)
    gradient = _required("gradient", gradient, SMALLEST)
    curvature = _required("curvature", curvature, SMALLEST)
    third = _required("third", third, SMALLEST)
    if not isinstance(precision, str) or precision not in UNITS:
        raise InputError(f"precision is {precision!r}; accepted: {', '.join(UNITS)}")
    if noise is not None:
        noise = _required("noise", noise, 0.0)
    if reference is not None and not isinstance(reference, str | Path):
        raise InputError(f"reference is {shown(reference)}; accepted: the path of a file, or None")
    if steps is not None:
        steps = int(_required("steps", steps, 1, whole=True))
        if evaluations / steps < 2:
            raise InputError(
                f"evaluations={evaluations:g} are fewer than 2 for each of steps={steps}; "
                "accepted: more evaluations, or fewer steps"
            )
    if draws is not None:
        place = MEASURED if reference is None else Path(reference)
        return _simulated(*nearest(dimension, evaluations, draws, place), evaluations)
    unit = UNITS[precision]
    rounding = unit / math.sqrt(3.0)
    sigma = max(noise or 0.0, rounding)
    each = int(evaluations / (steps or min(STEPS, max(1, int(evaluations // 2)))))
    scales = _Scales(dimension, sigma, unit, gradient, curvature, third)
    found = sorted(_blind(scales, each), key=lambda option: option.relative_error)
    best = found[0]
    others = {o.mode: o for o in reversed(found) if o.mode != best.mode}
    reasons = [*_reasons(scales, each, best, sigma > rounding), *_measured(best.mode, reference)]
    return Advice(
        best,
        tuple(sorted(others.values(), key=lambda option: option.relative_error)),
        tuple(_differentiated(scales, each)),
        int(evaluations // best.evaluations),
        tuple(reasons),
    )


def _simulated(row: Mapping[str, Any], told: str, evaluations: float) -> Advice:
    each = max(1, round(row["calls_per_step"]))
    if evaluations < each:
        raise InputError(
            f"evaluations={evaluations:g} pay for no estimate of {row['mode']} as it was measured; "
            f"accepted: {each} simulated samples or more"
        )
    own = Option(row["mode"], json.loads(row["own_settings"]), row["epsilon"], math.nan, each)
    return Advice(own, (), (), int(evaluations // each), (told,))


@dataclass(frozen=True)
class _Scales:
    dimension: int
    noise: float
    unit: float
    gradient: float
    curvature: float
    third: float

    def step(self, sides: int, *, together: bool) -> tuple[float, float]:
        """The best step along a direction of length 1, and the error of its slope.

        Of at least some roundings of a parameter of size 1: less would be lost in it.
        """
        if sides == 1:
            best, _ = forward_step(self.noise, self.curvature)
        else:
            best, _ = central_step(self.noise, self.third)
        least = 8.0 * self.unit * (math.sqrt(self.dimension) if together else 1.0)
        size = max(best, least)
        return size, slope_error(sides, size, self.noise, self.curvature, self.third)


def _blind(s: _Scales, each: int) -> Iterator[Option]:
    """What can be had for so many evaluations without derivatives."""
    d = s.dimension
    for sides, mode in ((1, "forward_difference"), (2, "central_difference")):
        size, error = s.step(sides, together=False)
        if each >= sides * d + 1:
            relative = math.sqrt(d) * error / s.gradient
            yield Option(mode, {}, size, relative, sides * d + 1)
    for sides in (1, 2):
        q = min(d, each - 1 if sides == 1 else each // 2)
        size, error = s.step(sides, together=True)
        settings = {"directions": q, "structure": "blocks", "sides": sides}
        law = _blocks(d, q) + _passed_on(s, error, q)
        cost = q + 1 if sides == 1 else 2 * q
        yield Option("structured_directions", settings, size / math.sqrt(d), math.sqrt(law), cost)
    q = each // 2
    size, error = s.step(2, together=True)
    law = (d - 1) / q + _passed_on(s, error, q)
    yield Option("spsa", {"directions": q}, size / math.sqrt(d), math.sqrt(law), 2 * q)


def _blocks(d: int, q: int) -> float:
    """d/q - 1, a little more where q does not divide d: of ``structured_directions``."""
    least, more = divmod(d, q)
    return (more * (least + 1) ** 2 + (q - more) * least**2) / d - 1


def _passed_on(s: _Scales, error: float, q: int) -> float:
    """The squared relative error that the errors of q slopes add: d² e² / (q |∇f|²)."""
    return (s.dimension * error / s.gradient) ** 2 / q


def _differentiated(s: _Scales, each: int) -> Iterator[Option]:
    yield Option("exact", {}, None, 0.0, 1 + BACKWARD)
    q = max(1, each // 2)
    yield Option(
        "forward_gradient", {"directions": q}, None, math.sqrt((s.dimension + 1) / q), 2 * q
    )


def _reasons(s: _Scales, each: int, best: Option, noisy: bool) -> list[str]:
    source = "given noise" if noisy else "rounding of a loss of size 1"
    told = [f"{each} evaluations a step, noise {s.noise:.2g} ({source})"]
    if each > s.dimension:
        told.append(f"{s.dimension + 1} evaluations or more: differences by coordinate")
    else:
        told.append(f"fewer than {s.dimension + 1} evaluations: random directions")
    if best.relative_error > 1.0:
        told.append(
            f"the error of an estimate is {best.relative_error:.3g} times as long as the gradient: "
            "an optimiser has to average over steps, with a smaller learning rate"
        )
    return told


def _measured(mode: str, reference: Path | str | None) -> Iterator[str]:
    """What the reference results say of the mode: beside exact, in the same study."""
    place = MEASURED if reference is None else Path(reference)
    try:
        cells = json.loads(place.read_text("utf-8"))["cells"]
    except FileNotFoundError as error:
        if reference is not None:
            raise InputError(
                f"{place} is not there; accepted: a file of reference results"
            ) from error
        return
    except (OSError, ValueError, LookupError) as error:
        raise InputError(f"{place} is no file of reference results") from error
    best: dict[tuple[str, ...], dict[str, float]] = {}
    for cell in cells:
        key = tuple(str(cell[name]) for name in ("study", "dataset", "model", "loss"))
        if cell["mode"] in (mode, "exact") and is_finite(cell["mean"]):
            found = best.setdefault(key, {})
            found[cell["mode"]] = min(cell["mean"], found.get(cell["mode"], math.inf))
    for key, means in sorted(best.items()):
        if len(means) == 2:
            yield (
                f"measured in the study {key[0]} ({key[1]}, {key[2]}): energy distance "
                f"{means[mode]:.3g}, exact {means['exact']:.3g}"
            )


def _required(name: str, given: Any, least: float, *, whole: bool = False) -> Any:
    """The number, whose square a float can hold."""
    value = plain(given)
    right = is_finite(value) and least <= value <= LARGEST
    if not right or (whole and not isinstance(value, int)):
        kind = "whole" if whole else "finite"
        raise InputError(
            f"{name} is {shown(value)}; accepted: a {kind} number, {least:g} to {LARGEST:g}"
        )
    return value
