"""Names as they are compared: without accents, legal forms and country, abbreviations written out, words in order.

The database works them out itself, for rows that SQL and COPY write, too. `signals_app.ingest.names` does the same for
names that no row holds yet; a test holds the two together.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Func, TextField

_LEGAL_FORMS = """
ab ag aps as asa bv co company corp corporation cv gmbh inc incorporated kabushiki kaisha kg kk limited llc lp
llp ltd nv oy oyj plc pte pty pvt sa sab sarl sas se spa srl sl slu the us usa america americas
"""
_WRITTEN_OUT = """
pharms pharmaceuticals pharm pharmaceuticals pharma pharmaceuticals pharmaceutical pharmaceuticals
pharmaceut pharmaceuticals pharmac pharmaceuticals therap therapeutics theraps therapeutics theraputics therapeutics
therapeutic therapeutics labs laboratories lab laboratories laboratory laboratories intl international
biopharms biopharmaceuticals biopharm biopharmaceuticals biopharma biopharmaceuticals
biopharmaceutical biopharmaceuticals bioscience biosciences biotherap biotherapeutics biotheraps biotherapeutics
biotech biotechnology sci sciences science sciences hlthcare healthcare hlth health tech technology techs technologies
med medicines medicine medicines res research dev development genetic genetics onc oncology immun immunology
ind industries inds industries prods products hldgs holdings hldg holdings grp group vax vaccines
"""
_COUNTRIES = "us usa america americas"


def _array(words: str) -> str:
    return "ARRAY[" + ", ".join(f"'{word}'" for word in words.split()) + "]"


# No value is put in: words of this file alone.
CREATE_FUNCTION = r"""
CREATE OR REPLACE FUNCTION public.company_name_key(name text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    tails constant text[] := {tails};
    countries constant text[] := {countries};
    short constant text[] := {short};
    long constant text[] := {long};
    plain text := regexp_replace(
        normalize(regexp_replace(name, '\([^)]*\)', ' ', 'g'), NFKD), '[^\u0001-\u007f]+', '', 'g');
    words text[];
    kept text[];
    final int;
    place int;
BEGIN
    plain := lower(plain COLLATE "C");
    IF plain ~ 'subsidiary of|is now' THEN
        plain := regexp_replace(
            plain, '\y(a|is now a|now a)?\s*(wholly owned )?subsidiary of\y.*$|\yis now\y.*$', '');
    END IF;
    plain := btrim(regexp_replace(plain, '[^a-z0-9]+', ' ', 'g'));
    IF plain ~ '\y[a-z] [a-z]\y' THEN
        plain := regexp_replace(
            plain,
            '\y(a(?= s\y)|s(?= a\y)|[nb](?= v\y)) ([sav])\y'
            '|\y(p(?= l c\y)|s(?= p a\y)|l(?= l c\y)) ([lp]) ([ca])\y',
            '\1\2\3\4\5', 'g');
    END IF;
    IF plain = '' THEN
        RETURN '';
    END IF;
    words := string_to_array(plain, ' ');
    FOR n IN 1 .. cardinality(words) LOOP
        words[n] := coalesce(long[array_position(short, words[n])], words[n]);
    END LOOP;
    final := cardinality(words);
    WHILE final > 1 AND words[final] = ANY (tails) LOOP
        final := final - 1;
    END LOOP;
    place := 1;
    WHILE place < final AND words[place] = 'the' LOOP
        place := place + 1;
    END LOOP;
    -- A legal form in front is part of the name: AB Science, Co-Diagnostics.
    kept := words[place:place];
    FOR n IN place + 1 .. final LOOP
        IF words[n] <> 'and' AND (words[n] = ANY (countries) OR words[n] <> ALL (tails)) THEN
            kept := kept || words[n];
        END IF;
    END LOOP;
    RETURN (SELECT string_agg(word, ' ' ORDER BY word COLLATE "C") FROM unnest(kept) AS word);
END $$
""".format(  # noqa: S608
    tails=_array(_LEGAL_FORMS),
    countries=_array(_COUNTRIES),
    short=_array(" ".join(_WRITTEN_OUT.split()[::2])),
    long=_array(" ".join(_WRITTEN_OUT.split()[1::2])),
)
DROP_FUNCTION = "DROP FUNCTION IF EXISTS public.company_name_key(text)"


class NameKey(Func):
    """The name as it is compared with others; empty for one without a letter or digit of the Latin script."""

    function = "company_name_key"
    arity = 1
    output_field: Any = TextField()
