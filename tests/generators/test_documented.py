"""The generator that docs/generators.md shows works as it stands there."""

from __future__ import annotations

import importlib.util
import re

import numpy as np
import pytest
import torch
from scipy import stats
from worlds import ROOT


def test_the_die_of_the_documentation_shows_each_face_as_often_as_its_weight_says(tmp_path):
    text = (ROOT / "docs" / "generators.md").read_text()
    (shown,) = [
        block for block in re.findall(r"```python\n(.*?)```", text, re.S) if "Dice" in block
    ]
    (tmp_path / "dice.py").write_text(shown)
    spec = importlib.util.spec_from_file_location("dice", tmp_path / "dice.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with pytest.raises(ValueError, match="faces"):
        module.Dice(faces=0)
    made, rng = module.Dice(faces=4), np.random.default_rng(0)
    assert made.size(1) == sum(made.layer_sizes(1)) == made.truth(1).size
    theta = torch.from_numpy(np.stack([5.0 * made.init(1, rng), np.arange(4.0)]))
    faces = made.run(1, theta, torch.from_numpy(made.draw(rng, (2, 20_000), np.float64)))
    assert faces.shape == (2, 20_000, 1)
    for own, weights in zip(faces[..., 0], theta.softmax(-1), strict=True):
        counts = np.bincount(own.long(), minlength=4)
        assert stats.chisquare(counts, 20_000 * weights.numpy()).pvalue > 1e-4
    assert made.refuses(2) is not None
