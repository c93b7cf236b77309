"""The line to a board: what is said (protocol, message), how it is framed (frame), and by whom.

Sessions and devices read no clock and no port: they are told the time and the bytes that came, and say what is to be
sent. So all of it is tested in virtual time, faults included. Ports are in transport. See firmware/README.md.
"""
