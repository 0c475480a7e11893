"""Every access path has its index, every index its access path, and no two indexes do the same."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction

from biotech_ma.core.form_submissions import FormSubmission
from biotech_ma.core.job_failures import JobFailure
from biotech_ma.core.kept_answers import KeptAnswer
from biotech_ma.core.oidc.sign_out import LogoutToken
from biotech_ma.core.saved_filters import SavedFilter
from biotech_ma.core.sign_ins import SignIn
from companies.models import (
    Company,
    CompanyAlias,
    CompanyDistinction,
    CompanyMerge,
    CompanyNote,
    DrugCandidate,
    Restriction,
    RestrictionClearance,
    RestrictionLog,
    Watchlist,
)
from delivery.models import (
    Alert,
    AlertNotice,
    AlertState,
    AlertTrigger,
    Client,
    InboxItem,
    Report,
    Webhook,
    WebhookDelivery,
)
from scoring.models import AcquirerMatch, MAScore, ScoreVersion, ScoreWeight
from signals_app.deals import Deal
from signals_app.models import FinancialFact, LedgerEntry, Signal
from signals_app.review_models import IngestRun, ReviewItem
from signals_app.source_models import IngestCursor, RawPayload
from signals_app.title_words import titled

DAY = dt.date(2025, 6, 30)
NOON = dt.datetime(2025, 6, 30, 12, tzinfo=dt.UTC)

# Rows enough for the planner to prefer an index for what is rare: one company in fifty is archived, and so on.
FILL = """
INSERT INTO companies (name, ticker, cik, market_cap_usd, runway_quarters, is_cash_constrained, therapeutic_areas,
                       deleted_at)
SELECT 'Company ' || n, 'T' || n, lpad(n::text, 10, '0'), n * 1000, n % 40, n % 50 = 1,
       CASE WHEN n % 100 = 0 THEN '["dermatology"]'::jsonb ELSE '["oncology"]' END, CASE WHEN n % 50 = 0 THEN now() END
FROM generate_series(1, 1000) AS n;
INSERT INTO company_aliases (company_id, alias) SELECT id, 'Alias ' || name FROM companies;
INSERT INTO drug_candidates (company_id, name, phase, therapeutic_area, next_milestone_date, deleted_at)
SELECT id, 'X-' || n, CASE WHEN n % 50 = 0 THEN 'nda_bla' ELSE 'phase_1' END,
       CASE WHEN n % 50 = 1 THEN 'dermatology' ELSE 'oncology' END, date '2025-01-01' + n % 700,
       CASE WHEN n % 50 = 2 THEN now() END
FROM (SELECT id, (row_number() OVER (ORDER BY id))::int + 1000 * m AS n
      FROM companies, generate_series(0, 3) AS m) AS c;
INSERT INTO signals (company_id, signal_type, event_date, available_at, severity, title, source, source_id, signal_data)
SELECT id, CASE WHEN n % 97 = 0 THEN 'fda_approval' WHEN n % 3 = 0 THEN 'hiring' ELSE 'market' END,
       timestamptz '2025-06-30 12:00Z' - n * interval '1 hour', timestamptz '2025-06-30 12:00Z' - n * interval '1 hour',
       CASE WHEN n % 499 = 0 THEN 'critical' ELSE 'low' END, 'x', 'edgar', n::text, jsonb_build_object('nct', n)
FROM (SELECT id, (row_number() OVER (ORDER BY id))::int + 1000 * m AS n
      FROM companies, generate_series(0, 19) AS m) AS c;
INSERT INTO signals (company_id, supersedes_id, signal_type, event_date, title)
SELECT company_id, id, signal_type, event_date, 'y' FROM signals WHERE source_id::int % 100 = 0;
INSERT INTO financial_facts (company_id, signal_id, concept, period_end, value)
SELECT company_id, id,
       CASE source_id::int % 7 WHEN 6 THEN 'research_and_development' ELSE 'concept ' || source_id::int % 7 END,
       '2025-03-31', source_id::int FROM signals
