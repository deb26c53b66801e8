"""As much of fastapi-cache as the apps use."""
