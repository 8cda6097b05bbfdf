"""Any configuration, any fault, replayed to the bit: whole lives of cameras, each out of one seed.

`make swarm` runs it; __main__.py has the options, docs/swarm.md explains it.
"""
