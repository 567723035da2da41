"""Shipped to integrators as studium.testing."""
