"""The figure of generators without a gradient: every way that was run, beside the laws."""

import numpy as np
import pytest
from worlds import blind, synthetic

from approxgan.figures.stage import from_tables


def test_laws_and_ways_are_drawn():
    figure = from_tables("no_gradient", blind.tables())
    errors, distances = figure.axes[:2]
    lines = {line.get_marker(): line for line in errors.lines if len(line.get_xdata()) == 3}
    assert len(errors.lines) == 4
    measured, law = errors.lines[:2]
    # Through the same point, so that only the slope is compared.
    assert measured.get_ydata()[0] == pytest.approx(law.get_ydata()[0])
    slope = np.diff(np.log(law.get_ydata())) / np.diff(np.log(law.get_xdata()))
    np.testing.assert_allclose(slope, -0.5)
    assert lines
    assert len(distances.lines) == len(blind.WAYS)
    assert "10 parameters" in distances.get_title()
    told = [text.get_text().replace("\n", " ") for text in distances.texts]
    assert "forward difference, fresh draws" in told
    assert "expected" in told
    low, high = distances.get_xlim()
    assert sum(low <= tick <= high for tick in distances.get_xticks()) > 1
    assert any("1/√ε" in text.get_text() for text in errors.texts)


def test_without_such_a_study_it_says_so():
    figure = from_tables("no_gradient", synthetic.empty())
    assert "no study has a generator without a gradient" in [t.get_text() for t in figure.texts]
