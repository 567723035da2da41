"""First-party plugins; each may import core, queue and services, never another plugin."""
