"""A CSV of dated events with their sources: PDUFA dates, readouts, committees, holds."""
