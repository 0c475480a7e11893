"""Which XBRL tag says which figure, and which of several is taken.

Within one filing, period and unit the first tag of a concept's list that is reported wins; a tag that was renamed over
the years stands in the same list as its successor. Restricted cash is in no list. Debt is not here: its kinds are
sums of parts, see debt.py. Source: the US GAAP, IFRS and DEI taxonomies.
"""

from __future__ import annotations

from collections.abc import Mapping

PREFUNDED = "PreFundedWarrantsOutstanding"
# Balances are instants, flows have a first day.
BALANCES: dict[str, tuple[str, ...]] = {
    "cash": (
        "CashAndCashEquivalentsAtCarryingValue",
        "CashAndCashEquivalentsAtCarryingValueIncludingDiscontinuedOperations",
        "CashAndCashEquivalents",
        "Cash",
        "CashAndDueFromBanks",
    ),
    "short_term_investments": (
        "MarketableSecuritiesCurrent",
        "ShortTermInvestments",
        "AvailableForSaleSecuritiesDebtSecuritiesCurrent",
        "AvailableForSaleSecuritiesCurrent",
        "DebtSecuritiesCurrent",
        "HeldToMaturitySecuritiesCurrent",
        "TradingSecuritiesCurrent",
        "OtherShortTermInvestments",
        "MarketableSecurities",
        "CurrentInvestments",
        "ShorttermDepositsNotClassifiedAsCashEquivalents",
        "CurrentFinancialAssetsAtFairValueThroughProfitOrLoss",
        "CurrentFinancialAssetsAtAmortisedCost",
    ),
    "long_term_investments": (
        "MarketableSecuritiesNoncurrent",
        "AvailableForSaleSecuritiesDebtSecuritiesNoncurrent",
        "AvailableForSaleSecuritiesNoncurrent",
        "DebtSecuritiesNoncurrent",
        "HeldToMaturitySecuritiesNoncurrent",
        "LongTermInvestments",
        "NoncurrentInvestmentsOtherThanInvestmentsAccountedForUsingEquityMethod",
    ),
    "assets": ("Assets",),
    "liabilities": ("Liabilities",),
    "stockholders_equity": (
        "StockholdersEquity",
        "StockholdersEquityIncludingPortionAttributableToNoncontrollingInterest",
        "EquityAttributableToOwnersOfParent",
        "Equity",
    ),
    "preferred_stock": (
        "PreferredStockValue",
        "TemporaryEquityCarryingAmountAttributableToParent",
        "PreferredStockIncludingAdditionalPaidInCapital",
        "RedeemableConvertiblePreferredStockCarryingAmount",
    ),
    # From the cover page alone: "shares outstanding" of IFRS statements may be share capital.
    "shares_outstanding": ("EntityCommonStockSharesOutstanding",),
    "public_float": ("EntityPublicFloat",),
    # No standard tag: rows that say so by a dimension or a tag of their own stand under this name, see warrants.py.
    "prefunded_warrants": (PREFUNDED,),
}
FLOWS: dict[str, tuple[str, ...]] = {
    "research_and_development": (
        "ResearchAndDevelopmentExpense",
        "ResearchAndDevelopmentExpenseExcludingAcquiredInProcessCost",
    ),
    "revenue": (
        "Revenues",
        "RevenueFromContractWithCustomerExcludingAssessedTax",
        "RevenueFromContractWithCustomerIncludingAssessedTax",
        "SalesRevenueNet",
        "Revenue",
        "RevenueFromContractsWithCustomers",
        "SalesRevenueGoodsNet",
    ),
    "operating_cash_flow": (
        "NetCashProvidedByUsedInOperatingActivities",
        "NetCashProvidedByUsedInOperatingActivitiesContinuingOperations",
        "CashFlowsFromUsedInOperatingActivities",
        "CashFlowsFromUsedInOperatingActivitiesContinuingOperations",
    ),
    "net_income": (
        "NetIncomeLoss",
        "ProfitLossAttributableToOwnersOfParent",
        "ProfitLoss",
        "NetIncomeLossAvailableToCommonStockholdersBasic",
    ),
    "operating_expenses": ("OperatingExpenses", "CostsAndExpenses", "OperatingExpense"),
    "operating_income": ("OperatingIncomeLoss", "ProfitLossFromOperatingActivities"),
    "income_before_taxes": (
        "IncomeLossFromContinuingOperationsBeforeIncomeTaxesExtraordinaryItemsNoncontrollingInterest",
        "IncomeLossFromContinuingOperationsBeforeIncomeTaxesMinorityInterestAndIncomeLossFromEquityMethodInvestments",
        "ProfitLossBeforeTax",
    ),
    "interest_expense": (
        "InterestExpense",
        "InterestExpenseNonoperating",
        "InterestExpenseDebt",
        "InterestAndDebtExpense",
    ),
    # Totals alone. Filers that report depreciation and amortisation apart have the two that follow.
    "depreciation_and_amortization": (
        "DepreciationDepletionAndAmortization",
        "DepreciationAmortizationAndAccretionNet",
        "DepreciationAndAmortization",
        "AdjustmentsForDepreciationAndAmortisationExpense",
        "DepreciationAndAmortisationExpense",
    ),
    "depreciation": ("Depreciation", "DepreciationExpense", "AdjustmentsForDepreciationExpense"),
    "amortization_of_intangibles": (
        "AmortizationOfIntangibleAssets",
        "AdjustmentForAmortization",
        "AmortisationIntangibleAssetsOtherThanGoodwill",
        "AdjustmentsForAmortisationExpense",
    ),
}
SHARES = frozenset({"shares_outstanding", "prefunded_warrants"})
COVER_PAGE = frozenset({"shares_outstanding", "public_float"})
NOT_NEGATIVE = frozenset(
    {
        "cash",
        "short_term_investments",
        "long_term_investments",
        "assets",
        "shares_outstanding",
        "prefunded_warrants",
        "public_float",
    }
)


def _ranks(table: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, int]]:
    return {tag: (concept, rank) for concept, tags in table.items() for rank, tag in enumerate(tags)}


# Tag -> its concept and its place in the concept's list.
RANKED: dict[str, tuple[str, int]] = {**_ranks(BALANCES), **_ranks(FLOWS)}
IS_FLOW: frozenset[str] = frozenset(tag for tags in FLOWS.values() for tag in tags)
