-- By which phone or address somebody came in: its mark, made with the installation's key. Empty:
-- by none. NULL: a release before this one wrote the row. When the phone or address is taken off
-- its member, what it let in ends with it.
ALTER TABLE access.person_session ADD COLUMN contact bytea;
ALTER TABLE access.passkey ADD COLUMN contact bytea;
