"""Whatever happens to a file, parsers say so with a ParseError and nothing else."""

from __future__ import annotations

import datetime as dt
import io
import json
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from signals_app.ingest.base import ParseError
from signals_app.ingest.edgar import full_text
from signals_app.ingest.edgar.documents import phrases, text
from signals_app.ingest.edgar.index import atom, parse
from signals_app.ingest.edgar.ownership import parse as ownership
from signals_app.ingest.edgar.submissions import parse as submissions
from signals_app.ingest.edgar.tickers import parse as tickers
from tests.signals_app.test_edgar_documents import TARGET_8K
from tests.signals_app.test_edgar_index import ROW as INDEX_ROW
from tests.signals_app.test_edgar_index import entry, feed, fixed
from tests.signals_app.test_edgar_ownership import form, line
from tests.signals_app.test_edgar_submissions import file_of, row

TODAY = dt.date(2026, 1, 5)
TICKERS = b'{"0": {"cik_str": 9000001, "ticker": "TSTB", "title": "Testbio"}}'
READERS = [
    (file_of(row()), lambda data: submissions.parse(data, "f", TODAY)),
    (TICKERS, lambda data: list(tickers.parse(data, "f"))),
    ("".join(fixed(INDEX_ROW)).encode(), lambda data: list(parse.parse(_lines(data), "f", TODAY))),
    (feed(entry()), lambda data: list(atom.parse(data, "f", TODAY))),
    (form(line()), lambda data: ownership.parse(data, "f", TODAY)),
    (TARGET_8K.read_bytes(), lambda data: full_text.parse(io.BytesIO(data), "f", lambda kind: True, today=TODAY)),
]


def _lines(data):
    return data.decode("latin-1").splitlines(keepends=True)


@settings(max_examples=300, deadline=None)
@given(
    reader=st.sampled_from(READERS),
    cuts=st.lists(
        st.tuples(st.integers(0, 10_000), st.integers(0, 40), st.binary(max_size=12)), min_size=1, max_size=4
    ),
)
def test_damaged_file_is_refused_in_one_way(reader, cuts):
    data, read = reader
    for start, length, instead in cuts:
        here = start % (len(data) + 1)
        data = data[:here] + instead + data[here + length :]
    with suppress(ParseError):
        read(data)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3)
)  # fmt: skip
FIELDS = ["cik", "name", "sic", "tickers", "formerNames", "addresses", "filings", "exchanges", "entityType"]


@settings(max_examples=300, deadline=None)
@given(said=st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=3))
def test_values_of_other_shapes_are_refused_in_one_way(said):
    with suppress(ParseError):
        submissions.parse(json.dumps(json.loads(file_of(row())) | said).encode(), "f", TODAY)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_text(data):
    blocks = text.paragraphs(b"<p>" + data)
    assert "" in text.items(blocks)
    phrases.suggestions(list(text.sentences(blocks)))
