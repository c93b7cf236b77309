"""``python -m neurobot`` is the command `neurobot`."""

from neurobot.cli import main

raise SystemExit(main())
