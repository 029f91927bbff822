"""The worth of the picture generator: films acted again, heads drawn at known turns, portraits that act, the cost.

`blocks` measures, `report` prints and writes, `sheet` draws what there is to look at. May import what `evaluation` may.
"""
