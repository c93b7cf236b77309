"""Makes Programs. Nothing that runs a robot imports this.

A way to train is an entry in `methods`, and plugs into what `method` says; `drive` carries it out. Which file is whose:

- any training: drive, method, methods, checkpoint, blocks, lock, log, tensorboard, vector, normalizer
- evolution: evolve (its settings), evolution, episodes, rollout, search, engine, ray_pool
- learning from examples, by cloning or by classification: clone, classify (their settings), cloning, classification,
  learning, learner, heads, examples, stage, and the folder experts
- reinforcement learning: the folder td3
- gradients for all of them: the folder surrogate
- conversion, which is no training: ann, balance, convert, measure, play
"""
