"""``python -m jinyun.bench.shuttle --case NAME``: one loop alone, as the measurement drives it."""

from jinyun.bench.shuttle import main

main()
