"""A stand-in for GitHub on 127.0.0.1: strict, stateful, with real git repositories behind it."""

from .github import FakeGitHub
from .gitrepo import Content
from .state import Pull, Repo

__all__ = ["Content", "FakeGitHub", "Pull", "Repo"]
