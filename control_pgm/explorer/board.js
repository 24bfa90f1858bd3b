// The states at one step: a grid seen from above, or a table. Colour tells a value, glyphs tell the policy.

const CELL = 76;
const FAINT = 0.02; // probabilities below this have no arrow

function colourings(data) {
  const all = data.V ? [{ key: "V", name: "V_t(s)", unit: "reward", scale: VIRIDIS }] : [];
  if (data.logBackward) all.push({ key: "logBackward", name: "log β_t(s)", unit: "nats", scale: VIRIDIS });
  if (data.marginals) all.push({ key: "marginals", name: data.logBackward ? "p(s_t | O=1)" : "p(s_t)", unit: "", scale: BLUES });
  return all;
}

// The name of a quantity with its step: V_t(s) at step 3 is V_3(s).
function atStep(name, t) {
  return name.replaceAll("_t", `_${t}`);
}

// Ends are drawn white and do not stretch the scale, nor do states that are not drawn.
function painter(values, colouring, grid) {
  const drawn = new Set(grid ? grid.cells.map(([k]) => k).filter((k) => !(k in grid.ends)) : values.keys());
  const finite = values.filter((x, k) => Number.isFinite(x) && drawn.has(k));
  const probability = colouring.key === "marginals";
  const low = probability ? 0 : Math.min(...finite);
  const high = probability ? 1 : Math.max(...finite);
  const paint = (x) => {
    if (!Number.isFinite(x)) return [255, 255, 255];
    const share = high > low ? (x - low) / (high - low) : 0.5;
    return between(colouring.scale, probability ? Math.sqrt(share) : share);
  };
  return { low, high, paint };
}

function drawBoard(host, data, view, choose) {
  const values = data[view.colouring.key][view.t].map(numeric);
  const colours = painter(values, view.colouring, data.grid);
  host.replaceChildren(data.grid ? gridBoard(data, view, values, colours, choose) : tableBoard(data, view, values, colours, choose));
  const absent = data.grid ? absentStates(data).map((k) => `${data.states[k]}: ${shown(values[k])}`) : [];
  if (absent.length) host.append(element("p", { class: "note" }, `not on the grid: ${absent.slice(0, 3).join(", ")}${absent.length > 3 ? " …" : ""}`));
  return colours;
}

function absentStates(data) {
  const cells = new Set(data.grid.cells.map(([k]) => k));
  return data.states.map((_, k) => k).filter((k) => !cells.has(k));
}

// --- grid ----------------------------------------------------------------------------------------------------------
function gridBoard(data, view, values, colours, choose) {
  const [rows, columns] = data.grid.shape;
  const svg = drawing("svg", { viewBox: `0 0 ${columns * CELL} ${rows * CELL}`, style: `max-width: ${columns * CELL}px` });
  svg.append(hatching());
  for (const [row, column] of data.grid.walls) {
    svg.append(drawing("rect", { x: column * CELL, y: row * CELL, width: CELL, height: CELL, fill: "url(#hatch)" }));
  }
  for (const [k, row, column] of data.grid.cells) {
    svg.append(cell(data, view, k, [column * CELL, row * CELL], values[k], colours, choose));
  }
  return svg;
}

function cell(data, view, k, [x, y], value, colours, choose) {
  const end = data.grid.ends[k];
  const fill = end ? [255, 255, 255] : colours.paint(value);
  const ink = letters(fill);
  const name = `${data.states[k]}: ${atStep(view.colouring.name, view.t)} = ${shown(value)}`;
  const group = drawing("g", { class: "cell", tabindex: 0, role: "button", "aria-label": name, "data-state": k });
  group.append(drawing("title", {}, document.createTextNode(name)));
  group.append(drawing("rect", { x: x + 1, y: y + 1, width: CELL - 2, height: CELL - 2, fill: css(fill) }));
  group.append(words(shown(value, 3), x + 5, y + 15, 12, ink, "start"));
  if (data.grid.starts.includes(k)) group.append(words("S", x + CELL - 6, y + 15, 12, ink, "end"));
  const mark = { goal: "★", hole: "✕", end: "■" }[end];
  if (mark) group.append(words(mark, x + CELL / 2, y + CELL / 2 + 11, 30, ink, "middle"));
  else if (view.t < data.horizon) glyph(group, data, data.policy[view.t][k].map(numeric), [x + CELL / 2, y + CELL / 2 + 8], ink);
  if (k === view.state) group.classList.add("chosen");
  group.addEventListener("click", () => choose(k));
  group.addEventListener("keydown", (event) => {
    if (event.key === "Enter") choose(k);
  });
  return group;
}

// One arrow per action, as long as the action is probable; a question mark where no action is optimal.
function glyph(group, data, policy, [x, y], ink) {
  if (policy.some(Number.isNaN)) {
    group.append(words("?", x, y + 7, 20, ink, "middle"));
    return;
  }
  if (!data.moves) {
    const best = policy.indexOf(Math.max(...policy));
    group.append(words(data.actions[best].slice(0, 9), x, y + 5, 13, ink, "middle"));
    return;
  }
  policy.forEach((p, a) => {
    if (p < FAINT) return;
    const [dx, dy] = [data.moves[a][0], -data.moves[a][1]];
    const reach = 4 + 23 * p, half = 2 + 5 * p;
    const points = [[x + dx * reach, y + dy * reach], [x - dy * half, y + dx * half], [x + dy * half, y - dx * half]];
    group.append(drawing("polygon", { points: points.map((p) => p.join(",")).join(" "), fill: ink }));
  });
}

function words(text, x, y, size, fill, anchor) {
  return drawing("text", { x, y, "font-size": size, fill, "text-anchor": anchor }, document.createTextNode(text));
}

function hatching() {
  const look = { id: "hatch", width: 9, height: 9, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" };
  const line = drawing("line", { x1: 0, y1: 0, x2: 0, y2: 9, stroke: "var(--wall)", "stroke-width": 2.4 });
  return drawing("defs", {}, drawing("pattern", look, line));
}

// --- table ---------------------------------------------------------------------------------------------------------
function tableBoard(data, view, values, colours, choose) {
  const table = element("table");
  const head = element("tr", {}, ...["state", atStep(view.colouring.name, view.t)].map((name) => element("th", {}, name)));
  if (view.t < data.horizon) for (const action of data.actions) head.append(element("th", {}, `π(${action})`));
  table.append(element("thead", {}, head));
  const body = element("tbody");
  data.states.forEach((name, k) => {
    const fill = colours.paint(values[k]);
    const value = element("td", { style: `background: ${css(fill)}; color: ${letters(fill)}` }, shown(values[k]));
    const row = element("tr", { class: "pick", tabindex: 0, "data-state": k }, element("td", {}, name), value);
    if (view.t < data.horizon) for (const p of data.policy[view.t][k]) row.append(element("td", {}, shown(p, 3)));
    if (k === view.state) row.classList.add("chosen");
    row.addEventListener("click", () => choose(k));
    row.addEventListener("keydown", (event) => {
      if (event.key === "Enter") choose(k);
    });
    body.append(row);
  });
  table.append(body);
  return element("div", { class: "scroll" }, table);
}
