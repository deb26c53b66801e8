"""Files that know each other: names resolved, functions connected, FastAPI's wiring, where code runs, how it is deployed."""
