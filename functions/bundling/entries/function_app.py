"""What the Azure Functions worker indexes."""

from functions.azure import app

__all__ = ["app"]
