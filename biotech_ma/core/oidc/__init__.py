"""Signing in by an identity provider: OpenID Connect, an extra that is off until it is set up (docs/adr/0036)."""
