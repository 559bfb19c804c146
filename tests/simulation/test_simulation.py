"""Thousands of lives of the sync core; a seed that fails is named, and replays exactly.

`SIMULATION_SEEDS` says how many; `simulate(seed).problems` shows what went wrong with one.
"""

import os

from tests.simulation.driver import simulate

SEEDS = int(os.environ.get("SIMULATION_SEEDS", "250"))


def test_without_faults_every_life_ends_right():
    assert [(s, p) for s in range(40) if (p := simulate(-1 - s, faults=False).problems)] == []


def test_with_kills_and_lies_every_life_ends_right():
    failed = [
        (seed, life.problems[:3]) for seed in range(SEEDS) if (life := simulate(seed)).problems
    ]
    assert failed == []


def test_the_same_seed_is_the_same_life():
    assert simulate(7).trace == simulate(7).trace
    assert sum(simulate(seed).deaths for seed in range(12)) > 5
