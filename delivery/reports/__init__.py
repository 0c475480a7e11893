"""Reports: content first (one frozen dataclass each), then its renderings, storage and delivery."""
