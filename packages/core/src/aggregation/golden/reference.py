"""Writes numbers.json beside it: updates, and what each rule makes of them, computed with numpy by the definitions and not by the code that is tested.

    python3 reference.py
"""

import json
import pathlib

import numpy as np

rng = np.random.default_rng(20261130)
honest = 0.5 + 0.25 * rng.standard_normal((9, 6)) * np.array([1, 2, 3, 0.5, 1, 4])
bad = np.array([[40, -30, 2, 7, -9, 11], [39, -31, 3, 6, -8, 12]], dtype=float)
x = np.concatenate([honest[:4], bad[:1], honest[4:], bad[1:]])
x = np.round(x * 1024) / 1024  # exact in f32
n = len(x)
examples = np.array([3, 5, 2, 7, 100, 4, 6, 1, 8, 9, 90], dtype=float)
p = examples / examples.sum()
norms = np.linalg.norm(x, axis=1)


def clipped_mean(bound):
    return p @ (x * np.minimum(1, bound / norms)[:, None])


def krum(f):
    d = ((x[:, None, :] - x[None, :, :]) ** 2).sum(-1)
    scores = [np.sort(np.delete(d[i], i))[: n - f - 2].sum() for i in range(n)]
    chosen = np.sort(np.argsort(scores, kind="stable")[: n - f - 2])
    return x[chosen].mean(0), chosen


def geometric_median():
    z = np.median(x, axis=0)
    for _ in range(200):  # Newton's steps on the sum of distances
        u = x - z
        d = np.linalg.norm(u, axis=1)
        gradient = -(u / d[:, None]).sum(0)
        hessian = (1 / d).sum() * np.eye(x.shape[1]) - (u[:, :, None] * u[:, None, :] / d[:, None, None] ** 3).sum(0)
        step = np.linalg.solve(hessian, gradient)
        z = z - step
        if np.linalg.norm(step) < 1e-15:
            break
    return z


def centred(radius, steps):
    v = np.median(x, axis=0)
    for _ in range(steps):
        u = x - v
        d = np.linalg.norm(u, axis=1)
        v = v + (u * np.minimum(1, radius * np.median(d) / d)[:, None]).mean(0)
    return v


ordered = np.sort(x, axis=0)
selected, chosen = krum(3)
numbers = {
    "updates": x.tolist(),
    "numExamples": examples.tolist(),
    "krumChosen": chosen.tolist(),
    "results": [
        {"settings": {"name": "mean"}, "result": (p @ x).tolist()},
        {"settings": {"name": "normClipping", "maxNorm": 1.25}, "result": clipped_mean(1.25).tolist()},
        {"settings": {"name": "adaptiveClipping", "quantile": 0.7}, "result": clipped_mean(np.sort(norms)[int(np.ceil(0.7 * n)) - 1]).tolist()},
        {"settings": {"name": "coordinateMedian"}, "result": np.median(x, axis=0).tolist()},
        {"settings": {"name": "trimmedMean", "numByzantine": 3}, "result": ordered[3 : n - 3].mean(0).tolist()},
        {"settings": {"name": "multiKrum", "numByzantine": 3}, "result": selected.tolist()},
        {"settings": {"name": "geometricMedian"}, "result": geometric_median().tolist()},
        {"settings": {"name": "centredClipping", "radius": 1.5, "numSteps": 4}, "result": centred(1.5, 4).tolist()},
    ],
}
pathlib.Path(__file__).with_name("numbers.json").write_text(json.dumps(numbers, indent=1) + "\n")
