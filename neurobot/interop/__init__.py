"""Bridges to other formats and libraries; each needs an extra of its own and is imported when it is used."""
