// Small helpers: numbers as people read them, colours, elements. No label ever becomes markup.

const SVG = "http://www.w3.org/2000/svg";
const MINUS_INFINITY = "-inf";

function numeric(x) {
  if (x === null || x === undefined) return NaN;
  if (x === MINUS_INFINITY) return -Infinity;
  return x === "inf" ? Infinity : x;
}

function shown(x, digits = 4) {
  const value = numeric(x);
  if (Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value < 0 ? "−∞" : "∞";
  const size = Math.abs(value);
  const text = size !== 0 && (size < 1e-3 || size >= 1e6) ? value.toExponential(2) : String(+value.toPrecision(digits));
  return text.replace("-", "−");
}

function element(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

function drawing(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  for (const child of children) node.append(child);
  return node;
}

// Viridis and Blues in nine steps; colours between them by straight lines.
const VIRIDIS = ["#440154", "#472d7b", "#3b528b", "#2c728e", "#21918c", "#28ae80", "#5ec962", "#addc30", "#fde725"];
const BLUES = ["#f7fbff", "#deebf7", "#c6dbef", "#9ecae1", "#6baed6", "#4292c6", "#2171b5", "#08519c", "#08306b"];

function channels(colour) {
  return [1, 3, 5].map((k) => parseInt(colour.slice(k, k + 2), 16));
}

function between(scale, share) {
  const at = Math.min(Math.max(share, 0), 1) * (scale.length - 1);
  const low = Math.min(Math.floor(at), scale.length - 2);
  const [a, b] = [channels(scale[low]), channels(scale[low + 1])];
  return a.map((x, k) => Math.round(x + (at - low) * (b[k] - x)));
}

function luminance(rgb) {
  const [r, g, b] = rgb.map((x) => (x / 255 <= 0.04045 ? x / 255 / 12.92 : ((x / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

// Black letters where they have the larger contrast (WCAG 2.1), white ones elsewhere.
function letters(rgb) {
  return luminance(rgb) > 0.179 ? "#000000" : "#ffffff";
}

function css(rgb) {
  return `rgb(${rgb.join(",")})`;
}
