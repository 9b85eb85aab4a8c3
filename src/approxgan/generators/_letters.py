"""How the logits of a letter come of the letters before it."""

import itertools
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import one_hot

SPREAD = 0.1
"""Standard deviation of the logits that a table starts with."""


@dataclass(frozen=True)
class Form(ABC):
    """Logits as functions of stacked parameters θ [M, P], for T letters of an alphabet of V."""

    letters: int
    length: int

    @abstractmethod
    def sizes(self) -> list[int]:
        """Numbers of parameters of its parts."""

    @abstractmethod
    def init(self, rng: np.random.Generator) -> np.ndarray:
        """[P]"""

    @abstractmethod
    def logits(self, theta: Tensor, before: Tensor) -> Tensor:
        """Of the letter [M, B, V] after the letters ``before`` [M, B, t]."""

    @abstractmethod
    def mixed(self, theta: Tensor, before: Tensor) -> Tensor:
        """The same after relaxed letters [M, B, t, V]: equal where they are one-hot."""

    def teacher(self, kind: str, rng: np.random.Generator, sharpness: float) -> np.ndarray | None:
        """[P] of a Markov chain or a checksum; None if the form does not hold it."""
        return None


class Table(Form):
    """A row of logits for each state that the letters before can be in."""

    @abstractmethod
    def states(self, t: int) -> range:
        """The rows for the letter after t letters."""

    @abstractmethod
    def state(self, before: Tensor) -> Tensor:
        """[M, B, t] -> [M, B], from 0 on."""

    @abstractmethod
    def mixture(self, before: Tensor) -> Tensor:
        """[M, B, t, V] -> the weights of the states [M, B, n]."""

    def sizes(self) -> list[int]:
        return [self.states(self.length - 1).stop * self.letters]

    def init(self, rng: np.random.Generator) -> np.ndarray:
        return SPREAD * rng.standard_normal(self.sizes()[0])

    def logits(self, theta: Tensor, before: Tensor) -> Tensor:
        row = self.states(before.shape[2]).start + self.state(before)
        chosen = row[..., None].expand(-1, -1, self.letters)
        return theta.unflatten(1, (-1, self.letters)).gather(1, chosen)

    def mixed(self, theta: Tensor, before: Tensor) -> Tensor:
        rows = self.states(before.shape[2])
        table = theta.unflatten(1, (-1, self.letters))[:, rows.start : rows.stop]
        return torch.bmm(self.mixture(before), table)

    def _chain(self, rng: np.random.Generator, sharpness: float) -> np.ndarray:
        """[1 + V, V]: logits of the first letter, and of a letter after each."""
        return sharpness * rng.standard_normal((1 + self.letters, self.letters))


class Previous(Table):
    """One row for the first letter, and one for each letter that can be the last."""

    def states(self, t: int) -> range:
        return range(1) if t == 0 else range(1, 1 + self.letters)

    def state(self, before: Tensor) -> Tensor:
        return before[..., -1] if before.shape[2] else before.sum(-1)

    def mixture(self, before: Tensor) -> Tensor:
        return before[:, :, -1] if before.shape[2] else before.new_ones(*before.shape[:2], 1)

    def teacher(self, kind: str, rng: np.random.Generator, sharpness: float) -> np.ndarray | None:
        if kind != "markov":
            return None
        return self._chain(rng, sharpness)[: self.states(self.length - 1).stop].ravel()


class Prefix(Table):
    """One row for each beginning, those of t letters in order as numbers of base V."""

    def states(self, t: int) -> range:
        start = sum(self.letters**k for k in range(t))
        return range(start, start + self.letters**t)

    def state(self, before: Tensor) -> Tensor:
        number = torch.zeros_like(before[..., :1]).sum(-1) if before.shape[2] else before.sum(-1)
        for letter in before.unbind(-1):
            number = self.letters * number + letter
        return number

    def mixture(self, before: Tensor) -> Tensor:
        weights = before.new_ones(*before.shape[:2], 1)
        for letter in before.unbind(2):
            weights = (weights[..., None] * letter[:, :, None]).flatten(2)
        return weights

    def teacher(self, kind: str, rng: np.random.Generator, sharpness: float) -> np.ndarray | None:
        v = self.letters
        if kind == "markov":
            chain = self._chain(rng, sharpness)
            after = [np.tile(chain[1:], (v ** (t - 1), 1)) for t in range(1, self.length)]
            return np.concatenate([chain[:1], *after]).ravel()
        before = spelled(v, self.length - 1).numpy()
        rows = self.states(self.length - 1)
        table = np.zeros((rows.stop, v))
        table[np.arange(rows.start, rows.stop), before.sum(1) % v] = sharpness
        return table.ravel()


@dataclass(frozen=True)
class Net(Form):
    """A layer of tanh over the letters before, one-hot, with zeros for those to come."""

    hidden: int

    def _layers(self) -> list[tuple[int, int]]:
        return [((self.length - 1) * self.letters, self.hidden), (self.hidden, self.letters)]

    def sizes(self) -> list[int]:
        return [out * (into + 1) for into, out in self._layers()]

    def init(self, rng: np.random.Generator) -> np.ndarray:
        """Uniform on ±1/√in, as torch starts linear layers."""
        bounds = [max(into, 1) ** -0.5 for into, _ in self._layers()]
        return np.concatenate(
            [rng.uniform(-b, b, n) for b, n in zip(bounds, self.sizes(), strict=True)]
        )

    def logits(self, theta: Tensor, before: Tensor) -> Tensor:
        return self.mixed(theta, one_hot(before, self.letters).to(theta))

    def mixed(self, theta: Tensor, before: Tensor) -> Tensor:
        missing = self.length - 1 - before.shape[2]
        seen = torch.nn.functional.pad(before, (0, 0, 0, missing)).flatten(2)
        below, above = theta.split(self.sizes(), dim=1)
        return _linear(_linear(seen, below, self.hidden).tanh(), above, self.letters)


def _linear(x: Tensor, theta: Tensor, out: int) -> Tensor:
    """x [M, B, in] through weights [out, in], row by row, and then biases."""
    weight, bias = theta.split([out * x.shape[-1], out], dim=1)
    return torch.bmm(x, weight.unflatten(1, (out, x.shape[-1])).mT) + bias.unsqueeze(1)


@cache
def spelled(letters: int, length: int) -> Tensor:
    """[V^T, T]: all sequences, as numbers of base V from 0 on."""
    every = list(itertools.product(range(letters), repeat=length))
    return torch.tensor(every, dtype=torch.int64).reshape(letters**length, length)
