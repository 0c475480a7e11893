"""Files that come in: one that is too large is let go by, not kept."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadhandler import FileUploadHandler, StopUpload

from biotech_ma.core.sheets.grid import MOST_BYTES

# The form around the file.
SLACK_BYTES = 64 * 1024


class BoundedUploadHandler(FileUploadHandler):
    """Stops an upload beyond the limit before anything of it reaches memory or disk: the form then has no file.

    Its view says why. `request.META["desk.upload_too_large"]` is set.
    """

    def new_file(self, *args: Any, **options: Any) -> None:
        """Refuse the file by the request's length."""
        super().new_file(*args, **options)
        length = int((self.request.META.get("CONTENT_LENGTH") if self.request else None) or 0)
        if length > MOST_BYTES + SLACK_BYTES:
            if self.request is not None:
                self.request.META["desk.upload_too_large"] = True
            raise StopUpload(connection_reset=False)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Pass the bytes on to the next handler."""
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Leave the file to the next handler."""
