"""Builds the starter data set from public data files: `uv run python -m companies.starter.build --from FOLDER`."""
