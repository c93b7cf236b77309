"""Makes Programs: `drive` carries out what `methods` lists. Nothing that runs a robot imports this."""
