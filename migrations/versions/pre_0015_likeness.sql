-- What finds people who are the same: keys to look under, and pairs that wait for a verdict.
-- Both go with the person. That two are different stays while one of them leads to another.

-- Under which short hashes a person is looked for; several rows a member.
CREATE TABLE members.likeness (
    key integer NOT NULL,
    member_id uuid NOT NULL REFERENCES members.person (member_id) ON DELETE CASCADE
);
CREATE INDEX likeness_key ON members.likeness (key);
CREATE INDEX likeness_member ON members.likeness (member_id);

-- Two members who may be one person. `weight` is in tenths of a bit above even odds, `group_id` the
-- smallest member of all whom strong pairs join; `evidence` names fields, never values.
CREATE TABLE members.likely (
    id uuid PRIMARY KEY,
    one uuid NOT NULL REFERENCES members.person (member_id) ON DELETE CASCADE,
    other uuid NOT NULL REFERENCES members.person (member_id) ON DELETE CASCADE,
    group_id uuid,
    weight integer NOT NULL,
    evidence jsonb NOT NULL,
    found_at timestamptz NOT NULL,
    verdict text CHECK (verdict IN ('same', 'different')),
    judged_at timestamptz,
    judged_by uuid,
    reason text NOT NULL DEFAULT '',
    CHECK (one < other),
    CHECK ((verdict IS NULL) = (judged_at IS NULL)),
    UNIQUE (one, other)
);
CREATE INDEX likely_open ON members.likely (weight DESC, id) WHERE verdict IS NULL;
CREATE INDEX likely_other ON members.likely (other);

-- Two members who are different people: no search offers them again, also after a merge of one of
-- them was undone. Goes when one of them is erased.
CREATE TABLE members.verdict (
    one uuid NOT NULL REFERENCES members.member (id),
    other uuid NOT NULL REFERENCES members.member (id),
    judged_at timestamptz NOT NULL,
    PRIMARY KEY (one, other),
    CHECK (one < other)
);
CREATE INDEX verdict_other ON members.verdict (other);

GRANT SELECT, INSERT, DELETE ON members.likeness TO tessera_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON members.likely TO tessera_app;
GRANT SELECT, INSERT, DELETE ON members.verdict TO tessera_app;
