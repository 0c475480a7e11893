"""Vocabularies of delivery: reports, alerts, webhooks, clients."""

from django.db import models


class ReportType(models.TextChoices):
    """What a report is about."""

    DAILY_DIGEST = "daily_digest", "Daily digest"
    WEEKLY_WATCHLIST = "weekly_watchlist", "Weekly watchlist"
    DEEP_DIVE = "deep_dive", "Deep dive"
    ACQUIRER_ANALYSIS = "acquirer_analysis", "Acquirer analysis"
    ALERT = "alert", "Alert"


class ScheduledReport(models.TextChoices):
    """The reports that are made on a schedule."""

    DAILY_DIGEST = "daily_digest", "Daily digest"
    WEEKLY_WATCHLIST = "weekly_watchlist", "Weekly watchlist"


class ReportFormat(models.TextChoices):
    """How a report is rendered."""

    HTML = "html", "HTML"
    PDF = "pdf", "PDF"
    JSON = "json", "JSON"
    CSV = "csv", "CSV"
    XLSX = "xlsx", "Excel"


class ReportStatus(models.TextChoices):
    """How far a report has come on its way to the readers."""

    QUEUED = "queued", "Queued"
    READY = "ready", "Ready"
    SENT = "sent", "Sent"
    FAILED = "failed", "Failed"


class MailStatus(models.TextChoices):
    """Where a report's e-mail to one recipient stands."""

    PENDING = "pending", "Pending"
    SENT = "sent", "Sent"
    FAILED = "failed", "Failed"
    REFUSED = "refused", "Refused for good"


class AlertType(models.TextChoices):
    """What sets an alert off."""

    SCORE_THRESHOLD = "score_threshold", "Score threshold"
    SCORE_CHANGE = "score_change", "Score change"
    NEW_SIGNAL = "new_signal", "New signal"
    WATCHLIST_CHANGE = "watchlist_change", "Watchlist change"
    CUSTOM = "custom", "Custom"


class Channel(models.TextChoices):
    """Where an alert goes."""

    INBOX = "inbox", "Admin inbox"
    EMAIL = "email", "E-mail"
    SLACK = "slack", "Slack"
    WEBHOOK = "webhook", "Webhook"


class Direction(models.TextChoices):
    """Which way a score has to go."""

    UP = "up", "Up"
    DOWN = "down", "Down"
    EITHER = "either", "Either way"


class Digest(models.TextChoices):
    """How often what has gathered is sent."""

    AT_ONCE = "at_once", "At once"
    HOURLY = "hourly", "Hourly"
    DAILY = "daily", "Daily"


class NoticeStatus(models.TextChoices):
    """Where a message about an alert stands."""

    PENDING = "pending", "Pending"
    SENT = "sent", "Sent"
    FAILED = "failed", "Failed"


class EventType(models.TextChoices):
    """What a webhook can be told of."""

    SIGNAL_CREATED = "signal.created", "Signal created"
    SCORE_UPDATED = "score.updated", "Score updated"
    MATCH_UPDATED = "match.updated", "Match updated"
    ALERT_TRIGGERED = "alert.triggered", "Alert triggered"
    REPORT_READY = "report.ready", "Report ready"
    PING = "ping", "Ping"


class DeliveryStatus(models.TextChoices):
    """Where a webhook delivery stands."""

    PENDING = "pending", "Pending"
    DELIVERED = "delivered", "Delivered"
    FAILED = "failed", "Failed"


class ClientType(models.TextChoices):
    """Who holds a key."""

    INTERNAL = "internal", "Internal"
    HEDGE_FUND = "hedge_fund", "Hedge fund"
    PRIVATE_EQUITY = "private_equity", "Private equity"
    PHARMA = "pharma", "Pharma business development"
    OTHER = "other", "Other"


class Scope(models.TextChoices):
    """What a key may do. Scores and matches are computed, so nobody writes them; clients are the administrators'."""

    READ = "read", "Read everything but clients and others' webhooks"
    WRITE_COMPANIES = "write:companies", "Write companies"
    WRITE_DRUG_CANDIDATES = "write:drug-candidates", "Write drug candidates"
    WRITE_SIGNALS = "write:signals", "Write signals"
    WRITE_REPORTS = "write:reports", "Write reports"
    WRITE_ALERTS = "write:alerts", "Write alerts"
    WRITE_WEBHOOKS = "write:webhooks", "Write webhooks"
    ADMIN = "admin", "All"
