"""The field's standard vocabularies: roles, phases, therapeutic areas."""

from django.db import models


class Role(models.TextChoices):
    """What a company is to the desk: only targets are ranked."""

    TARGET = "target", "Target"
    ACQUIRER = "acquirer", "Acquirer"
    EXCLUDED = "excluded", "Excluded"


class Phase(models.TextChoices):
    """How far a programme has come, in order."""

    DISCOVERY = "discovery", "Discovery"
    PRECLINICAL = "preclinical", "Preclinical"
    PHASE_1 = "phase_1", "Phase 1"
    PHASE_1_2 = "phase_1_2", "Phase 1/2"
    PHASE_2 = "phase_2", "Phase 2"
    PHASE_2_3 = "phase_2_3", "Phase 2/3"
    PHASE_3 = "phase_3", "Phase 3"
    NDA_BLA = "nda_bla", "NDA/BLA filed"
    APPROVED = "approved", "Approved"
    DISCONTINUED = "discontinued", "Discontinued"


class TherapeuticArea(models.TextChoices):
    """The areas by which the desk sorts companies and drugs."""

    ONCOLOGY = "oncology", "Oncology"
    IMMUNOLOGY = "immunology", "Immunology"
    NEUROLOGY = "neurology", "Neurology"
    CARDIOVASCULAR = "cardiovascular", "Cardiovascular"
    RARE_DISEASE = "rare_disease", "Rare disease"
    INFECTIOUS_DISEASE = "infectious_disease", "Infectious disease"
    METABOLIC = "metabolic", "Metabolic"
    RESPIRATORY = "respiratory", "Respiratory"
    OPHTHALMOLOGY = "ophthalmology", "Ophthalmology"
    DERMATOLOGY = "dermatology", "Dermatology"
    OTHER = "other", "Other"


class AliasKind(models.TextChoices):
    """Why another name or ticker leads to a company."""

    NAME = "name", "Other name"
    FORMER_NAME = "former_name", "Former name"
    TICKER = "ticker", "Ticker"
    FORMER_TICKER = "former_ticker", "Former ticker"
    MERGED = "merged", "Merged company"


class RestrictionAct(models.TextChoices):
    """What the log of the restricted list tells."""

    PUT_ON = "put_on", "Put on the list"
    TAKEN_OFF = "taken_off", "Taken off the list"
    CLEARED = "cleared", "Cleared"
    UNCLEARED = "uncleared", "Clearance withdrawn"
    CHANGED = "changed", "Reason changed"
    OPENED = "opened", "Opened"
    EXPORTED = "exported", "Exported"
    SENT = "sent", "Sent"
    REFUSED = "refused", "Refused"
    LEFT_OUT = "left_out", "Left out"


PHASE_ORDER: dict[str, int] = {phase: order for order, phase in enumerate(Phase.values)}
