"""Makes Programs. Nothing that runs a robot imports this.

A way to train is a folder, `evolution`, `cloning`, `classification` or `td3`, with a `settings`, which loads nothing
heavy, and a `run`. It is an entry in `methods`, and plugs into what `method` says. What they have in common:

- budget: when it is over
- environments, rollout, normalizer: where a program acts, and what is seen there
- runs: carries any of them out, in a folder, with checkpoints and logs
- engines: where the work is done, in this process or on a cluster
- supervised: learning from examples, of an expert's actions or of right answers
- experts: who says what would be right
- surrogate: gradients; surrogate_names are the words of settings for it

`convert` makes Programs without training, of trained ANNs.
"""
