"""Self-tests and benchmarks: doctor, bench, bench serve and its load generator.

May import every room but commands.
"""
