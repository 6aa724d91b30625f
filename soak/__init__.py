"""The long tests: what `make test` tries for minutes, here for as long as it takes to believe it. `python -m soak`."""
