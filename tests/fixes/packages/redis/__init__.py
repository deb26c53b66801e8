"""As much of redis-py as the apps use, in memory."""
