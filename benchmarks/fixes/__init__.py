"""Whether the fixes that fastperf offers on real code hold what DESIGN promises of them."""
