"""Computes initial_masks.json: SNIP, GraSP and SynFlow on a small network, in float64 and numpy alone.

The network is y = W2 tanh(W1 x), the loss the mean square of y - t. H g is exact: the imaginary part of the
gradient at W + i h g (complex step), where Filigree takes a difference of two gradients.

    python3 initial_masks.py > initial_masks.json
"""

import json

import numpy as np

SPARSITY = 0.7


def gradient(w1, w2, x, t):
    a = np.tanh(x @ w1.T)
    e = 2 * (a @ w2.T - t) / t.size
    return ((e @ w2) * (1 - a * a)).T @ x, e.T @ a


def mean_gradient(w1, w2, batches):
    parts = [gradient(w1, w2, x, t) for x, t in batches]
    return [sum(p[i] for p in parts) / len(parts) for i in range(2)]


def snip(w, batches):
    return [abs(a * b) for a, b in zip(w, mean_gradient(*w, batches))]


def grasp(w, batches):
    g, h = mean_gradient(*w, batches), 1e-20
    hg = [p.imag / h for p in mean_gradient(*[a + 1j * h * b for a, b in zip(w, g)], batches)]
    return [a * b for a, b in zip(w, hg)]


def flow(w1, w2):
    a = np.tanh(w1.sum(1))
    return [w1 * np.outer(w2.sum(0) * (1 - a * a), np.ones(w1.shape[1])), w2 * a]


def synflow(w, iterations, spread):
    w = [abs(a) for a in w]
    for k in range(1, iterations + 1):
        masks = select(flow(*w), (1 - SPARSITY) ** (k / iterations), spread)
        w = [a * m for a, m in zip(w, masks)]
    return masks


def select(scores, density, spread):
    if spread == "uniform":
        return [top(s.ravel(), density).reshape(s.shape) for s in scores]
    everything = top(np.concatenate([s.ravel() for s in scores]), density)
    first = scores[0].size
    return [everything[:first].reshape(scores[0].shape), everything[first:].reshape(scores[1].shape)]


def top(scores, density):
    mask = np.zeros(scores.size, bool)
    mask[np.argsort(-scores, kind="stable")[: int(np.floor(density * scores.size + 1e-9))]] = True
    return mask


def positions(masks):
    return [np.flatnonzero(m).tolist() for m in masks]


def main():
    random = np.random.default_rng(11)
    w = [random.normal(0, 0.6, (9, 7)).round(4), random.normal(0, 0.6, (5, 9)).round(4)]
    batches = [(random.normal(0, 1, (6, 7)).round(4), random.normal(0, 1, (6, 5)).round(4)) for _ in range(2)]
    expected = {}
    for spread in ("uniform", "global"):
        for name, scores in (("snip", snip(w, batches)), ("grasp", grasp(w, batches))):
            expected[name + " " + spread] = positions(select(scores, 1 - SPARSITY, spread))
        expected["synflow " + spread] = positions(synflow(w, 10, spread))
    print(json.dumps({
        "w1": w[0].tolist(), "w2": w[1].tolist(),
        "x": [b[0].tolist() for b in batches], "t": [b[1].tolist() for b in batches],
        "kept": expected,
    }))


main()
