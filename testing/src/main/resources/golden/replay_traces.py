"""Writes traces.json.gz: training runs under every sparsity algorithm, by an independent replay in PyTorch.

    python replay_traces.py FOLDER [SEED] [DIMS]      DIMS such as 18,36,28,5

Nothing here is shared with the library: masks are chosen by sorting, counted with fractions, applied by hand
around PyTorch's own autograd and optimizers. The other golden files are not touched.
Used: torch 2.13.0 on a CPU.
"""

import gzip
import json
import math
import sys
from fractions import Fraction

import torch

STEPS, BATCH, ROWS = 60, 16, 48


def kept(n, rate):
    return math.floor((1 - Fraction(str(rate))) * n)


def order(scores, positions):
    """The positions by falling score, the lower one first among equals, NaN last."""
    return sorted(positions, key=lambda p: (math.isnan(scores[p]), -scores[p] if scores[p] == scores[p] else 0, p))


def groups(shape, config):
    """The flat positions of each group."""
    rows, columns = shape
    out, inp = config.get("balance_out_groups", 1), config.get("balance_in_groups", 1)
    assert rows % out == 0 and columns % inp == 0
    return [
        [r * columns + c
         for r in range(g * rows // out, (g + 1) * rows // out)
         for c in range(h * columns // inp, (h + 1) * columns // inp)]
        for g in range(out) for h in range(inp)
    ]


def value(schedule, step):
    if not isinstance(schedule, dict):
        return schedule
    kind = schedule["type"]
    if kind == "linear":
        v = schedule["init"] + schedule["slope"] * step
    elif kind == "exp":
        last = schedule.get("final", 1)
        v = last + (schedule["init"] - last) * math.exp(schedule["gamma"] * step)
    elif kind == "cosine":
        low = schedule.get("minimum", 0)
        x = min(step / schedule["half_period"], 1)
        v = low + (schedule["init"] - low) * (1 + math.cos(math.pi * x)) / 2
    elif kind == "cubic":
        first, last = schedule["init_sparsity"], schedule["end_sparsity"]
        every, start = schedule["prune_every_k_steps"], schedule["sparsity_start_step"]
        whole = (schedule["sparsity_end_step"] - start) // every
        done = min(max((step - start) // every, 0), whole)
        v = last + (first - last) * (1 - done / whole) ** 3
    else:
        raise ValueError(kind)
    return min(max(v, 0), 1)


def is_update(config, step):
    update = config.get("update")
    if config["algorithm"] == "static":
        return False
    if update is None:
        return True
    if "steps" in update:
        return step in update["steps"]
    start = update.get("start", 0)
    return step >= start and (step - start) % update["freq"] == 0 and step < update.get("stop", math.inf)


def top(scores, count, positions):
    return set(order(scores, positions)[:count])


def update_mask(config, mask, step, weight, gradient, random):
    """The mask (a set of flat positions) after an update."""
    sparsity = value(config["sparsity"], step)
    fraction = 0 if config["algorithm"] == "gmp" else value(config.get("drop_fraction", 0.3), step)
    size = weight.abs().flatten().tolist()
    grow = {"rigl": gradient, "granet": gradient, "set": random, "gmp": torch.zeros_like(weight)}[config["algorithm"]]
    grow = grow.abs().flatten().tolist()
    after = set()
    for group in groups(weight.shape, config):
        active = [p for p in group if p in mask]
        target = kept(len(group), sparsity)
        left = top(size, min(kept(len(active), fraction), target), active)
        after |= left | top(grow, target - len(left), [p for p in group if p not in left])
    return after


def run(name, dims, optimizer, config, seed):
    torch.manual_seed(seed)
    model = torch.nn.Sequential()
    for i in range(1, len(dims)):
        model.add_module(f"fc{i}", torch.nn.Linear(dims[i - 1], dims[i]))
        model.add_module(f"act{i}", torch.nn.Tanh() if i < len(dims) - 1 else torch.nn.Identity())
    parameters = dict(model.named_parameters())
    x, y = torch.randn(ROWS, dims[0]), torch.randint(dims[-1], (ROWS,))
    if optimizer["name"] == "sgd":
        inner = torch.optim.SGD(parameters.values(), lr=optimizer["lr"], momentum=optimizer["momentum"],
                                weight_decay=optimizer["weight_decay"])
    else:
        inner = torch.optim.AdamW(parameters.values(), lr=optimizer["lr"], betas=tuple(optimizer["betas"]),
                                  eps=optimizer["eps"], weight_decay=optimizer["weight_decay"])
    trace = dict(name=name, dims=dims, activation="tanh", batch=BATCH, optimizer=optimizer, sparsity_config=config,
                 x=x.flatten().tolist(), y=y.tolist(), initial_parameters=flat(parameters))

    masks = {}
    delayed = config["algorithm"] != "static" and (config.get("update") or {}).get("start", 0) > 0
    for key in config["param_filter"]:
        weight = parameters[key]
        if delayed:
            masks[key] = set(range(weight.numel()))
        else:
            size = weight.abs().flatten().tolist()
            masks[key] = set().union(*(top(size, kept(len(g), value(config["sparsity"], 0)), g)
                                       for g in groups(weight.shape, config)))
    trace["initial_masks"] = {key: sorted(mask) for key, mask in masks.items()}
    prune(parameters, masks, inner)

    trace["steps"] = []
    for step in range(STEPS):
        at = step % (ROWS // BATCH) * BATCH
        loss = torch.nn.functional.cross_entropy(model(x[at:at + BATCH]), y[at:at + BATCH])
        inner.zero_grad()
        loss.backward()
        dense = {key: parameters[key].grad.clone() for key in masks}
        for key, mask in masks.items():
            parameters[key].grad[~tensor(mask, parameters[key])] = 0
        inner.step()
        row = dict(loss=loss.item())
        prune(parameters, masks, inner)
        if is_update(config, step + 1):
            random = {key: torch.rand(parameters[key].shape) for key in masks}
            masks = {key: update_mask(config, mask, step + 1, parameters[key].detach(), dense[key], random[key])
                     for key, mask in masks.items()}
            prune(parameters, masks, inner)
            row["masks"] = {key: sorted(mask) for key, mask in masks.items()}
            if config["algorithm"] == "set":
                row["regrow_scores"] = flat(random)
        trace["steps"].append(row)
    trace["final_parameters"] = flat(parameters)
    trace["final_optimizer_state"] = {
        key: {k: v.flatten().tolist() if v.dim() else v.item()
              for k, v in inner.state[p].items() if torch.is_tensor(v)}
        for key, p in parameters.items()}
    return trace


def tensor(mask, like):
    flags = torch.zeros(like.numel(), dtype=torch.bool)
    flags[list(mask)] = True
    return flags.view(like.shape)


def prune(parameters, masks, inner):
    with torch.no_grad():
        for key, mask in masks.items():
            weight, outside = parameters[key], ~tensor(mask, parameters[key])
            weight[outside] = 0
            for state in inner.state[weight].values():
                if torch.is_tensor(state) and state.shape == weight.shape:
                    state[outside] = 0


def flat(tensors):
    return {key: value.detach().flatten().tolist() for key, value in tensors.items()}


def main():
    folder = sys.argv[1]
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    dims = [int(d) for d in sys.argv[3].split(",")] if len(sys.argv) > 3 else [18, 36, 28, 5]
    cosine = {"type": "cosine", "init": 0.4, "half_period": 36}
    cubic = {"type": "cubic", "init_sparsity": 0.3, "end_sparsity": 0.9, "sparsity_start_step": 3,
             "sparsity_end_step": 45, "prune_every_k_steps": 3}
    configs = {
        "static": {"algorithm": "static", "sparsity": 0.7},
        "gmp": {"algorithm": "gmp", "sparsity": {"type": "exp", "init": 0.1, "gamma": -0.07, "final": 0.95},
                "update": {"freq": 4}},
        "gmp-delayed": {"algorithm": "gmp", "sparsity": {"type": "linear", "init": 0, "slope": 0.021},
                        "update": {"freq": 3, "start": 7, "stop": 43}},
        "rigl": {"algorithm": "rigl", "sparsity": 0.85, "drop_fraction": cosine, "update": {"freq": 3, "stop": 42}},
        "rigl-delayed": {"algorithm": "rigl", "sparsity": 0.8, "drop_fraction": 0.1,
                         "update": {"freq": 5, "start": 11}},
        "rigl-balanced-out": {"algorithm": "rigl", "sparsity": 0.6, "drop_fraction": 0.45, "balance_out_groups": 2,
                              "update": {"freq": 5}},
        "rigl-balanced-in": {"algorithm": "rigl", "sparsity": 0.65, "drop_fraction": 0.35, "balance_in_groups": 3,
                             "update": {"steps": [4, 9, 10, 31, 59]}},
        "set": {"algorithm": "set", "sparsity": 0.9, "drop_fraction": cosine, "update": {"freq": 4, "stop": 40}},
        "granet": {"algorithm": "granet", "sparsity": cubic, "drop_fraction": cosine, "update": {"freq": 3, "stop": 50}},
    }
    optimizers = {
        "sgd": {"name": "sgd", "lr": 0.05, "momentum": 0.8, "weight_decay": 1e-3},
        "adamw": {"name": "adamw", "lr": 0.005, "betas": [0.8, 0.99], "eps": 1e-7, "weight_decay": 0.05},
    }
    traces = []
    for optimizer_name, optimizer in optimizers.items():
        for name, config in configs.items():
            config = dict(config, init_method="topk", param_filter=["fc1.weight", "fc2.weight"])
            traces.append(run(f"{name}-{optimizer_name}", dims, optimizer, config, seed + len(traces)))
    with gzip.open(f"{folder}/traces.json.gz", "wt") as out:
        json.dump(traces, out)


main()