WHERE source_id IS NOT NULL;
INSERT INTO ledger_entries (signal_id, pgh_context_id) SELECT id, gen_random_uuid() FROM signals LIMIT 2000;
INSERT INTO ma_scores (company_id, score_date, total_score, is_latest)
SELECT id, date '2025-06-30' - m, (row_number() OVER (ORDER BY id)) % 100, m = 0
FROM companies, generate_series(0, 9) AS m;
INSERT INTO acquirer_matches (target_company_id, acquirer_company_id, acquirer_ticker, acquirer_name, match_date,
                              strategic_fit_score, is_top_match)
SELECT t.id, CASE WHEN m = 1 THEN a.id END, 'B' || m, 'Buyer ' || m, date '2025-06-30' - m, m % 10 + n::numeric / 1001,
       n % 100 = 0
FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM companies) AS t, generate_series(1, 5) AS m,
     LATERAL (SELECT id FROM companies ORDER BY id OFFSET n - 1 LIMIT 1) AS a;
INSERT INTO reports (report_type, report_date, title, deleted_at)
SELECT CASE WHEN n % 100 = 0 THEN 'deep_dive' ELSE 'alert' END, date '2020-01-01' + n, 'x',
       CASE WHEN n % 100 = 1 THEN now() END FROM generate_series(1, 2000) AS n;
INSERT INTO alerts (name, alert_type, is_active, deleted_at)
SELECT 'x' || n, CASE WHEN n % 100 = 0 THEN 'custom' ELSE 'new_signal' END, n % 200 <> 0,
       CASE WHEN n % 100 = 1 THEN now() END FROM generate_series(1, 2000) AS n;
INSERT INTO alert_triggers (alert_id, company_id, signal_id, score_id, cause, reason)
SELECT a.id, c.id, s.id, m.id, n::text, 'x'
FROM generate_series(1, 2000) AS n, LATERAL (SELECT id FROM alerts OFFSET n % 20 LIMIT 1) AS a,
     LATERAL (SELECT id FROM companies OFFSET n % 500 LIMIT 1) AS c,
     LATERAL (SELECT id FROM signals OFFSET n % 500 LIMIT 1) AS s,
     LATERAL (SELECT id FROM ma_scores OFFSET n % 500 LIMIT 1) AS m;
INSERT INTO alert_states (alert_id, company_id, since)
SELECT a.id, c.id, '2025-01-01' FROM (SELECT id FROM alerts LIMIT 20) AS a, (SELECT id FROM companies LIMIT 100) AS c;
INSERT INTO alert_notices (trigger_id, channel, recipient, status, claim)
SELECT id, 'email', 'a@example.org', CASE WHEN cause::int % 100 = 0 THEN 'pending' ELSE 'sent' END,
       CASE WHEN cause::int % 10 = 0 THEN uuidv7() END FROM alert_triggers;
