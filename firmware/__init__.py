"""The firmware: sources in C, and recorded vectors. See README.md; `neurobot.board.firmware` builds it."""
