"""Writes numbers.json: what pycma (https://github.com/CMA-ES/pycma, 4.5.0) computes, for search.test.ts.

    python3 -m venv venv && venv/bin/pip install cma==4.5.0 numpy && venv/bin/python reference.py
"""

import json
import math
import pathlib
import random
import statistics

import cma
import numpy as np
from cma import purecma

FUNCTIONS = {
    "sphere": lambda x: sum(v * v for v in x),
    "ellipsoid": lambda x: sum(10 ** (6 * i / (len(x) - 1)) * v * v for i, v in enumerate(x)),
    "rosenbrock": lambda x: sum(100 * (a * a - b) ** 2 + (a - 1) ** 2 for a, b in zip(x, x[1:])),
}
TARGET = 1e-9


def updates(size, popsize, num):
    """purecma's state before and after each update, with the population it was told. It decomposes C before each."""
    random.seed(7)
    es = purecma.CMAES([0.5 + 0.25 * i for i in range(size)], 0.3, popsize=popsize)
    es.params.lazy_gap_evals = 0
    steps = []
    for _ in range(num):
        population = es.ask()
        fitness = [FUNCTIONS["ellipsoid"](x) for x in population]
        before = state(es)
        es.tell(population, fitness)
        steps.append({"before": before, "population": population, "fitness": fitness, "after": state(es)})
    return steps


def state(es):
    C = np.array([list(row) for row in es.C])
    values, basis = np.linalg.eigh(C)
    root = basis @ np.diag(np.sqrt(values)) @ basis.T
    return {
        "mean": list(es.xmean),
        "stepSize": es.sigma,
        "covariance": C.tolist(),
        "covariancePath": list(es.pc),
        # C^(1/2) p_sigma, from which a path in another root's coordinates follows
        "stepPathTimesRoot": (root @ np.array(es.ps)).tolist(),
        "squaredStepPath": float(np.sum(np.square(es.ps))),
        "generation": es.counteval // es.params.lam,
    }


def evaluations(name, size, active):
    """Evaluations until the best value is below the target, of pycma's own runs with 21 seeds."""
    counts = []
    for seed in range(1, 22):
        options = {"seed": seed, "verbose": -9, "ftarget": TARGET, "CMA_active": active, "maxfevals": 10**6}
        es = cma.CMAEvolutionStrategy([0.1] * size if name == "rosenbrock" else [1.0] * size, 0.5, options)
        es.optimize(FUNCTIONS[name])
        if es.result.fbest < TARGET:
            counts.append(es.result.evals_best)
    counts.sort()
    return {"successes": len(counts), "median": statistics.median(counts), "least": counts[0], "most": counts[-1]}


runs = [
    {"name": name, "size": size, "default": evaluations(name, size, True), "positiveWeights": evaluations(name, size, False)}
    for name in FUNCTIONS
    for size in (5, 10, 20)
]
result = {"pycma": cma.__version__, "target": TARGET, "updates": updates(4, 7, 12), "runs": runs}
pathlib.Path(__file__).with_name("numbers.json").write_text(json.dumps(result) + "\n")
for run in runs:
    print(run)
