"use strict";
// The figures under the chooser: each draws the chosen cells, and returns elements and a caption.
page.views = (run) => {
  const spaced = (text) => text.replaceAll("_", " ");
  const LABELLED = 12, CLOUDS = 24;
  const SHORT = ` Labels stand where at most ${LABELLED} lines are drawn.`;
  function panel(title, set, lines, axes) {
    const labels = lines.filter((line) => line.label).length <= LABELLED;
    const svg = page.plot.curves(`${title}, ${spaced(set)}`, labels ? lines : lines.map((line) => ({ ...line, label: "" })), axes);
    return [page.element("h3", `On ${spaced(set)}`), svg, page.plot.saves(`${title}, ${spaced(set)}`, svg)];
  }
  const panels = (view, title, axes, linesOf, caption) => {
    const drawn = view.sets.map((set) => [set, linesOf(set)]);
    const many = drawn.some(([, lines]) => lines.filter((line) => line.label).length > LABELLED);
    return [drawn.flatMap(([set, lines]) => panel(title, set, lines, axes)), caption + (many ? SHORT : "")];
  };
  // Guests have no runs; rows without a score on a set have no place there.
  const here = (view, set) => view.rows.filter((row) => row.scores[set]).map((row) => [row.scores[set].cell, row.scores[set]]);
  const own = (view, set) => here(view, set).filter(([cell]) => cell.study);
  const guestNote = (view) => (view.rows.some((row) => !row.cell.study) ? " A dashed level is a guest." : "");
  const full = (view, cell) => [view.label(cell), cell.told].filter(Boolean).join(", ");

  function cost(view) {
    const score = (cell) => cell.scores[view.metric];
    const lines = (set) => here(view, set).filter(([cell]) => score(cell)).map(([cell]) => {
      const [y] = score(cell);
      if (!cell.study) return { name: cell.words, colour: cell.colour, x: [cell.spent[0] ?? view.low, view.high], y: [y[0], y[0]], label: cell.words, dash: "6 4" };
      return { name: full(view, cell), colour: cell.colour, x: cell.spent.slice(-y.length), y, label: view.label(cell) };
    });
    const axes = { across: "evaluations of the loss", up: view.words, log: true, mark: view.budget };
    return panels(view, `${view.words} against evaluations`, axes, lines, `Median over seeds; colours are those of the list of modes.${guestNote(view)}`);
  }
  function epsilon(view) {
    const known = (row) => !page.missing(row.value);
    function lines(set) {
      const found = here(view, set).filter(([, row]) => known(row)), groups = new Map();
      for (const [cell, row] of found.filter(([cell]) => !page.missing(cell.epsilon))) {
        const key = JSON.stringify([cell.study, cell.model, cell.loss, cell.mode, cell.told]);
        groups.set(key, [...(groups.get(key) ?? []), [cell, row]]);
      }
      const steps = [...groups.values()].flat().map(([cell]) => cell.epsilon);
      const one = new Set(steps).size === 1 ? 2 : 1;
      const ends = steps.length ? [Math.min(...steps) / one, Math.max(...steps) * one] : [];
      const levels = found.filter(([cell]) => page.missing(cell.epsilon)).map(([cell, row]) => ({ name: full(view, cell), colour: cell.colour, x: ends, y: ends.map(() => row.value), label: view.label(cell), dash: cell.study ? "2 3" : "6 4" }));
      return [...groups.values()].flatMap((group) => {
        group.sort(([a], [b]) => a.epsilon - b.epsilon);
        const [[cell]] = group, name = [view.name(cell), cell.told].filter(Boolean).join(", ");
        const spread = group.map(([one, row]) => ({ name: `${name}, quartiles`, colour: cell.colour, x: [one.epsilon, one.epsilon], y: [row.low, row.high], thin: true }));
        return [...spread, { name, colour: cell.colour, x: group.map(([one]) => one.epsilon), y: group.map(([, row]) => row.value), label: view.name(cell), dots: true }];
      }).concat(levels);
    }
    const axes = { across: "ε", up: view.words, log: true };
    return panels(view, `${view.words} against ε`, axes, lines, `Median over seeds, with its quartiles, at the last snapshot that the budget pays for. A dotted level has no fixed ε.${guestNote(view)}`);
  }
  function losses(view) {
    const lines = (set) => own(view, set).flatMap(([cell]) => {
      const { step, generator, discriminator } = cell.losses, name = full(view, cell);
      return [
        { name: `generator: ${name}`, x: step, y: generator, colour: cell.colour, label: view.label(cell) },
        { name: `discriminator: ${name}`, x: step, y: discriminator, colour: cell.colour, dash: "7 3" },
      ];
    });
    return panels(view, "losses against training steps", { across: "training step", up: "loss" }, lines, "Medians over the seeds that still ran. Solid: generator. Dashed: discriminator.");
  }
  function samples(view) {
    const cells = view.rows.flatMap((row) => view.sets.map((set) => row.scores[set]?.cell)).filter((cell) => cell?.study);
    const box = page.element("div", undefined, { className: "pictures" });
    box.append(...cells.slice(0, CLOUDS).map((cell) => run.samples(cell, run.name(cell))));
    const more = cells.length > CLOUDS ? ` The first ${CLOUDS} of ${cells.length} cells, best first: choose fewer to see the others.` : " Best first.";
    return [[box], `The last samples of one seed of each cell.${more}`];
  }
  return {
    cost: { words: "score against evaluations", draw: cost },
    epsilon: { words: "score against ε", draw: epsilon },
    losses: { words: "losses", draw: losses },
    samples: { words: "samples", draw: samples },
  };
};
