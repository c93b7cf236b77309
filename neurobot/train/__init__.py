"""Makes Programs: evolution in closed loop. Nothing that runs a robot imports this."""
