"""Bridges to other formats and libraries, imported when they are used; `nir` needs an extra of its own."""
