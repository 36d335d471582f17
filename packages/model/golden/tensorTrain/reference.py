"""Writes numbers.json beside itself: trains of cores, their matrices, and autodiff's gradient of the cores. Needs torch.

python3 reference.py
"""

import json
import pathlib

import torch

torch.manual_seed(7)
FACTORS, RANK, TRAINS = [4, 3, 2, 5], 3, 2


def matrix(cores):
    """One einsum over all indices, by no product of two."""
    return torch.einsum("iap,pbq,qcr,rdj->abcd", *cores).reshape(-1)


def numbers(tensor):
    return [float(value) for value in tensor.detach().reshape(-1)]


last = len(FACTORS) - 1
shapes = [(1 if i == 0 else RANK, k, 1 if i == last else RANK) for i, k in enumerate(FACTORS)]
trains = [[torch.randn(shape, dtype=torch.float64).float().double().requires_grad_() for shape in shapes] for _ in range(TRAINS)]
cotangents = [torch.randn(4 * 3 * 2 * 5, dtype=torch.float64).float().double() for _ in range(TRAINS)]
matrices = [matrix(cores) for cores in trains]
torch.stack([(a * b).sum() for a, b in zip(matrices, cotangents)]).sum().backward()
out = {
    "shapes": shapes,
    "cores": [[value for core in cores for value in numbers(core)] for cores in trains],
    "cotangents": [numbers(one) for one in cotangents],
    "matrices": [numbers(one) for one in matrices],
    "gradients": [[value for core in cores for value in numbers(core.grad)] for cores in trains],
}
pathlib.Path(__file__).with_name("numbers.json").write_text(json.dumps(out) + "\n")
