"""`neurobot convert`: a trained ANN policy becomes a spiking program, with a report of what that cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

from neurobot.cli.arguments import parse
from neurobot.cli.console import compiling, messages, print_json, print_table, significant
from neurobot.cli.environment import make_env
from neurobot.cli.folder import write_json
from neurobot.config import MAX_SEED, EnvConfig
from neurobot.errors import ConfigError
from neurobot.spec.check import Problems

if TYPE_CHECKING:
    from neurobot.interop.ann import ANN
    from neurobot.train.convert import Score

FRESH = 10_000
"""Episodes of the report begin this many seeds after those of calibration."""


@dataclass(frozen=True, kw_only=True)
class Convert:
    """Make a spiking program of a trained ANN policy, and compare the two.

    POLICY is a .zip of Stable-Baselines3 (MlpPolicy of PPO, A2C, TD3, DDPG, SAC, TQC, DQN), a torch state dict in
    .safetensors, or a .npz with the arrays W0, b0, W1, b1, ... (W is (n_out, n_in)). Nothing in it is executed.

    Args:
        policy: the file.
        env: environment that the policy was trained for; roll-outs in it calibrate the thresholds.
        out: the program (.safetensors).
        substeps: network steps of a control tick.
        split: neurons for each unit of the policy, for more resolution in as many steps; default 1, and 4 for tanh.
        carry: share of the hidden potentials that survives a tick, 0 to 1; or tune: the best one on calibration
            roll-outs.
        percentile: of a unit's activations, where its neurons reach a spike a step; or tune: the best one on
            calibration roll-outs.
        calibration: episodes of calibration.
        episodes: fresh episodes of the report for each number of sub-steps; 0 for no report.
        compare: numbers of sub-steps in the report.
        seed: of the first calibration episode; those of the report come 10,000 later.
        statistics: what observations are normalised by, a .npz or .safetensors with mean, and std or var, and clip.
        activation: of the hidden layers, where the file does not say it; default relu.
        squash: of the output, where the file does not say it.
        report: write the report as JSON.
        json: print the report as one JSON object.
        allow_import: module to import because it registers the environment.
    """

    policy: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="POLICY")]
    env: Annotated[str, tyro.conf.arg(metavar="ID")]
    out: Annotated[Path, tyro.conf.arg(metavar="FILE")]
    substeps: int = 10
    split: int | None = None
    carry: Annotated[str, tyro.conf.arg(metavar="SHARE|tune")] = "0"
    percentile: Annotated[str, tyro.conf.arg(metavar="PERCENT|tune")] = "tune"
    calibration: int = 10
    episodes: int = 10
    compare: tuple[int, ...] = (5, 10, 20, 50)
    seed: int = 0
    statistics: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    activation: Literal["relu", "tanh"] | None = None
    squash: Literal["tanh", "none", "argmax"] | None = None
    report: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    json: bool = False
    allow_import: Annotated[tuple[str, ...], tyro.conf.UseAppendAction, tyro.conf.arg(metavar="MODULE")] = ()

    def __post_init__(self) -> None:
        problems = Problems("convert")
        problems.count("episodes", self.episodes, low=0)
        problems.number("seed", self.seed, low=0, high=MAX_SEED - FRESH)
        for substeps in self.compare:
            problems.count("compare", substeps)
        for name in ("carry", "percentile"):
            word = getattr(self, name)
            if word != "tune" and share(word) is None:
                problems.add(f"{name} is {word!r}, it must be a number, or tune")
        if self.report is not None and not self.episodes:
            problems.add("report needs episodes to report on; leave episodes 0 out")
        problems.done()


def share(text: str) -> float | None:
    """A number, or None where a text is none."""
    try:
        return float(text)
    except ValueError:
        return None


def main(args: Sequence[str]) -> int:
    """The command; returns the exit code."""
    options = parse(Convert, args, "convert")
    if options.out.suffix != ".safetensors":
        raise ConfigError(f"--out {options.out}: a program is a .safetensors file; give it that suffix")
    from neurobot.interop.policies import load_policy, load_statistics

    statistics = None if options.statistics is None else load_statistics(options.statistics)
    ann = load_policy(options.policy, activation=options.activation, squash=options.squash, statistics=statistics)
    env = make_env(EnvConfig(id=options.env), options.allow_import)
    try:
        split, scores = _convert(options, ann, env)
    finally:
        env.close()
    data = {
        "policy": str(options.policy), "env": options.env, "program": str(options.out), "substeps": options.substeps,
        "units": [layer.bias.size for layer in ann.layers], "split": split,
        "ann": scores[0].to_dict() if scores else None,
        "conversions": [s.to_dict() | {"kept": s.kept(scores[0])} for s in scores[1:]],
    }  # fmt: skip
    if options.report is not None:
        write_json(options.report, data)
    if options.json:
        print_json(data)
    else:
        _print(options, scores)
    return 0


def _convert(options: Convert, ann: ANN, env: Any) -> tuple[int, list[Score]]:
    """Write the program; its neurons a unit, and the scores of the ANN and of every number of sub-steps."""
    with compiling("tick32"):
        from neurobot.controller import Controller
    from dataclasses import replace

    from neurobot.train.convert import Conversion, calibrate, convert, score, score_ann

    how = Conversion(
        substeps=options.substeps, episodes=options.calibration, percentile=share(options.percentile),
        split=options.split, carry=share(options.carry), seed=options.seed,
    )  # fmt: skip
    with messages().status("calibrating"):
        observations = calibrate(ann, env, how)
        program = convert(ann, env, how, observations)
    Controller(program)  # whether it runs, before it is written
    program.save(options.out)
    if not options.episodes:
        return program.provenance["split"], []
    seeds = range(options.seed + FRESH, options.seed + FRESH + options.episodes)
    scores = [score_ann(ann, env, seeds)]
    for substeps in sorted({*options.compare, options.substeps}):
        with messages().status(f"{options.episodes} episodes with {substeps} sub-steps"):
            one = program
            if substeps != options.substeps:
                one = convert(ann, env, replace(how, substeps=substeps), observations)
            scores.append(score(one, ann, env, seeds))
    return program.provenance["split"], scores


def _print(options: Convert, scores: Sequence[Score]) -> None:
    if scores:
        rows = [("ANN", *_cells(scores[0], scores[0]))]
        rows += [(f"{s.substeps} sub-steps", *_cells(s, scores[0])) for s in scores[1:]]
        title = f"{options.policy} in {options.env}, {options.episodes} episodes each; spikes and operations a tick"
        print_table(title, ("", "return", "kept", "action error", "spikes", "operations"), rows)
    print(f"written: {options.out}, {options.substeps} sub-steps; run it: neurobot eval {options.out}")
    print(f"with a launch file for {options.env}, record it, or run it through a board:")
    print(f"neurobot run LAUNCH --program {options.out}, neurobot stream LAUNCH --program {options.out}")


def _cells(s: Score, ann: Score) -> tuple[str, ...]:
    result = f"{significant(s.return_mean)} ± {significant(s.return_std)}"
    if not s.substeps:
        return result, "", "", "", f"{significant(s.operations)} MAC"
    share_kept = f"{100 * s.kept(ann):.1f} %"
    error = f"{100 * s.action_error:.2f} %"
    return result, share_kept, error, significant(s.spikes), f"{significant(s.operations)} synaptic"
