"""What the ledger calls the figures that a company's are derived from: the concepts of `financial_facts`."""

from __future__ import annotations

from biotech_ma.core.wording import key_in_words, name_keys

CASH = "cash"
ASSETS = "assets"
# Current and non-current marketable securities.
SECURITIES = ("short_term_investments", "long_term_investments")
# Disjoint kinds of debt: what one of them counts the others do not.
DEBTS = ("long_term_debt", "short_term_debt", "convertible_debt", "royalty_liability")
OPERATING_CASH_FLOW = "operating_cash_flow"
RESEARCH = "research_and_development"
MARKET_CAP = "market_cap"
# What others than insiders hold, by the cover page: stands in for a market cap where there is no price.
PUBLIC_FLOAT = "public_float"
# Shares paid for in full but for a token price, which no number of shares outstanding holds. In shares.
PREFUNDED_WARRANTS = "prefunded_warrants"
# What an analyst says of a figure that is otherwise derived; only facts of the form `curated` count.
LIQUID_FUNDS = "liquid_funds"
QUARTERLY_BURN = "quarterly_burn"
TOTAL_DEBT = "total_debt"
CURATED_CONCEPTS: tuple[str, ...] = (LIQUID_FUNDS, QUARTERLY_BURN, TOTAL_DEBT)
CONCEPTS: tuple[str, ...] = (
    CASH, ASSETS, *SECURITIES, *DEBTS, OPERATING_CASH_FLOW, RESEARCH, PUBLIC_FLOAT, PREFUNDED_WARRANTS,
    *CURATED_CONCEPTS,
)  # fmt: skip
# Where the key without its underscores is not what a filing calls it.
name_keys(
    {
        "short_term_investments": "short-term investments",
        "long_term_investments": "long-term investments",
        "long_term_debt": "long-term debt",
        "short_term_debt": "short-term debt",
        PREFUNDED_WARRANTS: "pre-funded warrants",
        MARKET_CAP: "market cap",
    }
)


def concept_name(concept: str) -> str:
    """Return what a concept is called, to begin a cell or a sentence with: Operating cash flow."""
    words = key_in_words(concept)
    return words[:1].upper() + words[1:]
