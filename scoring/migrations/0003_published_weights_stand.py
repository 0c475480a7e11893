"""The database keeps published versions of the weights as they are, and their sum at one."""

from __future__ import annotations

from django.db import migrations

CREATE = """
CREATE FUNCTION public.refuse_change_of_published_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status = 'published' AND (TG_OP = 'DELETE' OR (NEW.version, NEW.status, NEW.published_at)
       IS DISTINCT FROM (OLD.version, OLD.status, OLD.published_at)) THEN
        RAISE EXCEPTION 'a published version of the weights never changes; draft a new one'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'score_versions_published_stands';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE FUNCTION public.refuse_change_of_published_weight() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM public.score_versions WHERE id = OLD.score_version_id AND status = 'published') THEN
        RAISE EXCEPTION 'the weights of a published version never change; draft a new one'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'score_weights_published_stand';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE FUNCTION public.published_weights_sum_to_one() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    version_id uuid := CASE TG_TABLE_NAME WHEN 'score_versions' THEN NEW.id
                       ELSE (to_jsonb(NEW) ->> 'score_version_id')::uuid END;
BEGIN
    IF EXISTS (SELECT FROM public.score_versions WHERE id = version_id AND status = 'published')
       AND (SELECT coalesce(sum(weight), 0) FROM public.score_weights WHERE score_version_id = version_id) <> 1 THEN
        RAISE EXCEPTION 'the weights of a published version sum to one'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'score_weights_sum';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER published_stands BEFORE UPDATE OR DELETE ON public.score_versions
    FOR EACH ROW EXECUTE FUNCTION public.refuse_change_of_published_version();
CREATE TRIGGER published_stand BEFORE UPDATE OR DELETE ON public.score_weights
    FOR EACH ROW EXECUTE FUNCTION public.refuse_change_of_published_weight();
-- Checked at the end of the transaction: a version and its weights are written one after the other.
CREATE CONSTRAINT TRIGGER published_sum AFTER INSERT OR UPDATE ON public.score_versions
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.published_weights_sum_to_one();
CREATE CONSTRAINT TRIGGER published_sum AFTER INSERT ON public.score_weights
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.published_weights_sum_to_one();
"""
DROP = """
DROP TRIGGER published_sum ON public.score_weights;
DROP TRIGGER published_sum ON public.score_versions;
DROP TRIGGER published_stand ON public.score_weights;
DROP TRIGGER published_stands ON public.score_versions;
DROP FUNCTION public.published_weights_sum_to_one(), public.refuse_change_of_published_weight(),
    public.refuse_change_of_published_version();
"""


class Migration(migrations.Migration):
    dependencies = [("scoring", "0002_first_weights")]
    operations = [migrations.RunSQL(CREATE, DROP)]
