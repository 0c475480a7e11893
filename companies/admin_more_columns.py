"""Columns of companies that the list can show and does not by itself."""

from __future__ import annotations

from biotech_ma.core.admin import column, columns
from companies.models import Company


class MoreCompanyColumns:
    """What an analyst may want beside the list's own columns."""

    more_columns: tuple[str, ...] = (
        "enterprise", "burn", "debt", "cap_day", "is_public", "headquarters", "tags_cell", "founded_year", "staff",
        "cik", "offer_day", "refreshed",
    )  # fmt: skip

    @column("Enterprise value", order="enterprise_value_usd", numeric=True, figure="usd")
    def enterprise(self, company: Company) -> str:
        """Return market cap and debt less liquid funds."""
        return columns.money(company.enterprise_value_usd, hint="Market cap, debt or funds are not known")

    @column("Quarterly burn", order="quarterly_burn_rate_usd", numeric=True, figure="usd")
    def burn(self, company: Company) -> str:
        """Return what a quarter costs."""
        return columns.money(company.quarterly_burn_rate_usd)

    @column("Debt", order="total_debt_usd", numeric=True, figure="usd")
    def debt(self, company: Company) -> str:
        """Return the total debt."""
        return columns.money(company.total_debt_usd)

    @column("Price day", order="market_cap_as_of")
    def cap_day(self, company: Company) -> str:
        """Return the day of the market cap."""
        return columns.day(company.market_cap_as_of)

    @column("Headquarters", order="headquarters_location")
    def headquarters(self, company: Company) -> str:
        """Return where it sits, cut at the column's width."""
        return columns.cut(company.headquarters_location) if company.headquarters_location else columns.unknown()

    @column("Tags", data="tags")
    def tags_cell(self, company: Company) -> str:
        """Return the desk's own words for it."""
        return columns.chips(company.tags)

    @column("Employees", order="employee_count", numeric=True, figure="count")
    def staff(self, company: Company) -> str:
        """Return how many people work there."""
        return columns.number(company.employee_count, 0)

    @column("Under offer since", order="under_offer_since")
    def offer_day(self, company: Company) -> str:
        """Return the day of a pending offer."""
        return columns.day(company.under_offer_since, hint="No offer is known")

    @column("Refreshed", order="last_data_refresh")
    def refreshed(self, company: Company) -> str:
        """Return when a source last wrote a figure of it."""
        return columns.ago(company.last_data_refresh)
