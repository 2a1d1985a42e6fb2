"""`python -m faults.simulation SEED [...]` in `tests`: lead these lives again and tell them."""

import sys

from faults.simulation.life import Life

for word in sys.argv[1:]:
    life = Life(int(word))
    life.lead(life.steps)
    sys.stdout.write("\n".join([*life.script, "every law holds", ""]))
