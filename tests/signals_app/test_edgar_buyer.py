"""Who buys: the name that a merger agreement introduces as Parent, and what the signal says of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signals_app.ingest.base import Request
from signals_app.ingest.edgar.documents.buyer import LONGEST, acquirer_of
from signals_app.ingest.edgar.documents.run import run
from signals_app.models import Signal
from tests.factories import CompanyFactory
from tests.signals_app.test_edgar_documents import TARGET_8K

OWN = r"Company|Testbio"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('with Bigpharma Inc., a Delaware corporation (“Parent”), and Orchid Merger Sub, Inc., a', "Bigpharma Inc."),
        ('by and among the Company, Foo Sharp & Bar LLC, a limited liability company ("Parent"), and',
         "Foo Sharp & Bar LLC"),
        ('by and among Testbio, Eli Foo and Company, an Indiana corporation ("Parent")', "Eli Foo and Company"),
        ("by and among the Company and Bigpharma Inc. (“Parent”)", "Bigpharma Inc."),
        ('by and among Other Corp. and Bigpharma Inc. ("Parent")', "Bigpharma Inc."),
        ("with Bigpharma AG, a company organized under the laws of Switzerland (“Parent” or “BP”)", "Bigpharma AG"),
        ("an Agreement (the “Merger Agreement”) with Grand, a French société anonyme (the “Buyer”)", "Grand"),
        ("with H. Bigpharma A/S, a Danish aktieselskab (“Ultimate Parent”)", "H. Bigpharma A/S"),
        ("surviving as a wholly owned subsidiary of Bigpharma plc, and each share", "Bigpharma plc"),
        ("surviving as a wholly owned subsidiary of Bigpharma, Inc., and each share", "Bigpharma, Inc."),
        ("surviving as a wholly owned subsidiary of Parent.", ""),
        ("Merger Sub, a wholly owned subsidiary of the Company, merges into Other Corp.", ""),
        ("Testbio, Inc. entered into an agreement.", ""),
    ],
)  # fmt: skip
def test_buyer_is_named_as_the_agreement_introduces_it(text, name):
    assert acquirer_of(text, OWN) == name


@given(st.text(alphabet='AbZ &,.()“”"-1 of and Parent Inc subsidiary', max_size=400))
def test_any_text_gives_a_short_name_or_none(text):
    assert len(acquirer_of(f"{text} (“Parent”) subsidiary of {text}", OWN)) <= LONGEST


@pytest.mark.django_db
def test_signal_names_the_buyer_and_the_price(tmp_path):
    CompanyFactory(cik="0009000001", name="Testbio Therapeutics, Inc.")
    (tmp_path / "8k.txt").write_bytes(TARGET_8K.read_bytes())
    run(Request((tmp_path,)), lambda step: None)
    found = Signal.objects.get(signal_type="takeover_target")
    assert found.title == (
        "Takeover target: to be acquired by Bigpharma plc for $14.50 a share in cash and a contingent right"
    )
    assert found.signal_data["acquirer"] == "Bigpharma plc"
