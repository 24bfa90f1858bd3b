"""Control as inference: decision processes as explicit graphical models, solved by message passing.

A finite Markov decision process is unrolled to a Bayesian network over states s_t, actions a_t and optimality variables
O_t; policies and values are answers to ordinary queries of that network, given O=1. Five lines to begin with:

>>> from control_pgm import gridworld, query, solve
>>> mdp = gridworld("S..\\n.#.\\n..G", slip=0.1)
>>> solution = solve(mdp, horizon=6, temperature=0.2)
>>> solution.greedy().sel(t=0, s="(1,0)"), round(float(solution.V.sel(t=0, s="(0,0)")), 3)
('down', 0.406)
>>> print(query(solution.network, "a_3 | s_3=(1,2), O=1"))
a_3      value
─────  ───────
left     0.216
down    0.5133
right    0.216
up     0.05465

Where to look
-------------
A process
    `MDP`, `MDP.from_outcomes`, `MDP.from_frame` (data frames), `MDP.from_transitions` (logs), `gridworld`,
    `from_gymnasium`, `from_samples`, `load`; with hidden states `POMDP`.
Policies and values
    `solve` over a horizon, with ``inference="posterior"``, ``"variational"``, ``"bellman"``, ``"planning"``,
    ``"map"`` or ``"marginal-map"``; `solve_infinite` and `solve_average` without a last step; `solve_many` for many.
What a policy really gets
    `evaluate`, `simulate`, `optimism_report`.
Any question to any discrete model
    `unroll`, `BayesianNetwork`, `FactorGraph`, `TwoSliceTemplate`; `infer(model, evidence)`, `query(model, "x | y=1")`,
    `marginal_map`, `trace`. Tables by `deterministic`, `noisy_or`, `noisy_max`, `uniform`; interventions by `do`;
    uncertain evidence as likelihoods, or by `jeffrey`. `solve_influence_diagram` decides.
To check, to see, to keep
    `crosscheck` against other engines; ``plot_…``, `explore`; `save`, `load`, `save_network`, `load_network`;
    ``.to_frame()`` and ``.to_xarray()`` of results.
On the command line
    ``control-pgm --help``.

``help(control_pgm.solve)`` and its like have the formulas, the units, the errors and an example. Every error says what
is wrong, what is allowed, and what to do.
"""

from typing import TYPE_CHECKING

from control_pgm import errors
from control_pgm._version import __version__
from control_pgm.lazy import lazily

if TYPE_CHECKING:
    from control_pgm.control import (
        MDP,
        Bound,
        ControlModel,
        ControlNetwork,
        DecisionSolution,
        Evaluation,
        InfluenceDiagram,
        ModelNetwork,
        ModelSolution,
        OptimismReport,
        PolicyIteration,
        Reward,
        Solution,
        Solutions,
        Trajectories,
        constraint,
        evaluate,
        optimal_policy,
        optimism_report,
        simulate,
        soft_policy_iteration,
        solve,
        solve_influence_diagram,
        solve_many,
        unroll,
        variational_bound,
    )
    from control_pgm.control.infinite import AverageSolution, StationarySolution, solve_average, solve_infinite
    from control_pgm.control.linearly_solvable import (
        DesirabilitySolution,
        LinearlySolvable,
        passive_process,
        solve_linearly_solvable,
    )
    from control_pgm.control.partially_observed import POMDP, BeliefSolution, StationaryBeliefSolution, belief_update
    from control_pgm.explorer import explore
    from control_pgm.inference import (
        LoopyOptions,
        LoopyPosterior,
        LoopyReport,
        MarginalMap,
        Marginals,
        Mode,
        ModeEstimate,
        Plan,
        Posterior,
        Samples,
        infer,
        infer_many,
        jeffrey,
        marginal_map,
        plan,
        query,
        trace,
    )
    from control_pgm.interop import (
        Report,
        Sampled,
        SavedSolution,
        crosscheck,
        from_bif,
        from_gymnasium,
        from_pyagrum,
        from_samples,
        from_uai,
        load,
        load_evidence,
        load_network,
        load_query,
        load_solution,
        save,
        save_network,
        save_solution,
        to_bif,
        to_dot,
        to_pgmpy,
        to_tikz,
        to_uai,
    )
    from control_pgm.models import (
        CPD,
        BayesianNetwork,
        DynamicBayesianNetwork,
        FactorGraph,
        SliceMemory,
        TwoSliceTemplate,
        d_separated,
        deterministic,
        do,
        memory,
        noisy_max,
        noisy_or,
        prune,
        uniform,
    )
    from control_pgm.problems import (
        crying_baby,
        forest,
        gambler,
        game_of_life,
        gridworld,
        navigation,
        puterman_two_state,
        russell_norvig_grid,
        sutton_barto_grid,
        sysadmin,
        tiger,
    )
    from control_pgm.tables import Factor, LabelledArray, SparseFactor, Variable
    from control_pgm.viz import (
        animate_messages,
        plot_belief_values,
        plot_clusters,
        plot_comparison,
        plot_crosscheck,
        plot_factor_graph,
        plot_flow,
        plot_marginals,
        plot_messages,
        plot_network,
        plot_optimism,
        plot_policy,
        plot_temperature,
        plot_template,
        plot_trajectories,
        plot_transitions,
        plot_values,
        save_picture,
    )


