"""One module per rule, named as the rule's own module; each has a `pair`."""
