"""Random control models, and the flat processes that they are equal to."""

import numpy as np

from control_pgm import CPD, MDP, ControlModel, Reward, Variable

SIZES = {"x": 3, "y": 2, "u": 2, "v": 3}


def rows(rng, *shape, zeros=0.0):
    table = rng.dirichlet(np.ones(shape[-1]), shape[:-1])
    table = np.where(rng.random(table.shape) < zeros, 0.0, table)
    table[table.sum(axis=-1) == 0, 0] = 1.0
    return table / table.sum(axis=-1, keepdims=True)


def factored(seed, *, zeros=0.0):
    """Two states, two actions of which the second sees the first, rewards over parts; and the flat process.

    The flat process has the states (x, y), the actions (u, v), and the same distribution over trajectories.
    """
    rng = np.random.default_rng([seed, 71])
    x, y = (Variable(name, SIZES[name], kind="state") for name in "xy")
    x1, y1 = (Variable(f"{name}'", SIZES[name], kind="state") for name in "xy")
    u, v = (Variable(name, SIZES[name], kind="action") for name in "uv")
    p_x, p_y = rows(rng, 3, zeros=zeros), rows(rng, 3, 2, zeros=zeros)
    p_u, p_v = rows(rng, 3, 2), rows(rng, 2, 2, 3)
    t_x, t_y = rows(rng, 3, 2, 3, zeros=zeros), rows(rng, 2, 3, 2, 3, 2, zeros=zeros)
    r_x, r_yu, r_uv, r_next = (rng.normal(size=shape) for shape in ((3,), (2, 2), (2, 3), (3, 2)))
    final = rng.normal(size=2)
    model = ControlModel(
        [CPD(x, [], p_x), CPD(y, [x], p_y)],
        [CPD(u, [x], p_u), CPD(v, [y, u], p_v), CPD(x1, [x, u], t_x), CPD(y1, [y, x, u, v], t_y[:, :, :, :, :])],
        [
            Reward("x", ["x"], r_x),
            Reward("yu", ["y", "u"], r_yu),
            Reward("uv", ["u", "v"], r_uv),
            Reward("next", ["x'", "y"], r_next),
        ],
        final=[Reward("end", ["y"], final)],
        sees={"u": ["x", "y"], "v": ["x", "y", "u"]},
    )
    joint = np.einsum("xuX,yxuvY->xyuvXY", t_x, t_y)
    reward = (
        r_x[:, None, None, None, None, None]
        + r_yu[None, :, :, None, None, None]
        + r_uv[None, None, :, :, None, None]
        + r_next.T[None, :, None, None, :, None]
    )
    flat = MDP(
        joint.reshape(6, 6, 6),
        np.broadcast_to(reward, joint.shape).reshape(6, 6, 6),
        initial=(p_x[:, None] * p_y).reshape(6),
        terminal_reward=np.broadcast_to(final, (3, 2)).reshape(6),
        reward_axes="sas",
    )
    prior = np.einsum("xu,yuv->xyuv", p_u, p_v).reshape(6, 6)
    return model, flat, prior


def skilled(seed, *, horizon=3):
    """A skill of the episode that the prior of the action depends on, a latent drift of each step, an observation."""
    rng = np.random.default_rng([seed, 72])
    z = Variable("z", 2, kind="latent")
    x, x1 = Variable("x", 3, kind="state"), Variable("x'", 3, kind="state")
    w, w1 = Variable("w", 2, kind="latent"), Variable("w'", 2, kind="latent")
    o, u = Variable("o", 2, kind="observation"), Variable("u", 2, kind="action")
    return ControlModel(
        [CPD(x, [], rows(rng, 3)), CPD(w, [], rows(rng, 2))],
        [
            CPD(o, [x], rows(rng, 3, 2)),
            CPD(u, [o, z], rows(rng, 2, 2, 2)),
            CPD(x1, [x, u, w], rows(rng, 3, 2, 2, 3)),
            CPD(w1, [w], rows(rng, 2, 2)),
        ],
        [
            Reward("", ["x", "u"], rng.normal(size=(3, 2))),
            Reward("late", ["x'"], rng.normal(size=(horizon, 3)), varying=True),
        ],
        episode=[CPD(z, [], rows(rng, 2))],
    )
