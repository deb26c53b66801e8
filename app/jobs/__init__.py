"""Durable jobs. Only this package knows dbos."""

from app.jobs.engine import Jobs, QueueUnavailableError
from app.jobs.stored import JobsError, Serializer, StepFailedError

__all__ = ["Jobs", "JobsError", "QueueUnavailableError", "Serializer", "StepFailedError"]