__all__ = [
    "AverageSolution",
    "BayesianNetwork",
    "BeliefSolution",
    "Bound",
    "CPD",
    "ControlModel",
    "ControlNetwork",
    "DecisionSolution",
    "DesirabilitySolution",
    "DynamicBayesianNetwork",
    "Evaluation",
    "Factor",
    "FactorGraph",
    "InfluenceDiagram",
    "LabelledArray",
    "LinearlySolvable",
    "LoopyOptions",
    "LoopyPosterior",
    "LoopyReport",
    "MDP",
    "MarginalMap",
    "Marginals",
    "Mode",
    "ModeEstimate",
    "ModelNetwork",
    "ModelSolution",
    "OptimismReport",
    "POMDP",
    "Plan",
    "PolicyIteration",
    "Posterior",
    "Report",
    "Reward",
    "Sampled",
    "Samples",
    "SavedSolution",
    "SliceMemory",
    "Solution",
    "Solutions",
    "SparseFactor",
    "StationaryBeliefSolution",
    "StationarySolution",
    "Trajectories",
    "TwoSliceTemplate",
    "Variable",
    "__version__",
    "animate_messages",
    "belief_update",
    "constraint",
    "crosscheck",
    "crying_baby",
    "d_separated",
    "deterministic",
    "do",
    "errors",
    "evaluate",
    "explore",
    "forest",
    "from_bif",
    "from_gymnasium",
    "from_pyagrum",
    "from_samples",
    "from_uai",
    "gambler",
    "game_of_life",
    "gridworld",
    "infer",
    "infer_many",
    "jeffrey",
    "load",
    "load_evidence",
    "load_network",
    "load_query",
    "load_solution",
    "marginal_map",
    "memory",
    "navigation",
    "noisy_max",
    "noisy_or",
    "optimal_policy",
    "optimism_report",
    "passive_process",
    "plan",
    "plot_belief_values",
    "plot_clusters",
    "plot_comparison",
    "plot_crosscheck",
    "plot_factor_graph",
    "plot_flow",
    "plot_marginals",
    "plot_messages",
    "plot_network",
    "plot_optimism",
    "plot_policy",
    "plot_temperature",
    "plot_template",
    "plot_trajectories",
    "plot_transitions",
    "plot_values",
    "prune",
    "puterman_two_state",
    "query",
    "russell_norvig_grid",
    "save",
    "save_network",
    "save_picture",
    "save_solution",
    "simulate",
    "soft_policy_iteration",
    "solve",
    "solve_average",
    "solve_infinite",
    "solve_influence_diagram",
    "solve_linearly_solvable",
    "solve_many",
    "sutton_barto_grid",
    "sysadmin",
    "tiger",
    "to_bif",
    "to_dot",
    "to_pgmpy",
    "to_tikz",
    "to_uai",
    "trace",
    "uniform",
    "unroll",
    "variational_bound",
]

# Each part imports the parts before it: what a question does not need is not loaded.
_PARTS = [
    "tables",
    "models",
    "inference",
    "control",
    "control.infinite",
    "control.linearly_solvable",
    "control.partially_observed",
    "problems",
    "interop",
    "viz",
    "explorer",
]

if not TYPE_CHECKING:  # type checkers know the imports above, and no other name
    __getattr__, __dir__ = lazily(__name__, __all__, _PARTS)
