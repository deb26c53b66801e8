import os

storage = os.environ.get("STORAGE", "disk")
