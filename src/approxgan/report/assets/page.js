"use strict";
// What the other scripts share: the data, numbers as texts, and files to save.
const page = (() => {
  function unpacked(element) {
    const bytes = Uint8Array.from(atob(element.textContent), (letter) => letter.charCodeAt(0));
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip")));
  }
  const missing = (value) => value === null || value === undefined || value === "";
  function show(value, digits = 3) {
    if (missing(value)) return "–";
    const size = Math.abs(value);
    if (size && (size < 1e-3 || size >= 1e5)) {
      const [first, power] = value.toExponential(digits - 1).split("e");
      const raised = `10${[...String(+power)].map((d) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[d] ?? "⁻").join("")}`;
      return (+first === 1 ? raised : `${+first}·${raised}`).replace("-", "−");
    }
    return String(+value.toPrecision(digits)).replace("-", "−");
  }
  function csv(rows) {
    const cell = (value) => {
      const text = missing(value) ? "" : String(value);
      return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    };
    return rows.map((row) => `${row.map(cell).join(",")}\n`).join("");
  }
  function save(name, kind, text) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: kind }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1e4);
  }
  function button(text, label, act) {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = text;
    made.setAttribute("aria-label", label);
    made.addEventListener("click", act);
    return made;
  }
  function element(name, text, more = {}) {
    const made = Object.assign(document.createElement(name), more);
    if (text !== undefined) made.textContent = text;
    return made;
  }
  const slug = (text) => text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "");
  const data = unpacked(document.getElementById("page-data")).json();
  return { data, unpacked, missing, show, csv, save, button, element, slug };
})();
