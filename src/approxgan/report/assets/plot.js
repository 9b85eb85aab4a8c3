"use strict";
// Curves and points as SVG that stands alone: it can be saved as it is, with its data in it.
page.plot = (() => {
  const NS = "http://www.w3.org/2000/svg";
  const INK = "#1b1d21", SOFT = "#555b64", LINE = "#e3e6ea", TRUTH = "#b9bec6";
  const W = 460, H = 310, LEFT = 58, TOP = 14, BOTTOM = 42;
  const MOST = 26; // letters of a label

  function node(name, attributes, text) {
    const made = document.createElementNS(NS, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = text;
    return made;
  }
  const words = (svg, x, y, text, more = {}) =>
    svg.append(node("text", { x, y, fill: SOFT, "font-size": 12, "font-family": "sans-serif", ...more }, text));
  function drawing(label, rows, width = W, height = H) {
    const svg = node("svg", { xmlns: NS, viewBox: `0 0 ${width} ${height}`, class: "plot", role: "img", "aria-label": label });
    svg.append(node("title", {}, label), node("metadata", {}, page.csv(rows)));
    svg.append(node("rect", { width, height, fill: "#fff" }));
    return svg;
  }
  function spaced(low, high, count) {
    const room = high - low || 1;
    const power = 10 ** Math.floor(Math.log10(room / count));
    const step = [1, 2, 5, 10].map((k) => k * power).find((k) => k >= room / count);
    const found = [];
    for (let k = Math.ceil(low / step); k * step <= high + 1e-9 * room; k++) found.push(+(k * step).toPrecision(12));
    return found;
  }
  // With as many digits as tell them apart.
  function labelled(ticks) {
    const told = [3, 4, 6].map((digits) => ticks.map((v) => page.show(v, digits)));
    return told.find((texts) => new Set(texts).size === texts.length) ?? told[2];
  }
  // Logarithmic where the values are above 0 and span more than a factor of 30; else linear.
  function scale(values, from, to, always = false) {
    let [low, high] = values.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [Infinity, -Infinity]);
    const log = low > 0 && (always || high > 30 * low);
    if (low === high) [low, high] = log ? [low / 2, high * 2] : [low - 1, high + 1];
    const turn = log ? Math.log10 : (v) => v;
    const [a, b] = [turn(low), turn(high)];
    const pad = 0.04 * (b - a);
    let ticks = spaced(low, high, 4);
    if (log) {
      const [first, last] = [Math.floor(a), Math.ceil(b)];
      const every = Math.max(1, Math.ceil((last - first) / 5));
      const powers = Array.from({ length: Math.floor((last - first) / every) + 1 }, (_, k) => first + k * every);
      const marked = (marks) => powers.flatMap((p) => marks.map((m) => +(m * 10 ** p).toPrecision(3))).filter((v) => v >= low && v <= high);
      ticks = marked([1]);
      if (ticks.length < 3) ticks = marked([1, 2, 5]);
    }
    const texts = labelled(ticks);
    return { ticks: ticks.map((v, k) => [v, texts[k]]), at: (v) => +(from + ((turn(v) - a + pad) / (b - a + 2 * pad)) * (to - from)).toFixed(1) };
  }
  // lines: {name, colour, x, y, dash, thin, dots, label}. Labels stand at the right, one below the other.
  function curves(label, lines, { across, up, log = false, mark = null }) {
    const rows = [["line", across, up]];
    for (const line of lines) line.x.forEach((x, k) => rows.push([line.name, x, line.y[k]]));
    const svg = drawing(label, rows);
    const drawn = lines.map((line) => line.x.map((x, k) => [x, line.y[k]])
      .filter(([x, y]) => !page.missing(x) && !page.missing(y) && (!log || x > 0)));
    const named = lines.map((line, k) => ({ ...line, points: drawn[k] })).filter((line) => line.label && line.points.length);
    const right = W - (named.length ? 12 + 6.3 * Math.min(MOST, Math.max(...named.map((line) => line.label.length))) : 14);
    const all = drawn.flat();
    if (!all.length) {
      words(svg, W / 2, H / 2, "nothing to draw", { "text-anchor": "middle" });
      return svg;
    }
    const x = scale(all.map((p) => p[0]), LEFT, right, log), y = scale(all.map((p) => p[1]), H - BOTTOM, TOP);
    for (const [v, text] of y.ticks) {
      svg.append(node("path", { d: `M${LEFT} ${y.at(v)}H${right}`, stroke: LINE }));
      words(svg, LEFT - 6, y.at(v) + 4, text, { "text-anchor": "end" });
    }
    for (const [v, text] of x.ticks) words(svg, x.at(v), H - BOTTOM + 16, text, { "text-anchor": "middle" });
    svg.append(node("path", { d: `M${LEFT} ${TOP}V${H - BOTTOM}H${right}`, stroke: TRUTH, fill: "none" }));
    words(svg, (LEFT + right) / 2, H - 6, across, { "text-anchor": "middle" });
    words(svg, 0, 0, up, { "text-anchor": "middle", transform: `translate(12 ${(H - BOTTOM + TOP) / 2}) rotate(-90)` });
    if (mark !== null && x.at(mark) > LEFT && x.at(mark) < right) {
      svg.append(node("path", { d: `M${x.at(mark)} ${TOP}V${H - BOTTOM}`, stroke: INK, "stroke-dasharray": "3 3" }));
    }
    lines.forEach((line, k) => {
      const d = drawn[k].map(([a, b], n) => `${n ? "L" : "M"}${x.at(a)} ${y.at(b)}`).join("");
      const look = { fill: "none", stroke: line.colour, "stroke-width": line.thin ? 1 : 2.2, "stroke-opacity": line.thin ? 0.35 : 1, "stroke-linejoin": "round" };
      if (d) svg.append(node("path", { d, ...look, ...(line.dash ? { "stroke-dasharray": line.dash } : {}) }));
      const dots = line.dots ? drawn[k].map(([a, b]) => `M${x.at(a)} ${y.at(b)}h0`).join("") : "";
      if (dots) svg.append(node("path", { d: dots, stroke: line.colour, "stroke-width": 6, "stroke-linecap": "round" }));
    });
    let free = TOP + 4;
    for (const line of named.sort((a, b) => y.at(a.points.at(-1)[1]) - y.at(b.points.at(-1)[1]))) {
      const [px, py] = [x.at(line.points.at(-1)[0]), y.at(line.points.at(-1)[1])];
      const at = Math.max(free, py + 4);
      free = at + 13;
      svg.append(node("path", { d: `M${px} ${py}L${right + 2} ${at - 4}`, stroke: line.colour, "stroke-width": 0.7, "stroke-opacity": 0.5 }));
      words(svg, right + 5, at, line.label.length > MOST ? `${line.label.slice(0, MOST - 1)}…` : line.label, { fill: line.colour });
    }
    return svg;
  }
  // Samples over the true points of their data set, in its frame.
  function cloud(label, frame, made, side, colour) {
    const rows = [["points", "x", "y"]];
    const value = (v, k) => +(frame.low[k] + (v / side) * frame.size).toPrecision(5);
    for (const [name, set] of [["true", frame], ["generated", made]]) {
      set.x.forEach((v, k) => rows.push([name, value(v, 0), value(set.y[k], 1)]));
    }
    const svg = drawing(label, rows);
    const room = H - TOP - BOTTOM, left = (W - room) / 2;
    const px = (v) => (left + (v / side) * room).toFixed(1), py = (v) => (H - BOTTOM - (v / side) * room).toFixed(1);
    svg.append(node("rect", { x: left, y: TOP, width: room, height: room, fill: "none", stroke: LINE }));
    for (const [set, stroke, width] of [[frame, TRUTH, 3], [made, colour, 4]]) {
      const d = set.x.map((v, k) => `M${px(v)} ${py(set.y[k])}h0`).join("");
      svg.append(node("path", { d, stroke, "stroke-width": width, "stroke-linecap": "round", "stroke-opacity": 0.75 }));
    }
    for (const v of spaced(frame.low[0], frame.low[0] + frame.size, 4)) words(svg, px(((v - frame.low[0]) / frame.size) * side), H - BOTTOM + 16, page.show(v), { "text-anchor": "middle" });
    for (const v of spaced(frame.low[1], frame.low[1] + frame.size, 4)) words(svg, left - 6, +py(((v - frame.low[1]) / frame.size) * side) + 4, page.show(v), { "text-anchor": "end" });
    return svg;
  }
  // A figure with a title, a caption, and buttons that save what is drawn.
  function figure(title, caption, svg) {
    const box = page.element("figure");
    box.append(page.element("h3", title));
    if (svg) box.append(svg, saves(title, svg));
    box.append(page.element("figcaption", caption));
    return box;
  }
  function saves(title, svg) {
    const box = page.element("div", undefined, { className: "saves screen" });
    box.append(
      page.button("svg", `Save ${title} as svg`, () => page.save(`${page.slug(title)}.svg`, "image/svg+xml", new XMLSerializer().serializeToString(svg))),
      page.button("csv", `Save the data of ${title} as csv`, () => page.save(`${page.slug(title)}.csv`, "text/csv", svg.querySelector("metadata").textContent)),
    );
    return box;
  }
  return { curves, cloud, figure, saves };
})();
