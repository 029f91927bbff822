"""The proof: what an exported Speech2Landmarks is worth, measured through the runtime's own stages.

`blocks` runs it all, one module per block measures; `report` prints and writes, `acceptance` judges.
"""
