"""Writes pytorch_schedulers.json: learning rates that PyTorch's schedulers give, step by step.

    pip install torch==2.13.0 && python pytorch_schedulers.py > pytorch_schedulers.json

A row holds a scheduler as Filigree's configuration has it and the learning rates of PyTorch's
scheduler that means the same, in float64, from step 0 on.
"""

import json
import math
import warnings

import torch
from torch.optim import lr_scheduler as torch_lr

warnings.filterwarnings("ignore")
BASE = 0.3


def rates(make, steps, base=BASE):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=base, momentum=0.9)
    scheduler = make(optimizer)
    values = []
    for _ in range(steps):
        values.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        scheduler.step()
    return values


def function(value):
    """A scheduler from a function of the step, for those that PyTorch has no class for."""
    return lambda optimizer: torch_lr.LambdaLR(optimizer, value)


def cyclic(mode, gamma=1.0):
    return lambda o: torch_lr.CyclicLR(
        o, 0.01, 0.2, step_size_up=5, step_size_down=8, mode=mode, gamma=gamma, cycle_momentum=False
    )


def one_cycle(**options):
    return lambda o: torch_lr.OneCycleLR(
        o, 0.5, total_steps=40, div_factor=20.0, final_div_factor=50.0, cycle_momentum=False, **options
    )


def cyclic_config(mode, gamma=1.0):
    return {
        "base_lr": 0.01,
        "max_lr": 0.2,
        "step_size_up": 5,
        "step_size_down": 8,
        "mode": mode,
        "gamma": gamma,
    }


def one_cycle_config(**options):
    return {
        "initial_learning_rate": 0.025,
        "max_lr": 0.5,
        "total_steps": 40,
        "final_div_factor": 50.0,
        **options,
    }


INITIAL = {"initial_learning_rate": BASE}
ROWS = [
    ({"ConstantLR": {"learning_rate": BASE}}, function(lambda t: 1.0), 5),
    (
        {"PiecewiseConstantLR": {"learning_rates": [BASE / 4, BASE], "milestones": [4]}},
        lambda o: torch_lr.ConstantLR(o, factor=0.25, total_iters=4),
        10,
    ),
    (
        {"LinearLR": {"initial_learning_rate": 0.03, "end_learning_rate": 0.27, "total_iters": 7}},
        lambda o: torch_lr.LinearLR(o, start_factor=0.1, end_factor=0.9, total_iters=7),
        12,
    ),
    (
        {"PolynomialLR": {**INITIAL, "end_learning_rate": 0.0, "total_iters": 9, "power": 2.5}},
        lambda o: torch_lr.PolynomialLR(o, total_iters=9, power=2.5),
        14,
    ),
    (
        {"ExponentialLR": {**INITIAL, "total_iters": 1, "decay_rate": 0.9}},
        lambda o: torch_lr.ExponentialLR(o, 0.9),
        30,
    ),
    (
        {"ExponentialLR": {**INITIAL, "total_iters": 4, "decay_rate": 0.5, "staircase": True}},
        function(lambda t: 0.5 ** (t // 4)),
        20,
    ),
    (
        {"MultiplicativeLR": {**INITIAL, "coefficient": 0.95}},
        lambda o: torch_lr.MultiplicativeLR(o, lambda t: 0.95),
        30,
    ),
    (
        {
            "InverseExponentialTimeDecayLR": {
                **INITIAL,
                "step_exponent": 2,
                "total_iters": 10,
                "decay_rate": 0.4,
            }
        },
        function(lambda t: 1 / (1 + 0.4 * t**2 / 10)),
        30,
    ),
    (
        {"InverseSquareRootDecayLR": {**INITIAL, "scale": 2.0, "warmup_steps": 6}},
        function(lambda t: 2 / math.sqrt(max(t, 6))),
        30,
    ),
    (
        {"CosineDecayLR": {**INITIAL, "end_learning_rate": 0.03, "total_iters": 11}},
        function(lambda t: 0.1 + 0.9 * (1 + math.cos(math.pi * min(t, 11) / 11)) / 2),
        16,
    ),
    (
        {"CosineAnnealingLR": {**INITIAL, "T_max": 10, "eta_min": 0.01}},
        lambda o: torch_lr.CosineAnnealingLR(o, 10, eta_min=0.01),
        45,
    ),
    (
        {"CosineAnnealingWarmRestarts": {**INITIAL, "T_0": 7, "T_mult": 1, "eta_min": 0.02}},
        lambda o: torch_lr.CosineAnnealingWarmRestarts(o, 7, 1, eta_min=0.02),
        30,
    ),
    (
        {"CosineAnnealingWarmRestarts": {**INITIAL, "T_0": 3, "T_mult": 2}},
        lambda o: torch_lr.CosineAnnealingWarmRestarts(o, 3, 2),
        60,
    ),
    (
        {"StepLR": {**INITIAL, "step_size": 5, "gamma": 0.4}},
        lambda o: torch_lr.StepLR(o, 5, gamma=0.4),
        22,
    ),
    (
        {"MultiStepLR": {**INITIAL, "gamma": 0.2, "milestones": [3, 4, 12]}},
        lambda o: torch_lr.MultiStepLR(o, [3, 4, 12], gamma=0.2),
        20,
    ),
    ({"CyclicLR": cyclic_config("triangular")}, cyclic("triangular"), 45),
    ({"CyclicLR": cyclic_config("triangular2")}, cyclic("triangular2"), 45),
    ({"CyclicLR": cyclic_config("exp_range", 0.97)}, cyclic("exp_range", 0.97), 45),
    ({"OneCycleLR": one_cycle_config()}, one_cycle(), 40),
    (
        {"OneCycleLR": one_cycle_config(anneal_strategy="linear", pct_start=0.2)},
        one_cycle(anneal_strategy="linear", pct_start=0.2),
        40,
    ),
    (
        {"OneCycleLR": one_cycle_config(three_phase=True, pct_start=0.35)},
        one_cycle(three_phase=True, pct_start=0.35),
        40,
    ),
    (
        {
            "SequentialLR": {
                "schedulers": [
                    {
                        "LinearLR": {
                            "initial_learning_rate": 0.03,
                            "end_learning_rate": 0.3,
                            "total_iters": 6,
                        }
                    },
                    {"MultiplicativeLR": {**INITIAL, "coefficient": 0.9}},
                    {"StepLR": {**INITIAL, "step_size": 2, "gamma": 0.5}},
                ],
                "milestones": [6, 15],
            }
        },
        lambda o: torch_lr.SequentialLR(
            o,
            [
                torch_lr.LinearLR(o, start_factor=0.1, total_iters=6),
                torch_lr.ExponentialLR(o, 0.9),
                torch_lr.StepLR(o, 2, gamma=0.5),
            ],
            milestones=[6, 15],
        ),
        25,
    ),
    (
        {
            "ChainedScheduler": {
                "schedulers": [
                    {"PiecewiseConstantLR": {"learning_rates": [0.03, 0.3], "milestones": [5]}},
                    {"MultiplicativeLR": {**INITIAL, "coefficient": 0.9}},
                ]
            }
        },
        lambda o: torch_lr.ChainedScheduler(
            [
                torch_lr.ConstantLR(o, factor=0.1, total_iters=5),
                torch_lr.ExponentialLR(o, 0.9),
            ]
        ),
        20,
    ),
]

print(
    json.dumps(
        {
            "producer": f"pytorch_schedulers.py with torch {torch.__version__}",
            "schedulers": [
                {"config": config, "values": rates(make, steps)} for config, make, steps in ROWS
            ],
        },
        indent=1,
    )
)
