-- What a member carries: codes that are shown for a minute, what was read.

-- Up to when a member has read what the cabinet tells. Null: nothing yet.
ALTER TABLE members.member ADD COLUMN inbox_read_at timestamptz;

-- The numbers of batches for phones that were given out, one row for each batch: the next serial.
CREATE TABLE members.phone_card (
    batch_id uuid PRIMARY KEY REFERENCES members.card_batch (id),
    next bigint NOT NULL CHECK (next >= 0)
);
GRANT SELECT, INSERT, UPDATE ON members.phone_card TO tessera_app;
