"""The pages of the site: each module loads, asks, renders."""
