"""Sequences of letters, each drawn given those before it."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from approxgan.core.settings import POSITIVE, Checked, one_of, shown, whole
from approxgan.generators._letters import Form, Net, Prefix, Previous, spelled

MOST_OUTCOMES = 100_000
"""Different sequences: all of them can be listed."""
TEACHER = 0
"""Seed of the Markov chain behind data."""
HIDDEN = whole(most=10_000)


@dataclass(frozen=True)
class Sequences(Checked):
    """T letters of an alphabet of V, one-hot, letter by letter: T·V columns of 0 and 1.

    Letter t is argmax_v (logit_v + g_v). The draws g are standard Gumbel numbers, so that letter v
    has the probability softmax(logits)_v (Gumbel 1954; Maddison et al. 2014). Relaxed, a letter
    is softmax((logits + g) / temperature) (Jang et al. 2017; Maddison et al. 2017).

    ``form`` says how the logits come of the letters before. previous: from a table with a row for
    the first letter and one for each letter that can be the last. prefix: from a table with a row
    for each beginning; it holds every distribution. net: from a dense net with one layer of tanh,
    which sees the letters before as one-hot, and 0 in place of those to come. Relaxed letters mix
    the rows of a table, and are what a net sees.

    With a ``teacher`` the parameters behind data are known. markov: every logit of a table of
    previous letters is ``sharpness`` times a fixed normal number. checksum: the logits are 0, but
    that of the last letter which is the sum of the others modulo V is ``sharpness``. It depends
    on all other letters together, and on fewer not at all.
    """

    letters: Annotated[int, whole(least=2, most=1000)]
    """V"""
    length: Annotated[int, whole(most=30)]
    """T"""
    form: Annotated[str, one_of("previous", "prefix", "net")]
    hidden: int | None = None
    """Width of the net's layer; none for a table."""
    teacher: str | None = None
    """markov, checksum or none; a table of previous letters holds no checksum, a net neither."""
    sharpness: float | None = None
    """Of the teacher, in logits."""

    differentiable = False
    ambiguous = True
    """The same number more in all logits of a letter changes nothing."""
    why_not_differentiable = "the generator writes letters: its gradient is zero almost everywhere"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.form == "net":
            HIDDEN.check("hidden", self.hidden)
        elif self.hidden is not None:
            raise ValueError(f"hidden is {shown(self.hidden)}; accepted: none, for a table")
        count = self.letters**self.length
        if count > MOST_OUTCOMES:
            raise ValueError(
                f"letters={self.letters} and length={self.length} make {count:,} sequences; "
                f"accepted: at most {MOST_OUTCOMES:,}"
            )
        if self.teacher is not None:
            one_of("markov", "checksum").check("teacher", self.teacher)
            POSITIVE.check("sharpness", self.sharpness)
            if self.truth(self.width) is None:
                raise ValueError(
                    f"teacher is {self.teacher!r}, which the form {self.form} cannot hold; "
                    "accepted: the form prefix"
                )
        elif self.sharpness is not None:
            raise ValueError(f"sharpness is {shown(self.sharpness)}; accepted: none, or a teacher")

    @property
    def width(self) -> int:
        return self.length * self.letters

    def refuses(self, dim: int) -> str | None:
        if dim == self.width:
            return None
        return (
            f"{self.length} of {self.letters} letters make {self.width} columns; accepted: data of "
            f"so many, not {dim}"
        )

    def size(self, dim: int) -> int:
        return sum(self.layer_sizes(dim))

    def layer_sizes(self, dim: int) -> list[int]:
        return self._form().sizes()

    def init(self, dim: int, rng: np.random.Generator) -> np.ndarray:
        return self._form().init(rng)

    def truth(self, dim: int) -> np.ndarray | None:
        """None without a teacher."""
        if self.teacher is None or self.sharpness is None:
            return None
        return self._form().teacher(self.teacher, np.random.default_rng(TEACHER), self.sharpness)

    def draw(
        self, rng: np.random.Generator, shape: tuple[int, ...], dtype: type = np.float32
    ) -> np.ndarray:
        """Standard Gumbel numbers."""
        waits = rng.standard_exponential((*shape, self.width), dtype=dtype)
        return -np.log(np.maximum(waits, np.finfo(dtype).tiny))

    def run(self, dim: int, theta: Tensor, draws: Tensor, kink: float | None = None) -> Tensor:
        """NaN where logits are."""
        form, noise = self._form(), draws.unflatten(-1, (self.length, self.letters))
        letters = torch.empty(*draws.shape[:2], 0, dtype=torch.int64, device=theta.device)
        lost = torch.zeros(*draws.shape[:2], 1, dtype=torch.bool, device=theta.device)
        for t in range(self.length):
            scores = form.logits(theta, letters) + noise[:, :, t]
            letters = torch.cat([letters, scores.argmax(-1, keepdim=True)], -1)
            lost = lost | scores.isnan().any(-1, keepdim=True)
        return one_hot(letters, self.letters).flatten(2).to(theta).masked_fill(lost, torch.nan)

    def relaxed(self, dim: int, theta: Tensor, draws: Tensor, temperature: float) -> Tensor:
        form, noise = self._form(), draws.unflatten(-1, (self.length, self.letters))
        letters = noise[:, :, :0]
        for t in range(self.length):
            soft = ((form.mixed(theta, letters) + noise[:, :, t]) / temperature).softmax(-1)
            letters = torch.cat([letters, soft.unsqueeze(2)], 2)
        return letters.flatten(2)

    def log_prob(self, dim: int, theta: Tensor, x: Tensor) -> Tensor:
        return self._log_prob(theta, x.unflatten(-1, (self.length, self.letters)).argmax(-1))

    def outcomes(self, dim: int) -> Tensor:
        """All sequences, as numbers of base V from 0 on."""
        return one_hot(spelled(self.letters, self.length), self.letters).flatten(1).double()

    def probabilities(self, dim: int, theta: Tensor) -> Tensor:
        every = spelled(self.letters, self.length).to(theta.device)
        return self._log_prob(theta, every.expand(len(theta), -1, -1)).exp()

    def _log_prob(self, theta: Tensor, letters: Tensor) -> Tensor:
        """Of letters [M, B, T] -> [M, B]."""
        form, total = self._form(), theta.new_zeros(letters.shape[:2])
        for t in range(self.length):
            logs = form.logits(theta, letters[..., :t]).log_softmax(-1)
            total = total + logs.gather(-1, letters[..., t : t + 1]).squeeze(-1)
        return total

    def _form(self) -> Form:
        if self.hidden is not None:
            return Net(self.letters, self.length, self.hidden)
        table = Prefix if self.form == "prefix" else Previous
        return table(self.letters, self.length)
