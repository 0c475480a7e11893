"""From MeSH headings to therapeutic areas. Pure.

The headings of a study's conditions come with their ancestors in the MeSH tree, so that a disease is recognised by the
branch it stands in. A disease stands in several: the first rule that holds decides. Source: NLM, MeSH tree C and F03.
"""

from __future__ import annotations

from collections.abc import Iterable

from companies.choices import TherapeuticArea as Area

# (area, numbers of headings: D009369 is 9369), in order.
RULES: tuple[tuple[str, tuple[int, ...]], ...] = (
    (Area.ONCOLOGY.value, (9369,)),  # Neoplasms
    (Area.RESPIRATORY.value, (3550, 1249, 29424, 9298, 12852)),  # Cystic Fibrosis, Asthma, COPD, Polyps, Sinusitis
    (Area.DERMATOLOGY.value, (3876, 11565, 14581)),  # Dermatitis, Atopic; Psoriasis; Urticaria
    (Area.IMMUNOLOGY.value, (65631, 6255, 12221, 5512)),  # Rhinitis, Allergic; Rhinitis; Food Hypersensitivity
    (Area.OPHTHALMOLOGY.value, (5128,)),  # Eye Diseases
    (Area.INFECTIOUS_DISEASE.value, (7239, 14777, 1424, 10272, 9181, 86382)),  # Infections and their kinds; COVID-19
    (Area.RARE_DISEASE.value, (30342, 35583)),  # Genetic Diseases, Inborn; Rare Diseases
    (Area.DERMATOLOGY.value, (12871,)),  # Skin Diseases
    (Area.RESPIRATORY.value, (8171,)),  # Lung Diseases
    (Area.IMMUNOLOGY.value, (6967, 1327)),  # Hypersensitivity; Autoimmune Diseases
    (Area.NEUROLOGY.value, (9422, 1523, 10146)),  # Nervous System Diseases; Mental Disorders; Pain
    (Area.CARDIOVASCULAR.value, (2318, 6331, 14652)),  # Cardiovascular, Heart, Vascular Diseases
    (Area.METABOLIC.value, (9750, 8659, 4700, 3920, 9765)),  # Nutritional, Metabolic, Endocrine; Diabetes; Obesity
    (Area.IMMUNOLOGY.value, (7154, 12216, 15212)),  # Immune, Rheumatic, Inflammatory Bowel Diseases
    (Area.RESPIRATORY.value, (12140,)),  # Respiratory Tract Diseases
    (Area.OTHER.value, (6425, 4066, 91642, 14570, 9140)),  # Blood, Digestive, Urogenital, Musculoskeletal Diseases
)
# Genetic skin diseases of MeSH are psoriasis and eczema too: common ones are no rare diseases.
COMMON_THOUGH_GENETIC = frozenset({3876, 11565, 1249, 3920, 3924, 9765, 544, 10300})
RARE = 30342


def area_of(mesh: Iterable[int]) -> str | None:
    """Return the area of a study's conditions; None where MeSH says nothing of them."""
    headings = set(mesh)
    if headings & COMMON_THOUGH_GENETIC:
        headings.discard(RARE)
    return next((area for area, numbers in RULES if headings.intersection(numbers)), None)
