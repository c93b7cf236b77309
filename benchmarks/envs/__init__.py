"""Steps of batched environments beside gymnasium's, envpool's and MuJoCo's own rollout."""