INSERT INTO auth_user (username, password, first_name, last_name, email, is_superuser, is_staff, is_active, date_joined)
SELECT 'u' || n, '', '', '', '', false, true, true, now() FROM generate_series(1, 20) AS n;
INSERT INTO inbox_items (user_id, trigger_id, read_at)
SELECT u.id, t.id, CASE WHEN t.cause::int % 100 <> 0 THEN now() END
FROM alert_triggers AS t JOIN auth_user AS u ON u.username = 'u' || (1 + t.cause::int % 20);
INSERT INTO webhooks (name, url, secret, is_active, deleted_at)
SELECT 'x' || n, 'https://example.org/', '', n % 100 = 0, CASE WHEN n % 100 = 1 THEN now() END
FROM generate_series(1, 2000) AS n;
INSERT INTO webhook_deliveries (webhook_id, event_type, body, status)
SELECT w.id, 'ping', '', CASE WHEN n % 100 = 0 THEN 'pending' ELSE 'delivered' END
FROM generate_series(1, 2000) AS n, LATERAL (SELECT id FROM webhooks OFFSET n % 100 LIMIT 1) AS w;
INSERT INTO clients (client_name, api_key, key_prefix, is_active, deleted_at)
SELECT 'x' || n, lpad(n::text, 64, '0'), '00000000', n % 100 = 0, CASE WHEN n % 100 = 1 THEN now() END
FROM generate_series(1, 2000) AS n;
UPDATE reports SET client_id = (SELECT id FROM clients ORDER BY id LIMIT 1 OFFSET 17)
WHERE report_date < date '2020-01-01' + 11;
UPDATE reports SET ordered_by_client_id = client_id;
UPDATE alerts SET client_id = (SELECT id FROM clients ORDER BY id LIMIT 1 OFFSET 17) WHERE name LIKE 'x1_';
INSERT INTO score_versions (version) SELECT 'test ' || n FROM generate_series(1, 500) AS n;
INSERT INTO score_weights (score_version_id, component, weight, reason)
SELECT id, 'patent', 0.1, 'x' FROM score_versions WHERE version LIKE 'test %';
INSERT INTO company_notes (company_id, text, deleted_at)
SELECT id, 'x', CASE WHEN is_cash_constrained THEN now() END FROM companies;
INSERT INTO saved_filters (owner_id, "table", name, query)
SELECT u.id, 'list ' || n, 'x', '' FROM auth_user AS u, generate_series(1, 50) AS n WHERE u.username ~ '^u\\d+$';
INSERT INTO job_failures (job_id, reason) SELECT n % 500, 'x' FROM generate_series(1, 2000) AS n;
INSERT INTO watchlists (owner_id, name, deleted_at)
SELECT u.id, 'x' || n, CASE WHEN n = 10 AND u.username = 'u7' THEN now() END
FROM auth_user AS u, generate_series(1, 50) AS n WHERE u.username ~ '^u\\d+$';
UPDATE alerts SET watchlist_id = (SELECT id FROM watchlists ORDER BY id LIMIT 1 OFFSET 17) WHERE name LIKE 'x1_';
UPDATE webhooks SET client_id = (SELECT id FROM clients ORDER BY id LIMIT 1 OFFSET 17) WHERE name LIKE 'x1_';
INSERT INTO watchlist_companies (watchlist_id, company_id)
SELECT w.id, c.id FROM watchlists AS w, (SELECT id FROM companies ORDER BY id LIMIT 100) AS c
WHERE w.name ~ '^x\\d$';
INSERT INTO company_distinctions (one_id, other_id)
SELECT a.id, b.id FROM (SELECT id FROM companies ORDER BY id LIMIT 40) AS a,
     (SELECT id FROM companies ORDER BY id LIMIT 500) AS b WHERE a.id < b.id;
INSERT INTO restrictions (company_id, reason, since, until)
SELECT c.id, 'x', '2025-01-01', CASE WHEN n > 1 THEN timestamptz '2025-02-01' END
FROM (SELECT id FROM companies ORDER BY id LIMIT 500) AS c, generate_series(1, 3) AS n;
INSERT INTO restriction_log (restriction_id, act, who) SELECT id, 'opened', 'x' FROM restrictions;
INSERT INTO restriction_clearances (restriction_id, user_id)
SELECT r.id, u.id FROM restrictions AS r, (SELECT id FROM auth_user ORDER BY id LIMIT 3) AS u;
INSERT INTO review_items (kind, company_id, title, source, source_id, status, decided_at)
SELECT 'signal', id, 'x', 'edgar', ticker, CASE WHEN is_cash_constrained THEN 'open' ELSE 'rejected' END,
       CASE WHEN NOT is_cash_constrained THEN now() END FROM companies;
