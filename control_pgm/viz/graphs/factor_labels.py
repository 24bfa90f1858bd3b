"""Short labels of factors, built from their scope: p(s'|s,a), exp(r/α), φ(x,y). Strings only."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence

from control_pgm.control.network.control_network import ControlNetwork
from control_pgm.models.bayesian_network import BayesianNetwork
from control_pgm.models.cpd import CPD
from control_pgm.models.factor_graph import Model
from control_pgm.tables.factor import Factor
from control_pgm.tables.variable import Variable
from control_pgm.viz.base import style

_LONGEST = 4  # names in one label
_PRIMES = 2


def factor_labels(model: Model, evidence: Mapping[str, Hashable]) -> list[str]:
    """One mathtext label, without the dollars, per table of the model.

    >>> from control_pgm import gridworld, unroll
    >>> net = unroll(gridworld("S.G"), 1)
    >>> factor_labels(net, net.optimal)
    ['p(s_{0})', 'p(a)', "p(s'|s,a)", '\\\\exp(r/\\\\alpha)']
    """
    begins = _initial(model) if isinstance(model, BayesianNetwork) else frozenset()
    optimal = frozenset(model.optimal) if isinstance(model, ControlNetwork) else frozenset()
    paid = optimal & set(evidence)
    return [_label(table, evidence, paid, begins) for table in model.tables]


def product_label(labels: Sequence[str]) -> str:
    """The label of a product: two factors a line, equal ones once, in mathtext with dollars."""
    distinct = list(dict.fromkeys(labels))
    shown = distinct if len(distinct) <= 6 else [*distinct[:5], r"\ldots"]
    lines = [r"\,\cdot\,".join(shown[i : i + 2]) for i in range(0, len(shown), 2)]
    return "\n".join(f"${line}$" for line in [*(rf"{line}\,\cdot" for line in lines[:-1]), lines[-1]])


def label_ems(label: str) -> tuple[float, int]:
    """The rough width in ems and the number of lines of a label."""
    lines = label.split("\n")
    for command in (
        "\\mathrm",
        "\\mathcal",
        "\\cdot",
        "\\alpha",
        "\\exp",
        "\\phi",
        "\\ldots",
        "{",
        "}",
        "\\,",
        "$",
        "_",
    ):
        short = {"\\cdot": "·", "\\alpha": "α", "\\exp": "exp", "\\phi": "φ", "\\ldots": "…", "\\,": ""}.get(
            command, ""
        )
        lines = [line.replace(command, short) for line in lines]
    return 0.56 * max(map(len, lines)), len(lines)


def _initial(model: BayesianNetwork) -> frozenset[str]:
    """The roots whose row goes on with a transition: they keep their index, p(s_0)."""
    going_on = {_stem(cpd.child) for cpd in model.cpds if cpd.parents}
    return frozenset(c.child.name for c in model.cpds if not c.parents and _stem(c.child) in going_on)


def _stem(variable: Variable) -> str:
    return variable.name.removesuffix(f"_{variable.time}")


def _label(table: Factor, evidence: Mapping[str, Hashable], optimal: Collection[str], begins: Collection[str]) -> str:
    start = min((v.time for v in table.variables if v.time is not None), default=0)
    alone = len(table.variables) == 1
    names = [_name(v, start, evidence, keep=alone and v.name in begins) for v in table.variables]
    if not isinstance(table, CPD):
        return rf"\phi({','.join(names)})" if len(names) <= _LONGEST else r"\phi"
    if table.child.name in optimal:
        return r"\exp(r/\alpha)"
    given = ",".join(names[:-1]) if len(names) <= _LONGEST else r"\ldots"
    return f"p({names[-1]}|{given})" if given else f"p({names[-1]})"


def _name(variable: Variable, start: int, evidence: Mapping[str, Hashable], *, keep: bool) -> str:
    """A variable relative to the slice of its factor: s, and s' one slice later."""
    later = 0 if variable.time is None else variable.time - start
    if variable.time is None or keep or later > _PRIMES:
        text = style.symbol(variable.name)
    else:
        stem = style.symbol(_stem(variable), index="")
        text = stem + "'" * later if stem else ""
    text = text or rf"\mathrm{{{_escape(variable.name)}}}"
    if variable.name in evidence:
        text += rf"{{=}}\mathrm{{{_escape(str(evidence[variable.name]))}}}"
    return text


def _escape(text: str) -> str:
    short = text if len(text) <= 10 else text[:9] + "…"
    known = "".join([letter for letter in short if letter.isprintable() and letter not in "\\{}$%#&^~"])
    return known.replace("_", r"\_").replace(" ", r"\ ") or "?"
