"""The refiner of mouths: films of people who agreed become pairs, pairs a network, the network a bundle with measures.

May import all of the trainer but its command line.
"""
