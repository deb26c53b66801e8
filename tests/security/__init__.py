"""The threats to a GitHub App that reads strangers' code, by number; each is tried against the real thing."""
