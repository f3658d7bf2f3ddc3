"""Computes algorithms.json: short runs under SNFS, DSR, MEST, the straight-through estimators, SR-STE, top-k and
SRigL.

The network is y = W2 tanh(W1 x), the loss the mean square of y - t, the optimizer SGD with momentum. In float64 and
numpy alone, after the papers; what grows at random grows by the random numbers that are written here.

    python3 algorithms.py > algorithms.json
"""

import json

import numpy as np

STEPS, RATE, MOMENTUM = 12, 0.3, 0.5
RUNS = {
    "snfs": {"sparsity": 0.6, "beta": 0.7, "drop_fraction": 0.4, "update": {"freq": 2}},
    "dsr": {"sparsity": 0.6, "threshold": 0.15, "drop_fraction": 0.2, "update": {"freq": 2}},
    "mest": {"sparsity": 0.6, "lambda": 2.0, "drop_fraction": 0.4, "update": {"freq": 2}},
    "mest soft": {"sparsity": 0.7, "lambda": 2.0, "soft": True, "update": {"freq": 2},
                  "drop_fraction": {"type": "linear", "init": 0.5, "slope": -0.05}},
    "magnitude_ste": {"sparsity": 0.6},
    "sr_ste": {"sparsity": 0.6, "decay": 0.3},
    "top_k": {"sparsity": {"type": "linear", "init": 0.0, "slope": 0.06}},
    "srigl": {"sparsity": 0.6, "gamma_sal": 0.7, "drop_fraction": 0.4, "update": {"freq": 2}},
}
DENSE = ("magnitude_ste", "sr_ste", "top_k")


def value(schedule, step):
    return schedule["init"] + schedule["slope"] * step if isinstance(schedule, dict) else schedule


def whole(x):
    return int(np.floor(x + 1e-9))


def largest(scores, count, among):
    """The flat positions of the largest scores among those that a mask has."""
    flat = np.where(among, scores, -np.inf).ravel()
    mask = np.zeros(flat.size, bool)
    mask[np.argsort(-flat, kind="stable")[:count]] = True
    return mask.reshape(scores.shape)


def divide(total, shares, room):
    """Whole numbers by shares, the largest remainders rounded up, what does not fit to the others."""
    given = np.zeros(len(shares), int)
    while given.sum() < total:
        rest, is_open = total - given.sum(), given < room
        exact = np.where(is_open, shares, 0.0)
        exact *= rest / exact.sum()
        more = np.floor(exact).astype(int)
        more[np.argsort(more - exact, kind="stable")[: rest - more.sum()]] += 1
        given += np.minimum(more, room - given)
    return given.tolist()


