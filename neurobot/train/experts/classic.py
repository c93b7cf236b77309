"""Experts for tasks of Gymnasium that are not near an equilibrium: a swing-up and an arm."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurobot.train.experts.expert import Policy

SWING = 0.165
"""Torque for energy that is missing, at a rate of 1 rad/s [s]: enough to be at a limit most of the time."""
STIFFNESS, FRICTION = 8.8, 2.2
"""Near the top [N m/rad] and [N m s/rad]: with the pendulum's 1/3 kg m^2 and its weight it comes to rest unhurried."""
NEAR = 0.474
"""What is near [rad], with the rate's share."""
LOOK_AHEAD = 0.3
"""How much of the angle to come counts [s]."""


def energy_pd(env: Any) -> Policy:
    """Pendulum-v1: pump energy until it suffices for the top, then hold it there by proportion and derivative.

    Energy is that of the pendulum at angle a from upright with rate w, per moment of inertia and less that at the top:
    E = w^2 / 2 + 15 (cos a - 1). A torque along w raises it (Astrom & Furuta, "Swinging up a pendulum by energy
    control", Automatica 36, 2000).
    """

    def act(observations: np.ndarray) -> np.ndarray:
        cosine, sine, rate = observations.T.astype(np.float64)
        angle = np.arctan2(sine, cosine)
        missing = 15.0 * (1.0 - cosine) - rate**2 / 2
        pump = SWING * missing * np.where(rate == 0, 1.0, rate)
        hold = -STIFFNESS * angle - FRICTION * rate
        near = np.abs(angle + LOOK_AHEAD * rate) < NEAR
        torque: np.ndarray = np.clip(np.where(near & (np.abs(angle) < 1.0), hold, pump), -2.0, 2.0)
        return torque[:, None]

    return act


LINKS = 0.1, 0.11
"""Of Reacher's arm, to its fingertip [m]."""
TURN = np.array([[0.35, 0.10], [0.0, 0.25]])
"""Share of each joint's torque for each radian that the two have to turn."""
BRAKE = np.array([[0.065, 0.015], [0.0, 0.05]])
"""Likewise for each rad/s of the two."""
ELBOW_COST = 0.8
"""What a radian of the elbow counts, against one of the shoulder, where two postures reach the target."""


def joint_pd(env: Any) -> Policy:
    """Reacher-v5: the posture whose fingertip is at the target, in closed form, and a PD controller of the joints.

    With links a and b, and the target at distance d: cos(elbow) = (d^2 - a^2 - b^2) / (2 a b), and the shoulder points
    at the target less atan2(b sin(elbow), a + b cos(elbow)) (Craig, "Introduction to robotics", section 4.4). Of the
    two signs of the elbow the one is taken that is nearer.
    """
    a, b = LINKS

    def act(observations: np.ndarray) -> np.ndarray:
        angles = np.arctan2(observations[:, 2:4], observations[:, 0:2])
        x, y = observations[:, 4], observations[:, 5]
        bend = np.arccos(np.clip((x**2 + y**2 - a**2 - b**2) / (2 * a * b), -1.0, 1.0))
        ways = []
        for elbow in (bend, -bend):
            shoulder = np.arctan2(y, x) - np.arctan2(b * np.sin(elbow), a + b * np.cos(elbow))
            around = (shoulder - angles[:, 0] + np.pi) % (2 * np.pi) - np.pi
            ways.append(np.stack((around, elbow - angles[:, 1]), axis=1))
        costs = [np.abs(way) @ [1.0, ELBOW_COST] for way in ways]
        turn = np.where((costs[0] <= costs[1])[:, None], *ways)
        torques: np.ndarray = np.clip(turn @ TURN.T - observations[:, 6:8] @ BRAKE.T, -1.0, 1.0)
        return torques

    return act
