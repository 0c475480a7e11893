"""From readings to totals: medians of the day, contributions that add up exactly, coverage and confidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_FLOOR, Decimal, localcontext

from scoring.engine import components as c
from scoring.engine.features import FOUR_PLACES, Reading, readings
from scoring.engine.inputs import CompanyInputs, Evidence

METHODOLOGY = "transparent ranking, not validated"
RANKED_FROM_CONFIDENCE = Decimal("0.5")
PRECISION = 34
BOUNDS = "bounds"
ZERO = Decimal(0)
SIX_PLACES = Decimal("0.000001")

type FeatureKey = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Contribution:
    """How one feature moves a company's total away from the baseline: weight x share x (value - median).

    `weight` is the component's share of the total among the fed ones, times the feature's share of the component.
    `is_imputed`: the input is missing and the median of the day stands in for it.
    """

    component: str
    feature: str
    label: str
    words: str
    weight: Decimal
    value: Decimal
    median: Decimal
    points: Decimal
    is_imputed: bool
    is_assumed: bool
    evidence: Evidence | None


@dataclass(frozen=True, slots=True)
class CompanyScore:
    """The result for one company: baseline + the points of all contributions = total, exactly."""

    key: str
    total: Decimal
    baseline: Decimal
    confidence: Decimal
    components: Mapping[str, Decimal]
    coverage: Mapping[str, Decimal]
    contributions: tuple[Contribution, ...]

    @property
    def is_ranked(self) -> bool:
        """False for `insufficient data`: scored, not ranked."""
        return self.confidence >= RANKED_FROM_CONFIDENCE


@dataclass(frozen=True, slots=True)
class UniverseScore:
    """The results of one day, by company key, with the weights in effect and the components that nothing feeds.

    `unknown` names the graded inputs (`component.feature`) of fed components that no company of the day has.
    """

    scores: tuple[CompanyScore, ...]
    weights: Mapping[str, Decimal]
    unfed: tuple[str, ...]
    unknown: tuple[str, ...] = ()


def score_universe(universe: Iterable[CompanyInputs], weights: Mapping[str, Decimal]) -> UniverseScore:
    """Return the score of every company, whatever the order in which they come.

    The weights of components of which no company has an input are spread over the others in proportion.
    Raises ValueError when the weights do not sum to one, or those of the fed components to nothing.
    """
    check_weights(weights)
    with localcontext(prec=PRECISION):
        read = {inputs.key: readings(inputs) for inputs in sorted(universe, key=lambda inputs: inputs.key)}
        fed = [component for component in c.COMPONENTS if _is_fed(component, read.values())]
        whole = sum((weights.get(component.name, ZERO) for component in fed), ZERO)
        if not whole:
            raise ValueError("no component that any company has an input for has a weight")
        effective = {component.name: weights.get(component.name, ZERO) / whole for component in fed}
        medians = _medians(fed, read.values())
        scores = tuple(_score(key, values, medians, effective) for key, values in read.items())
    unfed = tuple(sorted(set(weights) - set(effective)))
    return UniverseScore(scores, effective, unfed, _unknown(fed, read.values()))


def score_against(
    medians: Mapping[FeatureKey, Decimal], weights: Mapping[str, Decimal], read: Mapping[FeatureKey, Reading]
) -> Decimal:
    """Return the total of one company's readings against the medians and effective weights of a day.

    Both name the same features: those of the components that were fed on it.
    """
    with localcontext(prec=PRECISION):
        return _score("", read, medians, weights).total


def check_weights(weights: Mapping[str, Decimal]) -> None:
    """Raise ValueError unless the weights are those of known components, zero or more, and sum to one exactly."""
    strange = sorted(set(weights) - set(c.LABELS))
    if strange:
        raise ValueError(f"there is no component {', '.join(strange)}; the components are {', '.join(c.LABELS)}")
    if any(not weight.is_finite() or weight < 0 for weight in weights.values()):
        raise ValueError("the weights of the components must be zero or more and sum to one")
    whole = sum(weights.values(), ZERO)
    if whole != 1:
        raise ValueError(f"the weights of the components must be zero or more and sum to one; they sum to {whole}")


def _is_fed(component: c.Component, universe: Iterable[Mapping[FeatureKey, Reading]]) -> bool:
    """Return whether any company has an input of the component."""
    keys = [(component.name, feature.name) for feature in component.features]
    return any(row[key].value is not None for row in universe for key in keys)


def _unknown(components: Sequence[c.Component], universe: Iterable[Mapping[FeatureKey, Reading]]) -> tuple[str, ...]:
    """Return the graded inputs that nobody has. Events are not among them: what nobody recorded is none."""
    companies = list(universe)
    return tuple(
        f"{component.name}.{feature.name}"
        for component in components
        for feature in component.features
        if not feature.is_event and all(row[component.name, feature.name].value is None for row in companies)
    )


def _medians(
    components: Sequence[c.Component], universe: Iterable[Mapping[FeatureKey, Reading]]
) -> dict[FeatureKey, Decimal]:
    """Return each feature's median over the companies that have it, else 50.

    An event that is not recorded counts as none here, so that the few companies with one do not stand for all.
    """
    companies = list(universe)
    medians: dict[FeatureKey, Decimal] = {}
    for component in components:
        for feature in component.features:
            key = component.name, feature.name
            known = [row[key].value for row in companies]
            values = [value if value is not None else ZERO for value in known if feature.is_event or value is not None]
            medians[key] = _median(values) if values else c.NEUTRAL
    return medians


def _median(values: Sequence[Decimal]) -> Decimal:
    ordered = sorted(values)
    middle = len(ordered) // 2
    both = (ordered[middle] + ordered[~middle]) / 2
    return both.quantize(FOUR_PLACES)


@dataclass(frozen=True, slots=True)
class _Part:
    """One component of one company before rounding."""

    value: Decimal
    coverage: Decimal
    baseline: Decimal
    contributions: tuple[Contribution, ...]


def _score(
    key: str,
    values: Mapping[FeatureKey, Reading],
    medians: Mapping[FeatureKey, Decimal],
    weights: Mapping[str, Decimal],
) -> CompanyScore:
    fed = [component for component in c.COMPONENTS if component.name in weights]
    parts = {component.name: _part(component, values, medians, weights[component.name]) for component in fed}
    baseline = sum((weights[name] * part.baseline for name, part in parts.items()), ZERO)
    exact = [contribution for part in parts.values() for contribution in part.contributions]
    total, baseline, points = round_to_sum(baseline, [contribution.points for contribution in exact])
    confidence = sum((weights[name] * part.coverage for name, part in parts.items()), ZERO)
    return CompanyScore(
        key=key,
        total=total,
        baseline=baseline,
        confidence=confidence.quantize(FOUR_PLACES),
        components={name: part.value.quantize(FOUR_PLACES) for name, part in parts.items()},
        coverage={name: part.coverage.quantize(FOUR_PLACES) for name, part in parts.items()},
        contributions=tuple(_shown(item, shown) for item, shown in zip(exact, points, strict=True)),
    )


def _part(
    component: c.Component,
    values: Mapping[FeatureKey, Reading],
    medians: Mapping[FeatureKey, Decimal],
    weight: Decimal,
) -> _Part:
    contributions = []
    raw = baseline = component.constant
    known = ZERO
    for feature in component.features:
        key = component.name, feature.name
        reading, median = values[key], medians[key]
        value = median if reading.value is None else reading.value
        known += ZERO if reading.value is None else abs(feature.share)
        raw += feature.share * value
        baseline += feature.share * median
        contributions.append(_contribution(component, feature, reading, value, median, weight))
    bounded = min(max(raw, ZERO), c.HUNDRED)
    if bounded != raw:
        limit = c.Feature(BOUNDS, f"{component.label} stays within 0 and 100", Decimal(1), "")
        reading = Reading(bounded - raw, f"{raw} becomes {bounded}", Evidence("formula"))
        contributions.append(_contribution(component, limit, reading, bounded - raw, ZERO, weight))
    whole = sum((abs(feature.share) for feature in component.features), ZERO)
    return _Part(bounded, known / whole, baseline, tuple(contributions))


def _contribution(
    component: c.Component, feature: c.Feature, reading: Reading, value: Decimal, median: Decimal, weight: Decimal
) -> Contribution:
    return Contribution(
        component=component.name,
        feature=feature.name,
        label=feature.label,
        words=reading.words,
        weight=weight * feature.share,
        value=value,
        median=median,
        points=weight * feature.share * (value - median),
        is_imputed=reading.value is None,
        is_assumed=reading.is_assumed,
        evidence=reading.evidence,
    )


def _shown(item: Contribution, points: Decimal) -> Contribution:
    return replace(item, weight=item.weight.quantize(SIX_PLACES), points=points)


def round_to_sum(baseline: Decimal, points: Sequence[Decimal]) -> tuple[Decimal, Decimal, list[Decimal]]:
    """Return total, baseline and points at four decimals, so that baseline + points = total exactly.

    Total and baseline are rounded by themselves: the baseline is the same for every company of a day. The points follow
    by the largest remainder method: all rounded down, then the units that are short go to the largest remainders (ties
    to the earlier one). Each stays within 0.0002 of its exact value, nearly always within 0.0001; zero stays zero.
    """
    total = (baseline + sum(points, ZERO)).quantize(FOUR_PLACES)
    baseline = baseline.quantize(FOUR_PLACES)
    rounded = [number.quantize(FOUR_PLACES, ROUND_FLOOR) for number in points]
    units = int((total - baseline - sum(rounded, ZERO)) / FOUR_PLACES)
    moving = [index for index, number in enumerate(points) if number]
    moving.sort(key=lambda index: (rounded[index] - points[index], index))
    for turn in range(units):
        rounded[moving[turn % len(moving)]] += FOUR_PLACES
    if units < 0:
        rounded[moving[-1]] += units * FOUR_PLACES
    return total + ZERO, baseline + ZERO, [number + ZERO for number in rounded]