class Run:
    def __init__(self, name, config, random):
        self.name, self.config = name.split()[0], config
        self.random = random
        self.threshold = config.get("threshold")

    def every(self):
        return self.config.get("update", {"freq": 1})["freq"]

    def fraction(self, step):
        return max(0.0, value(self.config["drop_fraction"], step))

    def sparsity(self, step):
        """Of the weights that train after the update of a step."""
        s = value(self.config["sparsity"], step)
        return 1 - (1 - s) / (1 - self.fraction(step)) if self.config.get("soft") else s

    def counts(self, step, w, masks, momentum, sizes):
        """How many weights of each matrix an update leaves, and how many there are after it."""
        after = [whole((1 - self.sparsity(step)) * n) for n in sizes]
        exist = [int(m.sum()) for m in masks]
        if self.name == "mest":
            gone = self.fraction(step - self.every() if self.config.get("soft") else step)
            return [min(whole((1 - gone) * n), a) for n, a in zip(exist, after)], after
        if self.name == "snfs":
            left = [whole((1 - self.fraction(step)) * n) for n in exist]
            shares = [abs(m[k]).mean() for m, k in zip(momentum, masks)]
        else:
            left = [int((abs(a) >= self.threshold)[m].sum()) for a, m in zip(w, masks)]
            gone, meant = sum(exist) - sum(left), self.fraction(step) * sum(exist)
            self.threshold *= 2 if gone < 0.9 * meant else 0.5 if gone > 1.1 * meant else 1
            shares = [float(n) for n in left]
        room = np.array(sizes) - left
        return left, [a + b for a, b in zip(left, divide(sum(after) - sum(left), np.array(shares), room))]

    def first(self, a):
        count = whole((1 - self.sparsity(0)) * a.size)
        if self.name == "srigl":
            return np.stack([largest(row, count // len(a), True) for row in a])
        return largest(a, count, True)

    def constant_fan_in(self, step, w, masks, gradients):
        """The masks after an update by SRigL, neuron by neuron."""
        result = []
        for a, g, mask in zip(map(abs, w), map(abs, gradients), masks):
            count = whole((1 - self.sparsity(step)) * a.size)
            left = largest(a, min(count, whole((1 - self.fraction(step)) * mask.sum())), mask)
            salient = (left | largest(g, count - left.sum(), ~left)).sum(axis=1)
            least = max(1, np.ceil(self.config["gamma_sal"] * (count // len(a)) - 1e-9))
            by_salience = sorted(range(len(a)), key=lambda neuron: -salient[neuron])
            active = {n for i, n in enumerate(by_salience) if salient[n] >= least or i <= count // a.shape[1]}
            existing = sorted(((-a[n, i], n, i) for n in active for i in np.flatnonzero(mask[n])))[: left.sum()]
            after = np.zeros_like(mask)
            for neuron in active:
                stay = [i for _, n, i in existing if n == neuron]
                come = sorted(set(range(a.shape[1])) - set(stay), key=lambda i: (-g[neuron, i], i))
                after[neuron, (stay + come)[: count // len(active)]] = True
            result.append(after)
        return result

    def update(self, step, w, masks, gradients, momentum):
        """The masks after an update, and the random numbers by which weights grew."""
        random = [self.random.random(a.shape).astype(np.float32).astype(float) for a in w]
        sizes = [a.size for a in w]
        if self.name in DENSE:
            return [largest(abs(a), whole((1 - self.sparsity(step)) * a.size), True) for a in w], random
        lam = self.config.get("lambda", 0)
        drop = [abs(a) + lam * abs(g) for a, g in zip(w, gradients)]
        grow = [abs(m) for m in momentum] if self.name == "snfs" else random
        result = []
        for d, g, mask, left, after in zip(drop, grow, masks, *self.counts(step, w, masks, momentum, sizes)):
            stays = largest(d, left, mask)
            result.append(stays | largest(g, after - left, ~stays))
        return result, random

    def run(self, w, x, t):
        w = [a.copy() for a in w]
        masks = [self.first(abs(a)) for a in w]
        velocity, momentum = [[np.zeros_like(a) for a in w] for _ in range(2)]
        if self.name not in DENSE or self.name == "top_k":
            w = [a * m for a, m in zip(w, masks)]
        beta, rows = self.config.get("beta", 0), []
        for step in range(1, STEPS + 1):
            used = [a * m for a, m in zip(w, masks)]
            hidden = np.tanh(x @ used[0].T)
            error = hidden @ used[1].T - t
            e = 2 * error / t.size
            gradients = [((e @ used[1]) * (1 - hidden**2)).T @ x, e.T @ hidden]
            dense = gradients
            momentum = [beta * m + (1 - beta) * g for m, g in zip(momentum, gradients)]
            if self.name == "sr_ste":
                gradients = [g + self.config["decay"] * ~m * a for g, m, a in zip(gradients, masks, w)]
            if self.name not in DENSE:
                gradients = [g * m for g, m in zip(gradients, masks)]
            velocity = [MOMENTUM * v + g for v, g in zip(velocity, gradients)]
            w = [a - RATE * v for a, v in zip(w, velocity)]
            row = {"loss": float((error**2).mean())}
            if step % self.every() == 0:
                before = masks
                if self.name == "srigl":
                    masks = self.constant_fan_in(step, w, masks, dense)
                else:
                    masks, random = self.update(step, w, masks, gradients, momentum)
                if self.name not in DENSE:
                    stay = [a & b for a, b in zip(before, masks)]
                    w, velocity = [[a * m for a, m in zip(both, stay)] for both in (w, velocity)]
                    if self.name != "srigl":
                        row["random"] = [r.tolist() for r in random]
                if self.name == "top_k":
                    w = [a * m for a, m in zip(w, masks)]
                row["kept"] = [np.flatnonzero(m).tolist() for m in masks]
            rows.append(row)
        return rows, w


def main():
    random = np.random.default_rng(5)
    w = [random.normal(0, 0.6, (9, 7)).round(4), random.normal(0, 0.6, (5, 9)).round(4)]
    x, t = random.normal(0, 1, (12, 7)).round(4), random.normal(0, 1, (12, 5)).round(4)
    runs = {}
    for name, config in RUNS.items():
        rows, last = Run(name, config, random).run(w, x, t)
        runs[name] = {"config": {"algorithm": name.split()[0], "init_method": "topk", **config},
                      "steps": rows, "w1": last[0].tolist(), "w2": last[1].tolist()}
    print(json.dumps({"learning_rate": RATE, "momentum": MOMENTUM, "w1": w[0].tolist(), "w2": w[1].tolist(),
                      "x": x.tolist(), "t": t.tolist(), "runs": runs}))


if __name__ == "__main__":
    main()
