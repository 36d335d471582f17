"""Writes numbers.json: the clusters that scikit-learn's DBSCAN (1.9.1) finds, for dbscan.test.ts.

    python3 -m venv venv && venv/bin/pip install scikit-learn==1.9.1 && venv/bin/python reference.py
"""

import json
import pathlib
import random

import numpy as np
import sklearn
from sklearn.cluster import DBSCAN


def points(seed, count, width, centres):
    draw = random.Random(seed)
    middles = [[draw.uniform(-2, 2) for _ in range(width)] for _ in range(centres)]
    near = [[m + draw.gauss(0, 0.35) for m in middles[i % centres]] for i in range(count - count // 5)]
    return [[round(v, 3) for v in p] for p in near + [[draw.uniform(-3, 3) for _ in range(width)] for _ in range(count // 5)]]


def case(seed, count, width, centres, radius, min_points):
    at = points(seed, count, width, centres)
    draw = random.Random(seed + 1000)
    weights = [draw.choice([1, 1, 1, 2, 3]) for _ in at]
    found = DBSCAN(eps=radius, min_samples=min_points).fit(np.array(at), sample_weight=weights)
    return {"points": at, "weights": weights, "radius": radius, "minPoints": min_points, "labels": found.labels_.tolist()}


cases = [
    case(1, 30, 2, 3, 0.4, 4),
    case(2, 40, 3, 4, 0.7, 5),
    case(3, 25, 2, 2, 0.3, 2),
    case(4, 30, 4, 3, 0.9, 1),
    case(5, 40, 2, 5, 0.25, 3),
    case(6, 20, 2, 2, 0.05, 3),
]
text = json.dumps({"scikitLearn": sklearn.__version__, "cases": cases}, separators=(",", ":"))
(pathlib.Path(__file__).parent / "numbers.json").write_text(text + "\n")
