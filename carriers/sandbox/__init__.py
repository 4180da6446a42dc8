"""Couriers to practise on: what they answer (`practice.py`, pure) and the loopback port they stand behind (`server.py`, the one file of this wing
that serves HTTP)."""

from carriers.sandbox.practice import Courier, Seen, practice_secrets
from carriers.sandbox.server import SANDBOX, Fault, Sandbox, create_sandbox

__all__ = ["SANDBOX", "Courier", "Fault", "Sandbox", "Seen", "create_sandbox", "practice_secrets"]
