"use strict";
// Draws one cell: its samples over the true points, its quality and its losses.
(() => {
  const data = JSON.parse(document.getElementById("picker-data").textContent);
  const pictures = document.getElementById("pictures");
  const selects = ["study", "dataset", "mode", "cell"].map((name) =>
    document.getElementById(`pick-${name}`),
  );
  if (!data.cells.length) {
    pictures.textContent = "No run.";
    return;
  }
  const NS = "http://www.w3.org/2000/svg";
  const W = 400, H = 300, LEFT = 58, RIGHT = 24, TOP = 12, BOTTOM = 40;

  function node(name, attributes, text) {
    const made = document.createElementNS(NS, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = text;
    return made;
  }
  function show(value) {
    if (value === null || value === undefined) return "nothing";
    const size = Math.abs(value);
    const text = size && (size < 1e-3 || size >= 1e5) ? value.toExponential(1) : String(+value.toPrecision(3));
    return text.replace("-", "−");
  }
  function spaced(low, high, count) {
    const room = high - low || 1;
    const rough = room / count;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((k) => k * power).find((k) => k >= rough);
    const found = [];
    for (let k = Math.ceil(low / step); k * step <= high + 1e-9 * room; k++) found.push(+(k * step).toPrecision(12));
    return found;
  }
  // Linear, or, where few values dwarf the others, linear around 0 and logarithmic beyond.
  function scale(values) {
    const known = values.filter((v) => v !== null);
    if (!known.length) return null;
    const sizes = known.map(Math.abs).filter(Boolean).sort((a, b) => a - b);
    const middle = sizes.length ? sizes[sizes.length >> 1] : 1;
    const wide = sizes.length && sizes[sizes.length - 1] > 30 * middle;
    const bend = 10 ** Math.floor(Math.log10(middle));
    const turn = wide ? (v) => Math.asinh(v / bend) : (v) => v;
    let low = Math.min(...known), high = Math.max(...known);
    if (low === high) [low, high] = [low - 1, high + 1];
    let ticks = spaced(low, high, 4);
    if (wide) {
      const top = Math.ceil(Math.log10(Math.max(-low, high) / bend));
      const every = Math.max(1, Math.ceil(top / 4));
      const powers = [];
      for (let k = 0; k <= top; k += every) powers.push(bend * 10 ** k);
      ticks = [...powers.map((v) => -v), 0, ...powers].filter((v) => v >= low && v <= high);
    }
    const [a, b] = [turn(low), turn(high)];
    const pad = 0.06 * (b - a);
    return { at: (v) => H - BOTTOM - ((turn(v) - a + pad) / (b - a + 2 * pad)) * (H - TOP - BOTTOM), ticks };
  }
  function figure(title, caption, label, draw, colour) {
    const box = document.createElement("figure");
    const heading = document.createElement("h3");
    heading.textContent = title;
    const told = document.createElement("figcaption");
    told.textContent = caption;
    box.append(heading);
    if (draw) {
      const svg = node("svg", { viewBox: `0 0 ${W} ${H}`, class: "plot", role: "img", "aria-label": label });
      svg.style.setProperty("--mine", colour);
      draw(svg);
      box.append(svg);
    }
    box.append(told);
    return box;
  }
  function curves(svg, steps, lines, ylabel) {
    const y = scale(lines.flatMap((line) => line.values));
    const last = Math.max(...steps, 1);
    const x = (v) => LEFT + (v / last) * (W - LEFT - RIGHT);
    svg.append(node("path", { class: "axis", d: `M${LEFT} ${TOP}V${H - BOTTOM}H${W - RIGHT}` }));
    for (const v of y.ticks) {
      svg.append(node("path", { class: "axis", d: `M${LEFT - 4} ${y.at(v)}H${W - RIGHT}` }));
      svg.append(node("text", { x: LEFT - 7, y: y.at(v) + 4, "text-anchor": "end" }, show(v)));
    }
    for (const v of spaced(0, last, 4)) svg.append(node("text", { x: x(v), y: H - BOTTOM + 16, "text-anchor": "middle" }, String(v)));
    svg.append(node("text", { x: (LEFT + W - RIGHT) / 2, y: H - 6, "text-anchor": "middle" }, "training step"));
    svg.append(node("text", { transform: `translate(12 ${(H - BOTTOM) / 2}) rotate(-90)`, "text-anchor": "middle" }, ylabel));
    for (const line of lines) {
      let d = "", open = false;
      line.values.forEach((v, k) => {
        if (v === null) { open = false; return; }
        d += `${open ? "L" : "M"}${x(steps[k]).toFixed(1)} ${y.at(v).toFixed(1)}`;
        open = true;
      });
      if (d) svg.append(node("path", { class: line.look, d }));
    }
  }
  function ends(steps, values) {
    const known = values.map((v, k) => [v, steps[k]]).filter(([v]) => v !== null);
    if (!known.length) return "no finite value";
    const [first, last] = [known[0], known[known.length - 1]];
    return `${show(first[0])} at step ${first[1]}, ${show(last[0])} at step ${last[1]}`;
  }
  function samples(cell) {
    const frame = data.sets[cell.dataset];
    if (!frame || !(cell.x.length + cell.outside)) {
      return figure("Samples", "The run of the first seed diverged: it has no finite sample.", "", null);
    }
    const out = cell.outside ? ` ${cell.outside} more lie outside the frame.` : "";
    const caption = `Seed ${cell.seed} at step ${cell.at}: ${cell.x.length} generated points (colour) over ${frame.x.length} true points (grey).${out}`;
    return figure("Samples", caption, caption, (svg) => {
      const room = H - TOP - BOTTOM, left = (W - room + LEFT - RIGHT) / 2;
      const px = (v) => (left + (v / data.side) * room).toFixed(1);
      const py = (v) => (H - BOTTOM - (v / data.side) * room).toFixed(1);
      svg.append(node("rect", { class: "axis", x: left, y: TOP, width: room, height: room }));
      const points = (set, r) => set.x.map((v, k) => `M${px(v)} ${py(set.y[k])}m${-r} 0a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0`).join("");
      svg.append(node("path", { class: "truth", d: points(frame, 1.3) }));
      svg.append(node("path", { class: "made", d: points(cell, 1.7) }));
      for (const v of spaced(frame.low[0], frame.low[0] + frame.size, 4)) {
        svg.append(node("text", { x: px(((v - frame.low[0]) / frame.size) * data.side), y: H - BOTTOM + 16, "text-anchor": "middle" }, show(v)));
      }
      for (const v of spaced(frame.low[1], frame.low[1] + frame.size, 4)) {
        svg.append(node("text", { x: left - 6, y: +py(((v - frame.low[1]) / frame.size) * data.side) + 4, "text-anchor": "end" }, show(v)));
      }
    }, cell.colour);
  }
  function quality(cell) {
    const { step, median, seeds } = cell.quality;
    if (!median.some((v) => v !== null)) return figure("Quality", "Every run had diverged by the first snapshot: there is no score.", "", null);
    const exact = data.cells.find(
      (other) => other.mode === "exact" && ["study", "dataset", "model", "loss"].every((k) => other[k] === cell[k]),
    );
    const lines = seeds.map((values) => ({ values, look: "seed" }));
    const against = exact && exact !== cell && String(exact.quality.step) === String(step);
    if (against) lines.push({ values: exact.quality.median, look: "base" });
    lines.push({ values: median, look: "line" });
    const name = data.metric[0].toUpperCase() + data.metric.slice(1);
    const caption = `${name}${data.better === "neither" ? "" : `, ${data.better} is better`}. Thick: median over seeds, ${ends(step, median)}; thin: ${seeds.length} seeds${against ? `; dotted: the median with exact gradients, ${ends(step, exact.quality.median)}` : ""}.`;
    return figure("Quality", caption, caption, (svg) => curves(svg, step, lines, data.metric), cell.colour);
  }
  function loss(cell) {
    const { step, generator, discriminator } = cell.losses;
    if (![...generator, ...discriminator].some((v) => v !== null)) return figure("Losses", "No finite loss was traced.", "", null);
    const caption = `Medians over the seeds that still ran. Solid: generator, ${ends(step, generator)}; dashed: discriminator, ${ends(step, discriminator)}.`;
    return figure("Losses", caption, caption, (svg) =>
      curves(svg, step, [{ values: generator, look: "line" }, { values: discriminator, look: "other" }], "loss"),
      cell.colour,
    );
  }
  // The last list tells apart what the first three leave: ε, settings, and model or loss if several.
  function label(cell, rivals) {
    const parts = [cell.step === "–" ? "no ε" : `ε ${cell.step}`.replace("ε by", "ε chosen by")];
    if (cell.settings) parts.push(cell.settings);
    for (const key of ["model", "loss"]) if (rivals.some((other) => other[key] !== cell[key])) parts.push(cell[key]);
    return parts.join(" · ");
  }
  function fill(select, options) {
    const before = select.value;
    select.replaceChildren(...options.map(([text, value]) => new Option(text, value)));
    if (options.some(([, value]) => value === before)) select.value = before;
  }
  function refresh() {
    let left = data.cells;
    ["study", "dataset", "mode"].forEach((name, k) => {
      const values = [...new Set(left.map((cell) => cell[name]))];
      const texts = new Map(left.map((cell) => [cell[name], name === "mode" ? cell.words : cell[name].replaceAll("_", " ")]));
      fill(selects[k], values.map((value) => [texts.get(value), value]));
      left = left.filter((cell) => cell[name] === selects[k].value);
    });
    fill(selects[3], left.map((cell) => [label(cell, left), String(data.cells.indexOf(cell))]));
    const cell = data.cells[Number(selects[3].value)];
    pictures.replaceChildren(samples(cell), quality(cell), loss(cell));
  }
  for (const select of selects) select.addEventListener("input", refresh);
  // Each list is filled by what those before it leave: four rounds settle a wanted cell.
  const start = data.cells[data.start];
  refresh();
  [start.study, start.dataset, start.mode, String(data.start)].forEach((value, k) => {
    selects[k].value = value;
    refresh();
  });
  document.getElementById("pick").hidden = false;
})();