INSERT INTO raw_payloads (source, url, name, sha256, size_bytes, fetched_at)
SELECT 'edgar', 'https://example.org/' || n, 'x', repeat('0', 64), 1, now() FROM generate_series(1, 2000) AS n;
INSERT INTO ingest_cursors (source, key, value) SELECT 'edgar', n, '2025-01-01' FROM generate_series(1, 2000) AS n;
INSERT INTO ingest_runs (source, started_at)
SELECT 'source ' || n % 20, timestamptz '2025-01-01Z' + n * interval '1 hour' FROM generate_series(1, 1000) AS n;
"""


@dataclass(frozen=True)
class Some:
    """A company, a signal and so on of the filled tables, to ask about."""

    company: Any
    signal: Any
    score: Any
    alert: Any
    webhook: Any
    version: Any
    client: Any
    trigger: Any
    restriction: Any
    watchlist: Any
    user: Any


def some() -> Some:
    return Some(
        *(
            model.objects.order_by("id").values_list("pk", flat=True)[17]
            for model in (
                Company,
                Signal,
                MAScore,
                Alert,
                Webhook,
                ScoreVersion,
                Client,
                AlertTrigger,
                Restriction,
                Watchlist,
                User,
            )
        )
    )


ONE_CONTEXT = "01890000-0000-4000-8000-000000000000"
ON_A_LIST = Watchlist.companies.through.objects

# Index -> the question that it serves.
PATHS: dict[str, Callable[[Some], Any]] = {
    "companies_live_ticker_uniq": lambda s: Company.objects.by_ref("t7"),
    "companies_live_cik_uniq": lambda s: Company.objects.filter(cik="0000000007"),
    "companies_market_cap_idx": lambda s: Company.objects.market_cap_between(1000, 2000),
    "companies_cash_idx": lambda s: Company.objects.cash_constrained(),
    "companies_areas_gin": lambda s: Company.objects.in_area("dermatology"),
    "companies_tags_gin": lambda s: Company.objects.filter(tags__contains=["spin-off"]).order_by(),
    "companies_archived_idx": lambda s: Company.all_objects.archived(),
    "companies_merged_idx": lambda s: Company.all_objects.filter(merged_into=s.company).order_by(),
    "companies_name_key_idx": lambda s: Company.objects.filter(name_key="7 company").order_by(),
    "company_aliases_name_key_idx": lambda s: CompanyAlias.objects.filter(name_key="7 alias company").order_by(),
    "company_distinctions_uniq": lambda s: CompanyDistinction.objects.filter(one=s.company).order_by(),
    "company_distinctions_other_idx": lambda s: CompanyDistinction.objects.filter(other=s.company).order_by(),
    "company_merges_kept_idx": lambda s: CompanyMerge.objects.filter(kept=s.company),
    "company_merges_duplicate_idx": lambda s: CompanyMerge.objects.filter(duplicate=s.company),
    "company_aliases_lookup_idx": lambda s: CompanyAlias.objects.filter(normalized="ALIASCOMPANY7", kind="name"),
    "company_notes_company_idx": lambda s: CompanyNote.objects.of_company(s.company),
    "company_notes_archived_idx": lambda s: CompanyNote.all_objects.archived(),
    "watchlist_companies_company_id_6c794ef4": lambda s: ON_A_LIST.filter(company_id=s.company),
    "restrictions_company_idx": lambda s: Restriction.objects.filter(company=s.company).order_by(),
    "restrictions_one_live": lambda s: Restriction.objects.live().filter(company=s.company).order_by(),
    "restriction_log_recent_idx": lambda s: RestrictionLog.objects.filter(restriction=s.restriction),
    "restriction_clearances_uniq": lambda s: RestrictionClearance.objects.filter(restriction=s.restriction),
    "watchlists_owner_idx": lambda s: Watchlist.all_objects.filter(owner=s.user).order_by(),
    "watchlists_archived_idx": lambda s: Watchlist.all_objects.archived().order_by(),
    "job_failures_job_idx": lambda s: JobFailure.objects.filter(job_id=7).order_by("-id"),
    "saved_filters_list_idx": lambda s: SavedFilter.objects.of_list("list 7").order_by(),
    "form_submissions_created_idx": lambda s: FormSubmission.objects.filter(created_at__lt=NOON).order_by("created_at"),
    "logout_tokens_created_idx": lambda s: LogoutToken.objects.filter(created_at__lt=NOON).order_by("created_at"),
    "sign_in_sessions_identity_idx": lambda s: SignIn.objects.filter(identity_id=7),
    "kept_answers_created_idx": lambda s: KeptAnswer.objects.filter(created_at__lt=NOON).order_by("created_at"),
    "company_aliases_uniq": lambda s: CompanyAlias.objects.filter(company=s.company),
    "drug_candidates_pipeline_idx": lambda s: DrugCandidate.objects.of_company(s.company).in_phase("phase_1"),
    "drug_candidates_phase_idx": lambda s: DrugCandidate.objects.in_phase("nda_bla"),
    "drug_candidates_area_idx": lambda s: DrugCandidate.objects.in_area("dermatology"),
    "drug_candidates_next_idx": lambda s: DrugCandidate.objects.upcoming(DAY, DAY),
    "drug_candidates_archived_idx": lambda s: DrugCandidate.all_objects.archived(),
    "signals_company_date_idx": lambda s: Signal.objects.of_company("t7").between(DAY, None).order_by("-event_date"),
    "signals_company_type_idx": lambda s: Signal.objects.of_company(s.company).of_types("fda_approval"),
    "signals_date_idx": lambda s: Signal.objects.recent(),
    "signals_type_date_severity_idx": lambda s: Signal.objects.of_types("fda_approval").recent(),
    "signals_title_gin": lambda s: Signal.objects.filter(titled("nowhere")).order_by(),
    "signals_deals_idx": lambda s: Deal.deals.followed().order_by("-event_date", "-id")[:50],
    "signals_severity_date_idx": lambda s: Signal.objects.at_least("critical").recent(),
    "signals_available_idx": lambda s: Signal.objects.filter(available_at__gte=NOON),
    "signals_deal_days_idx": lambda s: Signal.objects.filter(
        signal_data__has_any_keys=["expected_close", "outside_date"]
    ).order_by(),
    "signals_data_gin": lambda s: Signal.objects.containing({"nct": 7}),
    "signals_source_uniq": lambda s: Signal.objects.filter(source="edgar", source_id="7"),
    "signals_supersedes_uniq": lambda s: Signal.objects.filter(supersedes=s.signal),
    "financial_facts_uniq": lambda s: FinancialFact.objects.of_company(s.company).of_concepts("concept 3"),
    "financial_facts_signal_idx": lambda s: FinancialFact.objects.filter(signal=s.signal),
    "financial_facts_research_idx": lambda s: (
        FinancialFact.objects.of_concepts("research_and_development").filter(period_end__gte=DAY).order_by()
    ),
    "ledger_entries_context_idx": lambda s: LedgerEntry.objects.filter(pgh_context=ONE_CONTEXT).order_by(),
    "review_items_open_idx": lambda s: ReviewItem.objects.open(),
    "review_items_company_idx": lambda s: ReviewItem.objects.filter(company=s.company),
    "review_items_source_uniq": lambda s: ReviewItem.objects.filter(source="edgar", kind="signal", source_id="T7"),
    "raw_payloads_uniq": lambda s: RawPayload.objects.filter(source="edgar", url="https://example.org/7"),
    "ingest_cursors_uniq": lambda s: IngestCursor.objects.filter(source="edgar", key="7"),
    "ingest_runs_source_idx": lambda s: IngestRun.objects.filter(source="source 3").order_by("-started_at")[:1],
    "score_versions_version_uniq": lambda s: ScoreVersion.objects.filter(version="test 7"),
    "score_weights_uniq": lambda s: ScoreWeight.objects.filter(score_version=s.version),
    "ma_scores_uniq": lambda s: MAScore.objects.history(s.company),
    "ma_scores_one_latest": lambda s: MAScore.objects.of_company(s.company).latest(),
    "ma_scores_top_idx": lambda s: MAScore.objects.latest().order_by("-total_score", "id")[:20],
    "ma_scores_day_idx": lambda s: MAScore.objects.on_day(DAY),
    "ma_scores_total_idx": lambda s: MAScore.objects.in_range(99, None),
    "acquirer_matches_uniq": lambda s: AcquirerMatch.objects.for_target("t7"),
    "acquirer_matches_acquirer_idx": lambda s: AcquirerMatch.objects.by_acquirer("b3").filter(match_date=DAY),
    "acquirer_matches_day_idx": lambda s: AcquirerMatch.objects.filter(match_date=DAY - dt.timedelta(days=2)).order_by(
        "-strategic_fit_score", "id"
    )[:20],
    "acquirer_matches_company_idx": lambda s: AcquirerMatch.objects.filter(acquirer_company=s.company),
    "acquirer_matches_fit_idx": lambda s: AcquirerMatch.objects.min_fit(5.99),
    "acquirer_matches_top_idx": lambda s: AcquirerMatch.objects.top_matches(),
    "reports_type_date_idx": lambda s: Report.objects.of_type("deep_dive").in_period(dt.date(2021, 1, 1), DAY),
    "reports_date_idx": lambda s: Report.objects.recent(),
    "reports_client_idx": lambda s: Report.all_objects.filter(client=s.client).order_by(),
    "reports_ordered_by_client_idx": lambda s: Report.all_objects.filter(ordered_by_client=s.client).order_by(),
    "reports_archived_idx": lambda s: Report.all_objects.archived(),
    "alerts_type_active_idx": lambda s: Alert.objects.active().of_type("custom"),
    "alerts_archived_idx": lambda s: Alert.all_objects.archived(),
    "alert_triggers_uniq": lambda s: AlertTrigger.objects.filter(alert=s.alert, cause="7"),
    "alert_triggers_recent_idx": lambda s: AlertTrigger.objects.all()[:20],
    "alert_triggers_company_idx": lambda s: AlertTrigger.objects.filter(company=s.company).order_by(),
    "alert_triggers_signal_idx": lambda s: AlertTrigger.objects.filter(signal=s.signal).order_by(),
    "alert_triggers_score_idx": lambda s: AlertTrigger.objects.filter(score=s.score).order_by(),
    "alerts_watchlist_idx": lambda s: Alert.all_objects.filter(watchlist=s.watchlist).order_by(),
    "alerts_client_idx": lambda s: Alert.all_objects.filter(client=s.client).order_by(),
    "alert_states_uniq": lambda s: AlertState.objects.filter(alert=s.alert),
    "alert_states_company_idx": lambda s: AlertState.objects.filter(company=s.company),
    "alert_notices_uniq": lambda s: AlertNotice.objects.filter(trigger=s.trigger).order_by(),
    "alert_notices_due_idx": lambda s: AlertNotice.objects.filter(status="pending", next_attempt_at__lte=NOON).order_by(
        "next_attempt_at"
    )[:8],
    "alert_notices_claim_idx": lambda s: AlertNotice.objects.filter(claim=s.trigger).order_by(),
    "inbox_items_uniq": lambda s: InboxItem.objects.filter(user_id=7).order_by(),
    "inbox_items_trigger_idx": lambda s: InboxItem.objects.filter(trigger=s.trigger).order_by(),
    "inbox_items_webhook_idx": lambda s: InboxItem.objects.filter(webhook=s.webhook).order_by(),
    "inbox_items_unread_idx": lambda s: InboxItem.objects.filter(user_id=7, read_at__isnull=True).order_by(),
    "webhooks_active_idx": lambda s: Webhook.objects.active_for("ping"),
    "webhooks_client_idx": lambda s: Webhook.all_objects.filter(client=s.client).order_by(),
    "webhooks_archived_idx": lambda s: Webhook.all_objects.archived(),
    "webhook_deliveries_recent_idx": lambda s: WebhookDelivery.objects.filter(webhook=s.webhook).order_by("-id")[:9],
    "webhook_deliveries_due_idx": lambda s: WebhookDelivery.objects.filter(
        webhook=s.webhook, status="pending", next_attempt_at__lte=NOON
    ).order_by("next_attempt_at")[:8],
    "webhook_deliveries_leased_idx": lambda s: WebhookDelivery.objects.filter(webhook=s.webhook, lease__isnull=False),
    "clients_api_key_uniq": lambda s: Client.objects.filter(api_key="0" * 63 + "7"),
    "clients_active_idx": lambda s: Client.objects.active(),
    "clients_archived_idx": lambda s: Client.all_objects.archived(),
}

# Of our own tables: the history tables (…event) and the framework's belong to their packages, and so do the indexes of
# keys that lead to their users. Django gives a textual primary key a second index for LIKE, which nothing declines.
OURS = """
    i.indrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname !~
    '^(auth|django|pghistory|procrastinate)_|event$')
