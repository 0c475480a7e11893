"""A file storage named by one address: `file:///path` or `s3://bucket/prefix`."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

# The longest that a signed link of S3 can work.
LINK_SECONDS = 7 * 24 * 3600


def storage_from_url(url: str, *, variable: str) -> dict[str, Any]:
    """Return Django's description of the storage that the address names.

    `s3://bucket/prefix?region=eu-central-1&endpoint=https://…`: both parameters may be left out; who may write comes
    from where AWS's tools look for it. Raises ImproperlyConfigured, naming the variable.
    """
    parts = urlsplit(url)
    if parts.scheme == "file":
        return _disk(parts.netloc, unquote(parts.path), variable)
    if parts.scheme == "s3":
        if "@" in parts.netloc or not parts.netloc or parts.fragment:
            raise ImproperlyConfigured(f"{variable}: write s3://bucket/prefix, without a key in it")
        return _bucket(parts.netloc, parts.path.strip("/"), parse_qs(parts.query), variable)
    raise ImproperlyConfigured(f"{variable} is file:///path or s3://bucket/prefix, not {url!r}")


def _disk(host: str, path: str, variable: str) -> dict[str, Any]:
    if host not in ("", "localhost") or not path.startswith("/"):
        raise ImproperlyConfigured(
            f"{variable}: a file address has three slashes and an absolute path: file:///srv/reports"
        )
    options = {
        "location": path,
        "allow_overwrite": True,
        "file_permissions_mode": 0o600,
        "directory_permissions_mode": 0o700,
    }
    return {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": options}


def _bucket(bucket: str, prefix: str, query: dict[str, list[str]], variable: str) -> dict[str, Any]:
    names = {"region": "region_name", "endpoint": "endpoint_url"}
    unknown = sorted(set(query) - set(names))
    if unknown:
        raise ImproperlyConfigured(f"{variable}: unknown parameter {unknown[0]!r}; there are region and endpoint")
    options: dict[str, Any] = {
        "bucket_name": bucket,
        "location": prefix,
        "default_acl": None,
        "file_overwrite": True,
        "querystring_auth": True,
        "querystring_expire": LINK_SECONDS,
        "signature_version": "s3v4",
        **{names[name]: values[-1] for name, values in query.items()},
    }
    return {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}
