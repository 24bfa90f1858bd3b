// The page's state: a step, a state, an action, a colouring. Whatever changes, everything is drawn again.

const data = JSON.parse(document.getElementById("data").textContent);
const at = (id) => document.getElementById(id);
const choices = colourings(data);
const view = { t: 0, state: firstState(), action: 0, colouring: choices[0] };
let timer = null;

function firstState() {
  if (data.grid && data.grid.starts.length) return data.grid.starts[0];
  const begin = data.marginals ? data.marginals[0].map(numeric) : [1];
  return begin.indexOf(Math.max(...begin));
}

function bestAction() {
  if (view.t >= data.horizon) return 0;
  const row = data.policy[view.t][view.state].map(numeric);
  return Math.max(row.findIndex((p) => p === Math.max(...row)), 0);
}

function draw() {
  at("time").textContent = `${view.t} of ${data.horizon}`;
  at("slider").value = view.t;
  at("back").disabled = at("first").disabled = view.t === 0;
  at("forth").disabled = at("last").disabled = view.t === data.horizon;
  drawStrip(at("strip"), data, view.t);
  const coloured = `${atStep(view.colouring.name, view.t)}${view.colouring.unit ? ` [${view.colouring.unit}]` : ""}`;
  at("board-title").textContent = view.t < data.horizon ? `${coloured} and the policy at t = ${view.t}` : coloured;
  const focused = document.activeElement && document.activeElement.dataset.state;
  const colours = drawBoard(at("board"), data, view, (k) => move({ state: k }));
  if (focused !== undefined) {
    const again = at("board").querySelector(`[data-state="${focused}"]`);
    if (again) again.focus({ preventScroll: true });
  }
  drawLegend(colours);
  drawDetails(at("details-title"), at("details"), data, view, (a) => {
    view.action = a;
    draw();
  });
}

function drawLegend({ low, high, paint }) {
  const stops = [0, 0.25, 0.5, 0.75, 1].map((share) => css(paint(low + share * (high - low))));
  const scale = element("span", { class: "scale", style: `background: linear-gradient(to right, ${stops.join(", ")})` });
  at("legend").replaceChildren(shown(low), scale, shown(high));
}

function move(change) {
  Object.assign(view, change);
  view.t = Math.min(Math.max(view.t, 0), data.horizon);
  view.action = bestAction();
  draw();
}

// Messages run backwards in time: playing starts at the horizon and ends at the first step.
function play() {
  if (timer !== null) return stop();
  if (view.t === 0) move({ t: data.horizon });
  at("play").textContent = "❚❚ pause";
  timer = setInterval(() => {
    move({ t: view.t - 1 });
    if (view.t === 0) stop();
  }, 450);
  return undefined;
}

function stop() {
  clearInterval(timer);
  timer = null;
  at("play").textContent = "▶ play";
}

function step(change) {
  stop();
  move(change);
}

const KEYS = {
  ArrowLeft: () => step({ t: view.t - 1 }),
  ArrowRight: () => step({ t: view.t + 1 }),
  Home: () => step({ t: 0 }),
  End: () => step({ t: data.horizon }),
  " ": play,
};

at("summary").textContent =
  `${data.inference} inference, ${data.states.length} states, ${data.actions.length} actions, horizon ${data.horizon}` +
  (data.temperature === null ? "" : `, temperature ${data.temperature}`) +
  ". Messages run from the horizon backwards.";
at("slider").max = data.horizon;
at("slider").addEventListener("input", (event) => step({ t: Number(event.target.value) }));
at("first").addEventListener("click", KEYS.Home);
at("back").addEventListener("click", KEYS.ArrowLeft);
at("forth").addEventListener("click", KEYS.ArrowRight);
at("last").addEventListener("click", KEYS.End);
at("play").addEventListener("click", play);
choices.forEach((choice, k) => at("colouring").append(element("option", { value: k }, `${choice.name} ${choice.unit && `[${choice.unit}]`}`)));
at("colouring").addEventListener("change", (event) => move({ colouring: choices[Number(event.target.value)] }));
at("figures").textContent = data.figures;
document.addEventListener("keydown", (event) => {
  if (["INPUT", "SELECT", "BUTTON"].includes(event.target.tagName) || !(event.key in KEYS)) return;
  event.preventDefault();
  KEYS[event.key]();
});
// #t=10&state=3 opens the page at a step and a state.
const wanted = new URLSearchParams(location.hash.slice(1));
const start = { t: Number(wanted.get("t")) || 0 };
if (data.states[wanted.get("state")] !== undefined) start.state = Number(wanted.get("state"));
move(start);
