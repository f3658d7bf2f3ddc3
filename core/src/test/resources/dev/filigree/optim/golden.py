"""Writes golden.json beside this file: what every optimizer does with the same fixed gradients.

PyTorch's optimizers are run by torch 2.13; Lion and LAMB, which it lacks, are replayed with NumPy in
float64 from their papers. Run: python3 golden.py
"""

import json
import pathlib

import numpy as np
import torch

STEPS = 12
SHAPES = [[4, 3], [5], [2, 3, 2]]
MATRICES = [[4, 3], [3, 6], [5, 5]]


def problem(shapes):
    random = np.random.default_rng(20)
    initial = [random.standard_normal(shape).astype(np.float32) for shape in shapes]
    gradients = [
        [(random.standard_normal(shape) * 0.5).astype(np.float32) for shape in shapes] for _ in range(STEPS)
    ]
    return initial, gradients


def numbers(array):
    return [float(f"{value:.9g}") for value in np.asarray(array, dtype=np.float32).reshape(-1)]


def run_torch(name, groups, shapes):
    """groups: for each parameter its options (one group each)."""
    initial, gradients = problem(shapes)
    parameters = [torch.nn.Parameter(torch.tensor(value)) for value in initial]
    # Adagrad fills its accumulators from the defaults, whatever the groups say.
    optimizer = getattr(torch.optim, name)(
        [{"params": [parameter], **options} for parameter, options in zip(parameters, groups)], **groups[0]
    )
    trajectory = []
    for step in range(STEPS):
        for parameter, gradient in zip(parameters, gradients[step]):
            parameter.grad = torch.tensor(gradient)
        optimizer.step()
        trajectory.append([numbers(parameter.detach()) for parameter in parameters])
    state = [
        {key: numbers(value) for key, value in optimizer.state[parameter].items() if value is not None}
        for parameter in parameters
    ]
    return trajectory, state


def lion(weight, gradient, state, lr=1e-4, beta1=0.9, beta2=0.99, weight_decay=0.0):
    """Chen et al. 2023, algorithm 2."""
    m = state.setdefault("exp_avg", np.zeros_like(weight))
    update = np.sign(beta1 * m + (1 - beta1) * gradient)
    state["exp_avg"] = beta2 * m + (1 - beta2) * gradient
    return weight - lr * (update + weight_decay * weight)


def lamb(
    weight, gradient, state, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-6, weight_decay=0.0,
    max_weight_norm=float("inf"), bias_correction=True,
):
    """You et al. 2020, algorithm 2, with phi(z) = min(z, max_weight_norm)."""
    state["step"] = t = state.get("step", 0) + 1
    m = state["exp_avg"] = beta1 * state.get("exp_avg", 0) + (1 - beta1) * gradient
    v = state["exp_avg_sq"] = beta2 * state.get("exp_avg_sq", 0) + (1 - beta2) * gradient**2
    if bias_correction:
        m, v = m / (1 - beta1**t), v / (1 - beta2**t)
    update = m / (np.sqrt(v) + eps) + weight_decay * weight
    phi = min(np.linalg.norm(weight), max_weight_norm)
    norm = np.linalg.norm(update)
    ratio = phi / norm if phi > 0 and norm > 0 else 1.0
    return weight - lr * ratio * update


def run_numpy(rule, groups, shapes):
    initial, gradients = problem(shapes)
    weights = [value.astype(np.float64) for value in initial]
    states = [{} for _ in weights]
    trajectory = []
    for step in range(STEPS):
        weights = [
            rule(weight, gradient.astype(np.float64), state, **options)
            for weight, gradient, state, options in zip(weights, gradients[step], states, groups)
        ]
        trajectory.append([numbers(weight) for weight in weights])
    return trajectory, [{key: numbers(value) for key, value in state.items()} for state in states]


def same(**options):
    return [options] * 3


def decays(**options):
    """Weight decay on the first parameter only, another learning rate on the last."""
    return [
        dict(options, weight_decay=0.1),
        dict(options, weight_decay=0.0),
        dict(options, weight_decay=0.0, lr=options["lr"] / 4),
    ]


