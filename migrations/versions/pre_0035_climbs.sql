-- Which climbs a return may still undo, in the order in which they were posted.

-- Climbs up to this one are behind the last review; NULL: those of days before `settled`.
ALTER TABLE tiers.standing ADD COLUMN settled_after bigint;

-- `climbed`: the day of a climb that came along with an account that was joined; a return may undo
-- it as one of the account's own. `was_settled`: what stood before, told whole.
ALTER TABLE tiers.change
ADD COLUMN climbed date,
ADD COLUMN was_settled date;
