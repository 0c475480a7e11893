"""The universe files: companies, figures, trial arms, posted results and FDA decisions of listed biotechs."""