CASES = [
    ("sgd", "SGD", same(lr=0.1)),
    ("sgd-momentum", "SGD", decays(lr=0.1, momentum=0.9, dampening=0.3)),
    ("sgd-nesterov", "SGD", decays(lr=0.1, momentum=0.9, nesterov=True)),
    ("adam", "Adam", same(lr=0.02)),
    ("adam-decay", "Adam", decays(lr=0.02, betas=(0.8, 0.95), eps=1e-6)),
    ("adam-amsgrad", "Adam", decays(lr=0.02, betas=(0.5, 0.6), amsgrad=True)),
    ("adamw", "AdamW", same(lr=0.02)),
    ("adamw-betas", "AdamW", decays(lr=0.02, betas=(0.9, 0.95))),
    ("adamw-amsgrad", "AdamW", decays(lr=0.02, betas=(0.5, 0.6), amsgrad=True)),
    ("adagrad", "Adagrad", same()),
    ("adagrad-decay", "Adagrad", decays(lr=0.1, lr_decay=0.05, initial_accumulator_value=0.3, eps=1e-6)),
    ("adadelta", "Adadelta", same()),
    ("adadelta-decay", "Adadelta", decays(lr=0.7, rho=0.8, eps=1e-4)),
    ("adamax", "Adamax", same()),
    ("adamax-decay", "Adamax", decays(lr=0.05, betas=(0.8, 0.9), eps=1e-6)),
    ("nadam", "NAdam", same()),
    ("nadam-decay", "NAdam", decays(lr=0.05, betas=(0.8, 0.95), momentum_decay=0.1)),
    ("nadam-decoupled", "NAdam", decays(lr=0.05, decoupled_weight_decay=True)),
    ("radam", "RAdam", same()),
    ("radam-decay", "RAdam", decays(lr=0.05, betas=(0.8, 0.95))),
    ("radam-decoupled", "RAdam", decays(lr=0.05, decoupled_weight_decay=True)),
    ("rmsprop", "RMSprop", same()),
    ("rmsprop-momentum", "RMSprop", decays(lr=0.02, alpha=0.9, momentum=0.8)),
    ("rmsprop-centered", "RMSprop", decays(lr=0.02, alpha=0.9, eps=1e-3, centered=True)),
    ("rprop", "Rprop", same()),
    ("rprop-etas", "Rprop", same(lr=0.05, etas=(0.4, 1.5), step_sizes=(1e-3, 0.1))),
    ("asgd", "ASGD", same()),
    ("asgd-averaging", "ASGD", decays(lr=0.1, lambd=0.01, alpha=0.6, t0=4)),
    ("adafactor", "Adafactor", same()),
    ("adafactor-options", "Adafactor", decays(lr=0.3, beta2_decay=-0.6, eps=(1e-4, 1e-2), d=1.5)),
    ("muon", "Muon", same()),
    ("muon-plain", "Muon", decays(lr=0.05, momentum=0.8, nesterov=False, adjust_lr_fn="match_rms_adamw")),
    ("lion", lion, same()),
    ("lion-decay", lion, decays(lr=0.01, beta1=0.8, beta2=0.9)),
    ("lamb", lamb, same()),
    ("lamb-options", lamb, decays(lr=0.05, beta1=0.8, beta2=0.95, max_weight_norm=1.5)),
    ("lamb-uncorrected", lamb, decays(lr=0.05, bias_correction=False)),
]

golden = {"steps": STEPS, "problems": {}, "cases": {}}
for key, shapes in (("any", SHAPES), ("matrices", MATRICES)):
    initial, gradients = problem(shapes)
    golden["problems"][key] = {
        "shapes": shapes,
        "initial": [numbers(value) for value in initial],
        "gradients": [[numbers(value) for value in step] for step in gradients],
    }
for name, rule, groups in CASES:
    problem_key, shapes = ("matrices", MATRICES) if rule == "Muon" else ("any", SHAPES)
    run = run_torch if isinstance(rule, str) else run_numpy
    trajectory, state = run(rule, groups, shapes)
    # The whole way of the first parameter, the end of all.
    golden["cases"][name] = {
        "problem": problem_key,
        "first": [weights[0] for weights in trajectory],
        "final": trajectory[-1],
        "state": state,
    }

lines = ["{"]
lines.append(f'"steps": {golden["steps"]},')
lines.append(f'"problems": {json.dumps(golden["problems"])},')
lines.append('"cases": {')
lines.append(",\n".join(f"{json.dumps(name)}: {json.dumps(case)}" for name, case in golden["cases"].items()))
lines.append("}}")
pathlib.Path(__file__).with_name("golden.json").write_text("\n".join(lines) + "\n")
