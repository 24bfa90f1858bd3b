// The message that one state receives, with the terms that make it.

const FORMULAS = {
  posterior: (t) => [
    `β_${t}(s) = Σ_a p(a|s) β_${t}(s,a)`,
    `β_${t}(s,a) = Σ_s' P(s'|s,a) p(O_${t}=1|s,a,s') β_${t + 1}(s')`,
    `π(a|s) = p(a|s) β_${t}(s,a) / β_${t}(s)`,
  ],
  variational: (t) => [
    `V_${t}(s) = α log Σ_a p(a|s) exp(Q_${t}(s,a)/α)`,
    `Q_${t}(s,a) = Σ_s' P(s'|s,a) (r + V_${t + 1}(s'))`,
    `π(a|s) = p(a|s) exp((Q_${t}(s,a) − V_${t}(s))/α)`,
  ],
  bellman: (t) => [`V_${t}(s) = max_a Q_${t}(s,a)`, `Q_${t}(s,a) = Σ_s' P(s'|s,a) (r + V_${t + 1}(s'))`],
  planning: (t) => [`V_${t}(s) = max_a Q_${t}(s,a)`, `Q_${t}(s,a) = (1/λ) log Σ_s' P(s'|s,a) exp(λ (r + V_${t + 1}(s')))`],
  map: (t) => [
    `V_${t}(s) = max_a (α log p(a|s) + Q_${t}(s,a))`,
    `Q_${t}(s,a) = max_s' (α log P(s'|s,a) + r + V_${t + 1}(s'))`,
  ],
};

const UNINFORMED = ["bellman", "planning"]; // these maximise over actions without a prior

// Log-messages differ in late digits.
const DIGITS = 6;

function drawDetails(title, host, data, view, chooseAction) {
  const { t, state } = view;
  title.textContent = `s_${t} = ${data.states[state]}`;
  const figures = colourings(data).map(({ key, name }) => `${atStep(name, t)} = ${shown(data[key][t][state], DIGITS)}`);
  const line = element("p", { class: "figures" }, figures.join("    "));
  if (t === data.horizon) {
    host.replaceChildren(line, element("p", { class: "note" }, "The horizon: messages begin here."));
    return;
  }
  const formula = element("p", { class: "formula" }, formulas(data, t).join("\n"));
  host.replaceChildren(line, formula, actionTable(data, view, chooseAction), outcomeTable(data, view));
}

// Discount ends the process after each reward with probability 1 − γ; what follows then is reward 0.
function formulas(data, t) {
  const lines = (FORMULAS[data.inference] || (() => []))(t);
  if (data.discount === 1) return lines;
  const [beta, value] = [`β_${t + 1}(s')`, `V_${t + 1}(s')`];
  const expected = ["variational", "bellman"].includes(data.inference);
  const discounted = lines.map((line) => (expected ? line.replace(value, `γ ${value}`) : line.replace(beta, `(γ ${beta} + (1 − γ) β_${t + 1}(end))`)));
  const ended = data.logEnded ? `; log β_${t + 1}(end) = ${shown(data.logEnded[t + 1], DIGITS)}` : "";
  return [...discounted, `the process goes on with probability γ = ${shown(data.discount)}${ended}`];
}

// p(a|s); null where the type of inference has none.
function priorAt(data, t, state) {
  return UNINFORMED.includes(data.inference) ? null : data.prior[Math.min(t, data.prior.length - 1)][state];
}

function actionTable(data, view, chooseAction) {
  const { t, state } = view;
  const prior = priorAt(data, t, state);
  const value = data.logBackward ? `log β_${t}(s,a)` : `Q_${t}(s,a)`;
  const table = element("table", {}, headOf(["action", ...(prior ? ["p(a|s)"] : []), value, "π(a|s)"]));
  data.actions.forEach((name, a) => {
    const p = numeric(data.policy[t][state][a]);
    const bar = element("span", { class: "bar", style: `width: ${Number.isNaN(p) ? 0 : (4 * p).toFixed(2)}em` });
    const row = element(
      "tr",
      { class: "pick", tabindex: 0 },
      element("td", {}, name),
      ...(prior ? [element("td", {}, shown(prior[a]))] : []),
      element("td", {}, shown(data.terms[t][state][a], DIGITS)),
      element("td", { style: "text-align: left" }, shown(p), bar),
    );
    if (a === view.action) row.classList.add("chosen");
    row.addEventListener("click", () => chooseAction(a));
    row.addEventListener("keydown", (event) => {
      if (event.key === "Enter") chooseAction(a);
    });
    table.append(row);
  });
  return table;
}

function outcomeTable(data, view) {
  const { t, state, action } = view;
  const outcomes = data.outcomes[Math.min(t, data.outcomes.length - 1)][state][action];
  const heading = element("h2", {}, `where ${data.actions[action]} leads`);
  const prior = priorAt(data, t, state);
  if (!outcomes.length || (prior && prior[action] === 0)) return element("div", {}, heading, element("p", { class: "note" }, "Not available here."));
  const [name, values] = data.logBackward ? ["log β", data.logBackward] : ["V", data.V];
  const table = element("table", {}, headOf(["s'", "P(s'|s,a)", "r", `${name}_${t + 1}(s')`]));
  for (const [next, p, reward] of outcomes) {
    const cells = [data.states[next], shown(p), shown(reward), shown(values[t + 1][next], DIGITS)];
    table.append(element("tr", {}, ...cells.map((text) => element("td", {}, text))));
  }
  return element("div", {}, heading, table);
}

function headOf(names) {
  return element("tr", {}, ...names.map((name) => element("th", {}, name)));
}
