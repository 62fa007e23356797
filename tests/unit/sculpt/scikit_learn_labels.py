"""Writes scikit-learn-labels.json: points, what scikit-learn's DBSCAN and StandardScaler make of them, and with which version.

Run with an environment that has scikit-learn:  python tests/unit/sculpt/scikit_learn_labels.py
"""
import json
import pathlib

import numpy
import sklearn
from sklearn.cluster import DBSCAN
from sklearn.preprocessing import StandardScaler

SETTINGS = [(0.1, 5), (0.15, 10), (0.2, 4), (0.3, 1), (0.05, 3)]


def blobs(random):
    centres = random.uniform(-2, 2, (6, 2))
    points = [random.normal(centre, 0.12, (150, 2)) for centre in centres]
    return numpy.concatenate(points + [random.uniform(-2.5, 2.5, (60, 2))])


def rings(random):
    angles = random.uniform(0, 2 * numpy.pi, 400)
    radii = numpy.where(numpy.arange(400) % 2 == 0, 0.5, 1.2)
    return numpy.stack([radii * numpy.cos(angles), radii * numpy.sin(angles)], 1) + random.normal(0, 0.04, (400, 2))


def grid(_random):
    # Distances exactly at eps, and duplicates.
    steps = numpy.arange(12) * 0.125
    points = numpy.stack(numpy.meshgrid(steps, steps), 2).reshape(-1, 2)
    return numpy.concatenate([points, points[::7]])


random = numpy.random.default_rng(20)
cases = []
for make in (blobs, rings, grid):
    points = numpy.round(make(random), 3)
    points = points[random.permutation(len(points))]
    settings = SETTINGS + ([(0.125, 5), (0.125, 4)] if make is grid else [])
    cases.append({
        "name": make.__name__,
        "points": points.ravel().tolist(),
        "scaledFirst": StandardScaler().fit_transform(points)[:20].ravel().tolist(),
        "clusterings": [
            {"eps": eps, "minSamples": samples, "labels": DBSCAN(eps=eps, min_samples=samples).fit(points).labels_.tolist()}
            for eps, samples in settings
        ],
    })
target = pathlib.Path(__file__).with_name("scikit-learn-labels.json")
target.write_text(json.dumps({"scikitLearn": sklearn.__version__, "cases": cases}, separators=(",", ":")) + "\n")
