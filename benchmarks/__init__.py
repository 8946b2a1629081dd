"""What the project promises in numbers, measured beside its peers on the machine at hand.

`python -m benchmarks` measures every part and writes `build/bench.json`; README.md beside this
file says how to read it and how to add a row.
"""
