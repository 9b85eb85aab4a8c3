"""Losses and the number that decides against the step, each mode at one chosen ε."""

from matplotlib.figure import Figure

from approxgan.analysis.frames import GROUP, Tables
from approxgan.figures import _series, _style, _traces


class TrainingCurves:
    needs = ("training", "quality", "quality_null", "gradient_error")
    title = "Training curves"
    claims = ("C1",)
    caption = (
        "The score that decides the claims at the snapshots, and the losses of both players on "
        "the batch of the step. Lines are medians over the seeds that had not diverged by then, "
        "bands their middle half. Each mode is shown at the ε of highest median cosine in the "
        "probe, or at its middle ε where nothing was probed: the gradient chooses ε, not the "
        "result. The figure shows one study per data set, the one with most modes, and data sets "
        "with at least three. All modes of a study have its optimiser and number of steps. Axes "
        "that span several decades are logarithmic away from 0. Losses do not measure quality: "
        "compare the upper row."
    )

    def draw(self, tables: Tables) -> Figure:
        training = _series.compared(_series.main_groups(tables["training"]), least=3)
        if training.empty:
            return _style.no_data("the table training is empty")
        shown = _series.series(training)
        training = _series.at_chosen(training, tables["gradient_error"])
        lines = [(one.rows, one.stroke) for one in shown]
        keys = [one.key(one.rows(training)["epsilon"], marker="") for one in shown]
        return _traces.drawn(training, tables, GROUP, lines, keys)
