// The unrolled network around the current step: the ends, the neighbours of t, dots for what lies between.

const COLUMN = 128, RADIUS = 22;
const ROWS = { O: 34, a: 110, s: 186 };
const SHIFT = { O: COLUMN / 2, a: COLUMN / 2, s: 0 };
const KIND = { s: "state", a: "action", O: "optimality" };

function visibleTimes(t, horizon) {
  const wanted = new Set([0, 1, t - 1, t, t + 1, horizon - 1, horizon]);
  const times = [...wanted].filter((k) => k >= 0 && k <= horizon).sort((a, b) => a - b);
  // A gap of one slice is not worth its dots.
  return times.flatMap((k, i) => (i && k - times[i - 1] === 2 ? [k - 1, k] : [k]));
}

function drawStrip(svg, data, t) {
  const times = visibleTimes(t, data.horizon);
  const places = new Map();
  const shapes = [];
  let x = 40;
  times.forEach((time, i) => {
    if (i && time - times[i - 1] > 1) {
      for (const y of Object.values(ROWS)) shapes.push(label("…", x + COLUMN * 0.1, y, 22));
      x += COLUMN * 0.75;
    }
    for (const base of Object.keys(ROWS)) {
      if (hasNode(base, time, data)) places.set(`${base}_${time}`, [x + (time < data.horizon ? SHIFT[base] : 0), ROWS[base]]);
    }
    x += COLUMN;
  });
  for (const time of times) for (const [from, to] of data.edges) edge(shapes, places, named(from, time), named(to, time));
  if (data.last) edge(shapes, places, `s_${data.horizon}`, `O_${data.horizon}`);
  for (const [name, [cx, cy]] of places) shapes.push(circle(name, cx, cy, t, data));
  const [cx] = places.get(`s_${t}`);
  shapes.push(message(t < data.horizon ? [data.logBackward ? "◀ β" : "◀ V", t] : ["here it begins", ""], cx));
  svg.setAttribute("viewBox", `0 0 ${x - COLUMN / 2 + 40} 244`);
  svg.replaceChildren(arrowHead(), ...shapes);
}

function hasNode(base, time, data) {
  return base === "s" || time < data.horizon || (base === "O" && data.last);
}

function named(name, t) {
  return name.endsWith("'") ? `${name.slice(0, -1)}_${t + 1}` : `${name}_${t}`;
}

function circle(name, x, y, t, data) {
  const [base, time] = [name[0], Number(name.slice(2))];
  const current = base === "s" && time === t;
  const fill = current ? "asked" : base === "O" ? "observed" : "plain";
  const done = base === "O" ? 1.5 : time >= t ? 4 : 1.5; // messages have come from here
  const node = drawing("circle", { cx: x, cy: y, r: RADIUS, fill: `var(--${fill})`, stroke: `var(--${KIND[base]})`, "stroke-width": done });
  const text = label(base, x, y, 16, current ? "#000000" : "var(--text)");
  text.append(index(time));
  return drawing("g", {}, drawing("title", {}, document.createTextNode(`${name}: ${KIND[base]}`)), node, text);
}

function message([name, t], x) {
  const text = label(name, x, ROWS.s + RADIUS + 18, 16, "var(--action)");
  text.append(index(t));
  return text;
}

function index(t) {
  return drawing("tspan", { dy: 5, "font-size": 11 }, document.createTextNode(String(t)));
}

function label(text, x, y, size, fill = "var(--text)") {
  const look = { x, y: y + size / 3, "font-size": size, fill, "text-anchor": "middle" };
  return drawing("text", look, document.createTextNode(text));
}

function edge(shapes, places, from, to) {
  if (!places.has(from) || !places.has(to)) return;
  const [[x0, y0], [x1, y1]] = [places.get(from), places.get(to)];
  const length = Math.hypot(x1 - x0, y1 - y0);
  const [dx, dy] = [((x1 - x0) / length) * (RADIUS + 2), ((y1 - y0) / length) * (RADIUS + 2)];
  const line = { x1: x0 + dx, y1: y0 + dy, x2: x1 - dx * 1.15, y2: y1 - dy * 1.15 };
  shapes.push(drawing("line", { ...line, stroke: "var(--ink)", "stroke-width": 1.3, "marker-end": "url(#head)" }));
}

function arrowHead() {
  const look = { id: "head", viewBox: "0 0 10 10", refX: 9, refY: 5, markerWidth: 8, markerHeight: 8, orient: "auto" };
  return drawing("defs", {}, drawing("marker", look, drawing("path", { d: "M0 1L10 5L0 9z", fill: "var(--ink)" })));
}
