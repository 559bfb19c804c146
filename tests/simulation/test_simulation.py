"""Thousands of lives of the sync core; a seed that fails is named, and replays exactly.

`SIMULATION_SEEDS` says how many the long tests live; `simulate(seed).problems` shows what went wrong with one.
"""

import os

import pytest

from tests.simulation.driver import simulate

SEEDS = int(os.environ.get("SIMULATION_SEEDS", "1000"))
FEW = 50
ONCE_WRONG = [730, 739, 1467, 1810, 2718, 3929, 6818]
PARTS = 8


def test_without_faults_every_life_ends_right():
    assert [(s, p) for s in range(20) if (p := simulate(-1 - s, faults=False).problems)] == []


def lived(seeds):
    """The seeds whose lives end wrong, and how."""
    return [(seed, life.problems[:3]) for seed in seeds if (life := simulate(seed)).problems]


def test_with_kills_and_lies_every_life_ends_right():
    assert lived(range(FEW)) == []


def test_lives_that_once_ended_wrong_end_right():
    assert lived(ONCE_WRONG) == []


@pytest.mark.long
@pytest.mark.parametrize("part", range(PARTS))
def test_with_kills_and_lies_many_lives_end_right(part):
    assert lived(range(FEW + part, SEEDS, PARTS)) == []


def test_the_same_seed_is_the_same_life():
    assert simulate(7).trace == simulate(7).trace
    assert sum(simulate(seed).deaths for seed in range(12)) > 5
