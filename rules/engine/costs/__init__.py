"""What code costs and what that means: sums over calls, estimates, what a request occupies, capacity."""
