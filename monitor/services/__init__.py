"""Use cases: load rows, ask the domain, write rows. They take `session` and `now`, and never commit.

The two that talk to the outside (`collecting`, `delivery`) take a maker of sessions instead and open two short
transactions, one on each side of the network call. Nothing here imports a concrete classifier, channel or collector.
"""
