"""What columns are called: the ways of writing some in English, and the words of other countries."""

from __future__ import annotations

CASH = (
    "cash", "cash position", "liquid funds", "cash and equivalents", "cash & equivalents", "cash & cash equivalents",
    "cash and cash equivalents", "cash and securities", "cash & securities", "cash & st investments",
    "cash and st investments", "cash & short-term investments", "cash and short-term investments",
    "cash & marketable securities", "cash and marketable securities", "net cash position",
)  # fmt: skip
# A burn of twelve months is none of these.
BURN = (
    "burn", "quarterly burn", "quarterly burn rate", "quarterly cash burn", "qtrly burn", "qtrly cash burn", "qtr burn",
    "qtr cash burn", "burn per quarter", "cash burn per quarter", "burn rate", "burn a quarter", "cash burn",
)  # fmt: skip
_COMPANY = ("unternehmen", "firma", "gesellschaft", "société", "entreprise", "empresa", "compañía", "società")
# By the field's name; one name may belong to several kinds of import.
ABROAD: dict[str, tuple[str, ...]] = {
    "ticker": ("kürzel", "börsenkürzel", "symbole", "símbolo"),
    "name": (*_COMPANY, "wirkstoff", "präparat", "produit", "médicament"),
    "company": _COMPANY,
    "market_cap_usd": (
        "cur_mkt_cap", "marktkapitalisierung", "börsenwert", "capitalisation boursière", "capitalisation",
        "capitalización bursátil", "capitalizzazione",
    ),
    "market_cap_as_of": ("stand", "kursdatum", "date du cours"),
    "cash_position_usd": ("liquide mittel", "flüssige mittel", "trésorerie", "tesorería", "liquidità"),
    "quarterly_burn_rate_usd": ("mittelverbrauch je quartal", "consommation trimestrielle"),
    "total_debt_usd": ("verschuldung", "schulden", "finanzschulden", "dette", "dette totale", "deuda", "debito"),
    "therapeutic_areas": ("therapiegebiet", "aire thérapeutique"),
    "therapeutic_area": ("therapiegebiet", "aire thérapeutique"),
    "founded_year": ("gegründet", "gründungsjahr", "année de création", "fondée en", "fundada"),
    "employee_count": ("mitarbeiter", "beschäftigte", "effectif", "effectifs", "empleados", "dipendenti"),
    "headquarters_location": ("sitz", "hauptsitz", "siège", "ville", "sede"),
    "is_public": ("börsennotiert", "cotée"),
    "indication": ("indikation", "maladie"),
    "event_date": ("datum", "jour"),
    "title": ("titel", "titre"),
}  # fmt: skip
