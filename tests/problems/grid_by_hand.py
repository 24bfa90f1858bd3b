"""Gridworlds cell by cell: dictionaries of outcomes, without arrays. The reference of the fast construction."""

MOVES = {"left": (0, -1), "down": (1, 0), "right": (0, 1), "up": (-1, 0)}


def outcomes(lines, slip, pays, step_reward):
    """{(cell, action): {next cell: (probability, reward)}} of a drawing; ``pays(cell, letter)`` is paid on entering."""
    cells = {(r, c): letter for r, line in enumerate(lines) for c, letter in enumerate(line) if letter != "#"}
    result = {}
    for cell, letter in cells.items():
        for k, action in enumerate(MOVES):
            if letter in "GH":
                result[cell, action] = {cell: (1.0, 0.0)}
                continue
            found = result[cell, action] = {}
            for name, chance in (
                (action, 1.0 - slip),
                (list(MOVES)[(k + 1) % 4], slip / 2),
                (list(MOVES)[(k - 1) % 4], slip / 2),
            ):
                target = (cell[0] + MOVES[name][0], cell[1] + MOVES[name][1])
                target = target if target in cells else cell
                entered = 0.0 if target == cell else pays(target, cells[target])
                if chance > 0:
                    found[target] = (found.get(target, (0.0, 0.0))[0] + chance, step_reward + entered)
    return result