"""
LIKE_OF_KEY = "SELECT 1 FROM pg_index WHERE indisprimary AND indrelid = i.indrelid AND indkey::text = i.indkey::text"
TO_USERS = "SELECT 1 FROM pg_constraint WHERE confrelid = 'auth_user'::regclass AND conrelid = i.indrelid"


@pytest.fixture(scope="module")
def filled(django_db_setup, django_db_blocker) -> Iterator[Some]:
    """Tables with rows and statistics, for the whole module; rolled back at its end."""
    with django_db_blocker.unblock(), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(FILL)
            cursor.execute("ANALYZE")
            cursor.execute("SET LOCAL enable_seqscan = off")
        yield some()
        transaction.set_rollback(True)
    ContentType.objects.clear_cache()


def names(statement: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return [row[0] if len(row) == 1 else row for row in cursor.fetchall()]


@pytest.mark.parametrize("index", PATHS)
def test_access_path_uses_its_index(filled, index):
    plan = PATHS[index](filled).explain()
    assert f" {index} " in f"{plan} ".replace("\n", " "), plan


@pytest.mark.django_db
def test_every_index_has_its_access_path():
    """An index that is no rule is here for a question: it stands in the table above, or it does not stand at all."""
    found = names(
        f"""
        SELECT c.relname FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
        WHERE NOT i.indisunique AND {OURS} AND NOT EXISTS ({TO_USERS} AND conkey[1] = i.indkey[0])
          AND NOT EXISTS ({LIKE_OF_KEY})
        """
    )
    assert set(found) <= set(PATHS)


@pytest.mark.django_db
def test_no_index_repeats_another_or_its_beginning():
    """Same table, condition and operator classes, and the columns of one begin with those of the other.

    A unique index stays although another begins with its columns: it is a rule, not a path. So does a partial one.
    """
    doubles = names(
        f"""
        SELECT a.relname, b.relname FROM pg_index AS i JOIN pg_class AS a ON a.oid = i.indexrelid
        JOIN pg_index AS j ON j.indrelid = i.indrelid AND j.indexrelid <> i.indexrelid
        JOIN pg_class AS b ON b.oid = j.indexrelid
        WHERE {OURS} AND a.relam = b.relam AND NOT i.indisunique
          AND coalesce(pg_get_expr(i.indpred, i.indrelid), '') = coalesce(pg_get_expr(j.indpred, j.indrelid), '')
          AND coalesce(pg_get_expr(i.indexprs, i.indrelid), '') = ''
          AND (j.indkey::text || ' ') LIKE (i.indkey::text || ' %%')
          AND (j.indclass::text || ' ') LIKE (i.indclass::text || ' %%')
        """
    )
    assert doubles == []


@pytest.mark.django_db
def test_every_foreign_key_is_served_by_an_index():
    """Else deleting a company for good reads whole tables."""
    unserved = names(
        f"""
        SELECT i.indrelid::regclass::text || '.' || i.conname
        FROM (SELECT conrelid AS indrelid, conname, conkey FROM pg_constraint WHERE contype = 'f') AS i
        WHERE {OURS} AND NOT EXISTS (
            SELECT 1 FROM pg_index AS x
            WHERE x.indrelid = i.indrelid AND x.indpred IS NULL AND x.indkey[0] = i.conkey[1])
        """
    )
    assert unserved == []
