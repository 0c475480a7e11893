"""One address names where files lie; a wrong one is told apart at the start."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from biotech_ma.core.storage_url import storage_from_url


def storage(url: str) -> dict:
    return storage_from_url(url, variable="REPORTS_STORAGE_URL")


def test_file_address_is_a_folder_that_others_cannot_read():
    found = storage("file:///srv/desk%20files/reports")
    assert found["BACKEND"] == "django.core.files.storage.FileSystemStorage"
    assert found["OPTIONS"]["location"] == "/srv/desk files/reports"
    assert (found["OPTIONS"]["file_permissions_mode"], found["OPTIONS"]["directory_permissions_mode"]) == (0o600, 0o700)


def test_bucket_address_has_bucket_prefix_region_and_endpoint():
    found = storage("s3://desk-reports/fund/x/?region=eu-central-1&endpoint=https://minio.example:9000")
    assert found["BACKEND"] == "storages.backends.s3.S3Storage"
    wanted = {
        "bucket_name": "desk-reports", "location": "fund/x", "region_name": "eu-central-1",
        "endpoint_url": "https://minio.example:9000", "default_acl": None, "querystring_auth": True,
    }  # fmt: skip
    assert wanted.items() <= found["OPTIONS"].items()


@pytest.mark.parametrize(
    "url",
    [
        "", "reports", "/srv/reports", "file://srv/reports", "file:reports", "ftp://host/x", "s3:///prefix", "s3://",
        "s3://key:secret@bucket/x", "s3://bucket/x?acl=public-read", "https://bucket.s3.amazonaws.com/",
    ],
)  # fmt: skip
def test_other_addresses_are_refused_by_the_variables_name(url):
    with pytest.raises(ImproperlyConfigured, match="REPORTS_STORAGE_URL"):
        storage(url)
