"""Pruning in one shot, written from the papers in plain Python; writes one_shot.json beside itself.

Wanda: Sun et al. 2023, arXiv 2306.11695. SparseGPT: Frantar and Alistarh 2023, arXiv 2301.00774, by its definition:
before each input j is decided, the inverse of the Hessian of the inputs j, j+1, ... is computed anew by Gauss and Jordan,
where efficient programs take rows of a Cholesky factor.
"""

import json
import os
import random

OUT, IN, TOKENS, BLOCK, DAMPING = 6, 16, 48, 8, 0.01


def inverse(matrix):
    n = len(matrix)
    rows = [list(row) + [1.0 if i == j else 0.0 for j in range(n)] for i, row in enumerate(matrix)]
    for c in range(n):
        p = max(range(c, n), key=lambda r: abs(rows[r][c]))
        rows[c], rows[p] = rows[p], rows[c]
        rows[c] = [v / rows[c][c] for v in rows[c]]
        for r in range(n):
            if r != c:
                f = rows[r][c]
                rows[r] = [a - f * b for a, b in zip(rows[r], rows[c])]
    return [row[n:] for row in rows]


def gram(inputs):
    return [[sum(x[i] * x[j] for x in inputs) for j in range(IN)] for i in range(IN)]


def best(scores, keep):
    """The places of the largest scores."""
    return set(sorted(range(len(scores)), key=lambda i: (-scores[i], i))[:keep])


def wanda(weight, inputs, keep, group):
    norms = [sum(x[j] ** 2 for x in inputs) ** 0.5 for j in range(IN)]
    pruned = []
    for row in weight:
        new = []
        for start in range(0, IN, group):
            part = row[start:start + group]
            stay = best([abs(w) * n for w, n in zip(part, norms[start:])], keep)
            new += [w if i in stay else 0.0 for i, w in enumerate(part)]
        pruned.append(new)
    return pruned


def sparsegpt(weight, inputs, pattern=None):
    hessian = gram(inputs)
    damp = DAMPING * sum(hessian[j][j] for j in range(IN)) / IN
    for j in range(IN):
        hessian[j][j] += damp
    inverses = [inverse([row[j:] for row in hessian[j:]]) for j in range(IN)]
    w = [list(row) for row in weight]
    stay = [[True] * IN for _ in range(OUT)]
    for j in range(IN):
        if pattern and j % pattern[1] == 0:
            keep, group = pattern
            for o in range(OUT):
                scores = [w[o][j + k] ** 2 / inverses[j + k][0][0] for k in range(group)]
                chosen = best(scores, keep)
                for k in range(group):
                    stay[o][j + k] = k in chosen
        elif not pattern and j % BLOCK == 0:
            scores = [w[o][j + k] ** 2 / inverses[j + k][0][0] for o in range(OUT) for k in range(BLOCK)]
            chosen = best(scores, OUT * BLOCK // 2)
            for o in range(OUT):
                for k in range(BLOCK):
                    stay[o][j + k] = o * BLOCK + k in chosen
        for o in range(OUT):
            if not stay[o][j]:
                step = w[o][j] / inverses[j][0][0]
                for k in range(j, IN):
                    w[o][k] -= step * inverses[j][0][k - j]
                w[o][j] = 0.0
    return w


def error(weight, pruned, inputs):
    def outputs(rows):
        return [sum(a * b for a, b in zip(row, x)) for row in rows for x in inputs]
    before, after = outputs(weight), outputs(pruned)
    return (sum((a - b) ** 2 for a, b in zip(after, before)) / sum(b ** 2 for b in before)) ** 0.5


def main():
    generator = random.Random(5)
    mix = [[generator.gauss(0, 1) for _ in range(IN)] for _ in range(IN)]
    inputs = []
    for _ in range(TOKENS):
        z = [generator.gauss(0, 1) * (3 if i < 4 else 0.5) for i in range(IN)]
        inputs.append([round(sum(m * v for m, v in zip(row, z)), 3) for row in mix])
    weight = [[round(generator.gauss(0, 1), 3) for _ in range(IN)] for _ in range(OUT)]
    results = {
        "wanda": wanda(weight, inputs, IN // 2, IN),
        "wanda_2_4": wanda(weight, inputs, 2, 4),
        "sparsegpt": sparsegpt(weight, inputs),
        "sparsegpt_2_4": sparsegpt(weight, inputs, (2, 4)),
    }
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "one_shot.json"), "w") as file:
        json.dump({
            "inputs": inputs,
            "weight": weight,
            "block": BLOCK,
            "damping": DAMPING,
            "results": {name: {"weight": [[round(v, 7) for v in row] for row in pruned],
                               "error": round(error(weight, pruned, inputs), 7)}
                        for name, pruned in results.items()},
        }, file)
        file.write("\n")


main()
