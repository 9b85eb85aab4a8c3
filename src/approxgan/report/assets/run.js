"use strict";
// A cell's runs in a dialog: samples, curves, facts, spec, and the command that makes them again.
page.run = page.data.then((data) => {
  const dialog = document.getElementById("run");
  const part = (name) => document.getElementById(`run-${name}`);
  const name = (cell) => {
    const parts = [cell.words, cell.step === "–" ? "" : `ε ${cell.step}`.replace("ε by", "ε chosen by"), cell.told];
    return `${parts.filter(Boolean).join(", ")} on ${cell.dataset}`;
  };
  const ends = (x, y) => {
    const known = y.map((v, k) => [v, x[k]]).filter(([v]) => !page.missing(v));
    if (!known.length) return "no finite value";
    return `${page.show(known[0][0])} at step ${known[0][1]}, ${page.show(known.at(-1)[0])} at step ${known.at(-1)[1]}`;
  };
  function samples(cell, title = "Samples") {
    const frame = data.sets[cell.dataset], made = cell.samples;
    if (!frame || !(made.x.length + made.outside)) {
      return page.plot.figure(title, "There is no finite sample of the first seed.");
    }
    const out = made.outside ? ` ${made.outside} more lie outside the frame.` : "";
    const caption = `Seed ${made.seed} at step ${made.at}: ${made.x.length} generated points (colour) over ${frame.x.length} true points (grey).${out}`;
    return page.plot.figure(title, caption, page.plot.cloud(caption, frame, made, data.side, cell.colour));
  }
  function quality(cell, metric) {
    const about = data.metrics[metric], scores = cell.scores[metric];
    if (!scores) return page.plot.figure("Quality", "These runs have no score.");
    const steps = cell.steps.slice(-scores[0].length);
    const lines = metric === data.primary ? cell.singles.map((y, k) => ({ name: `seed ${cell.seeds[k]}`, colour: cell.colour, x: cell.steps, y, thin: true })) : [];
    const base = data.baselines[cell.study];
    const exact = data.cells.find((other) => other.mode === base && other !== cell && other.scores[metric] && ["study", "dataset", "model", "loss"].every((k) => other[k] === cell[k]));
    if (exact) lines.push({ name: `${exact.words}, median`, colour: "#1b1d21", x: exact.steps.slice(-exact.scores[metric][0].length), y: exact.scores[metric][0], dash: "2 3" });
    lines.push({ name: "median", colour: cell.colour, x: steps, y: scores[0] });
    const which = about.better === "neither" ? "" : `, ${about.better} is better`;
    const caption = `${about.words}${which}. Thick: median over seeds, ${ends(steps, scores[0])}.${lines.length > 2 ? " Thin: single seeds." : ""}${exact ? ` Dotted: ${exact.words}, median.` : ""}`;
    return page.plot.figure("Quality", caption, page.plot.curves(caption, lines, { across: "training step", up: about.words }));
  }
  function losses(cell) {
    const { step, generator, discriminator } = cell.losses;
    const caption = `Medians over the seeds that still ran. Solid: generator, ${ends(step, generator)}. Dashed: discriminator, ${ends(step, discriminator)}.`;
    const lines = [{ name: "generator", x: step, y: generator, colour: cell.colour }, { name: "discriminator", x: step, y: discriminator, colour: cell.colour, dash: "7 3" }];
    return page.plot.figure("Losses", caption, page.plot.curves(caption, lines, { across: "training step", up: "loss" }));
  }
  function facts(cell) {
    const told = {
      study: cell.study, "data set": cell.dataset, model: cell.model, loss: cell.loss, mode: cell.words,
      "ε": cell.step, settings: cell.told, ...cell.facts,
      seeds: cell.seeds.join(", "), diverged: `${cell.diverged} of ${cell.seeds.length} runs`,
      "milliseconds a step": page.show(cell.ms), evaluations: page.show(cell.spent.at(-1)),
    };
    return Object.entries(told).filter(([, value]) => value !== "").flatMap(([key, value]) => {
      const pair = page.element("div");
      pair.append(page.element("dt", key.replaceAll("_", " ")), page.element("dd", String(value).replaceAll("_", " ")));
      return [pair];
    });
  }
  function show(place, metric) {
    const cell = data.cells[place];
    part("title").textContent = name(cell);
    document.getElementById("pictures").replaceChildren(samples(cell), quality(cell, metric), losses(cell));
    part("facts").replaceChildren(...facts(cell));
    const calls = cell.runs.map((run) => `python -m approxgan train ${run.name} --spec @${data.results}/runs/${run.name}/spec.json`);
    part("command").textContent = calls.join("\n") || "The folders of these runs were not beside the page when it was made.";
    part("spec").textContent = cell.runs.length ? JSON.stringify(cell.runs[0].spec, null, 1) : "Not there.";
  }
  const state = { place: null, metric: data.primary, told: () => {} };
  function open(places, metric = state.metric) {
    const select = part("cell");
    select.replaceChildren(...places.map((place) => new Option(name(data.cells[place]), String(place))));
    part("which").hidden = places.length < 2;
    state.metric = metric;
    choose(places[0]);
    if (!dialog.open) dialog.showModal();
  }
  function choose(place) {
    state.place = place;
    show(place, state.metric);
    state.told(place);
  }
  part("cell").addEventListener("input", () => choose(Number(part("cell").value)));
  function close() {
    dialog.close();
    state.place = null;
    state.told(null);
  }
  part("close").addEventListener("click", close);
  // Escape closes it too; the event comes later, when another run may be open.
  dialog.addEventListener("close", () => { if (!dialog.open) close(); });
  // A row of any table that stands for cells opens them: by its first cell, or anywhere by a click.
  for (const row of document.querySelectorAll("tr[data-cells]")) {
    const places = row.dataset.cells.split(",").map(Number);
    const head = row.cells[0];
    const button = page.element("button", head.textContent, { type: "button", className: "opens" });
    button.setAttribute("aria-label", `${head.textContent}: open the runs of this row`);
    head.replaceChildren(button);
    row.addEventListener("click", () => { if (getSelection().isCollapsed) open(places); });
  }
  return { open, name, samples, close, state };
});
