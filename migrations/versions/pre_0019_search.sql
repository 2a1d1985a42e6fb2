-- Members found by anything that staff may type.

-- Letters of which two or more are made in another spelling. It is a step of what follows.
CREATE FUNCTION members.paired(name text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN replace(replace(replace(replace(replace(replace(
    name,
    'þ', 'th'), 'æ', 'ae'), 'œ', 'oe'), 'ß', 'ss'), 'є', 'ye'), 'щ', 'shch');

CREATE FUNCTION members.cyrillic_paired(name text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN replace(replace(replace(replace(replace(replace(replace(
    name,
    'ж', 'zh'), 'х', 'kh'), 'ц', 'ts'), 'ч', 'ch'), 'ш', 'sh'), 'ю', 'yu'), 'я', 'ya');

-- A name without case, accents and alphabet, as the search for duplicates sees it
-- (members.likeness.core.forms.fold; a test holds the two together). Nothing in it depends on the
-- database's locale, for indexes stand on it.
CREATE FUNCTION members.folded(name text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN btrim(regexp_replace(regexp_replace(translate(
    members.cyrillic_paired(members.paired(translate(
        lower(regexp_replace(normalize(name, NFKD), '[\u0300-\u036F]', '', 'g') COLLATE "C"),
        'ЖХЦЧШЩЮЯЄÞÆŒẞ', 'жхцчшщюяєþæœß'
    ))),
    'абвгдезийклмнопрстуфыэіґАБВГДЕЗИЙКЛМНОПРСТУФЫЭІҐøłđðıØŁĐÐ'
    || 'ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩςъьЪЬ',
    'abvgdeziiklmnoprstufyeigabvgdeziiklmnoprstufyeigolddioldd'
    || 'αβγδεζηθικλμνξοπρστυφχψωσ'
), '[-_/.,\s]+', ' ', 'g'), '[]''`´’‘ʹ"“”«»()*+?!:;&#@%$^~=<>|{}[\\]+', '', 'g'));

-- Both names in either order: a part of one, or a part of each. They go with the person.
CREATE INDEX person_family ON members.person (
    (members.folded(family_name) COLLATE "C"), (members.folded(given_name) COLLATE "C"), member_id
);
CREATE INDEX person_given ON members.person (
    (members.folded(given_name) COLLATE "C"), (members.folded(family_name) COLLATE "C"), member_id
);

-- Members in the orders in which they are listed; how many there are is estimated from these.
CREATE INDEX member_joined ON members.member (registered_at, id)
WHERE registered_at IS NOT NULL AND merged_into IS NULL AND erased_at IS NULL;
CREATE INDEX member_shadow ON members.member (id)
WHERE registered_at IS NULL AND merged_into IS NULL AND erased_at IS NULL;
CREATE INDEX identifier_blocked ON members.identifier (member_id)
WHERE kind = 'card' AND status = 'blocked';

-- The number that is printed on a receipt; nobody looks for a member by one that has none.
CREATE INDEX receipt_number ON checkout.receipt (number, id) WHERE member_id IS NOT NULL;
