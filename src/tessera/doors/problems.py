"""Where a refusal meets HTTP: the only file that knows both words (RFC 9457)."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from tessera.base.refusal import Refusal
from tessera.doors.unread import TOKEN, choices, in_words, near

JSON, PROBLEM = b"application/json", b"application/problem+json"
LINES = b"application/x-ndjson"
RETRY_AFTER_S = 1
MAX_WORD = 128  # characters of a word of an address
MAX_DEPTH = 32  # of a body that has no schema; the others are as deep as their schema

# code -> status; a code without a row is a 422: understood, and not possible as it is
STATUS = {
    "body_missing": 400,
    "body_invalid": 400,
    "key_missing": 400,
    "cursor_unknown": 400,
    "query_invalid": 400,
    "path_invalid": 400,
    "not_signed_in": 401,
    "not_allowed": 403,
    "other_store": 403,
    "own_proposal": 403,
    "approver_beholden": 403,
    "key_of_another": 403,
    "sign_in_stale": 403,
    "address_other": 403,
    "not_yours_to_give": 403,
    "not_found": 404,
    "card_unknown": 404,
    "member_unknown": 404,
    "account_unknown": 404,
    "receipt_unknown": 404,
    "quote_unknown": 404,
    "store_unknown": 404,
    "batch_unknown": 404,
    "key_unknown": 404,
    "role_unknown": 404,
    "version_unknown": 404,
    "draft_unknown": 404,
    "draft_changed": 409,
    "draft_published": 409,
    "too_many_drafts": 409,
    "incident_unknown": 404,
    "budget_unknown": 404,
    "pair_unknown": 404,
    "partner_unknown": 404,
    "period_open": 409,
    "period_closed": 409,
    "not_redeemed_here": 409,
    "referral_not_offered": 409,
    "reward_unknown": 404,
    "board_unknown": 404,
    "ladder_not_there": 404,
    "board_open": 409,
    "board_closed": 409,
    "board_busy": 409,
    "draw_unknown": 404,
    "win_unknown": 404,
    "draw_open": 409,
    "draw_over": 409,
    "seed_sealed_elsewhere": 409,
    "coupon_unknown": 404,
    "claim_unknown": 404,
    "pool_unknown": 404,
    "picture_unknown": 404,
    "reward_exists": 409,
    "batch_revoked": 409,
    "batch_unfinished": 409,
    "page_gone": 409,
    "reward_not_offered": 409,
    "reward_not_yours": 409,
    "reward_limit": 409,
    "reward_gone": 409,
    "too_many_rewards": 409,
    "stock_taken": 409,
    "pool_exists": 409,
    "claim_closed": 409,
    "claim_unpaid": 409,
    "claim_paid": 409,
    "claim_not_sent": 409,
    "claim_not_here": 409,
    "claim_stays": 409,
    "claim_used": 409,
    "claim_kept": 409,
    "reward_spent": 409,
    "approval_unknown": 404,
    "entry_unknown": 404,
    "token_invalid": 404,
    "task_unknown": 404,
    "aside_unknown": 404,
    "task_busy": 409,
    "task_over": 409,
    "piece_gap": 409,
    "nothing_to_import": 409,
    "file_gone": 409,
    "file_removed": 409,
    "extra_missing": 409,
    "rows_gone": 409,
    "method_other": 405,
    "key_in_flight": 409,
    "key_ended": 409,
    "role_taken": 409,
    "role_ended": 409,
    "role_built_in": 409,
    "mint_cap_reached": 409,
    "receipt_known": 409,
    "event_known": 409,
    "quote_ended": 409,
    "points_short": 409,
    "nothing_left": 409,
    "limit_reached": 409,
    "tills_full": 409,
    "nothing_to_extend": 409,
    "card_blocked": 409,
    "card_replaced": 409,
    "code_unknown": 404,
    "code_expired": 409,
    "code_needed": 409,
    "proof_needed": 403,
    "setup_code_wrong": 403,
    "setup_over": 409,
    "contact_missing": 409,
    "no_numbers": 409,
    "identifier_taken": 409,
    "merge_needed": 409,
    "already_merged": 409,
    "account_joined": 409,
    "joining_undone": 409,
    "merge_unknown": 404,
    "member_erased": 409,
    "merge_undone": 409,
    "merge_covered": 409,
    "open_holds": 409,
    "in_household": 409,
    "household_unknown": 404,
    "invitation_unknown": 404,
    "household_full": 409,
    "household_limit": 409,
    "household_role": 403,
    "head_stays": 409,
    "card_stays": 409,
    "last_way": 409,
    "identifier_fixed": 403,
    "identifier_unknown": 404,
    "try_again": 409,
    "choice_too_soon": 409,
    "born_on_fixed": 409,
    "joining_closed": 409,
    "incident_open": 409,
    "incident_ended": 409,
    "pair_judged": 409,
    "prefix_full": 409,
    "approval_decided": 409,
    "approval_expired": 409,
    "approval_other": 409,
    "proposer_gone": 409,
    "too_many_proposals": 409,
    "sign_in_wrong": 403,
    "factor_missing": 403,
    "invitation_wrong": 403,
    "ceremony_wrong": 403,
    "code_wrong": 403,
    "staff_unknown": 404,
    "session_unknown": 404,
    "passkey_unknown": 404,
    "staff_known": 409,
    "staff_ended": 409,
    "last_owner": 409,
    "session_missing": 409,
    "provider_missing": 409,
    "provider_down": 409,
    "body_too_large": 413,
    "media_type_other": 415,
    "too_many_tries": 429,
    "too_many_calls": 429,
    "too_many_codes": 429,
    "broken": 500,
    "busy": 503,
}
_TITLES = {400: "Bad request", 401: "Not signed in", 403: "Not allowed", 404: "Not found",
           405: "Method not allowed", 409: "Conflict", 413: "Too large", 415: "Unsupported media",
           422: "Not possible", 429: "Too many requests", 500: "Broken", 503: "Busy"}  # fmt: skip


class Problem(msgspec.Struct, frozen=True):
    """A problem document: what, where in the request, why, and what to do about it."""

    type: str
    title: str
    status: int
    code: str
    field: str
    why: str
    cure: str


@dataclass(frozen=True, slots=True)
class Reply:
    """HTTP status and JSON bytes: an answer, or a problem document.

    allow  for method_other: the methods that are possible
    lines  several answers, one a line
    media  what it is, where it is no JSON: text/csv
    code   of a problem; shed: what was full, of a call that was turned away unheard
    """

    status: int
    body: bytes
    replayed: bool = False
    allow: str = ""
    lines: bool = False
    code: str = ""
    shed: str = ""
    media: bytes = b""

    @property
    def content_type(self) -> bytes:
        """Problems say that they are problems."""
        if self.status >= 400:
            return PROBLEM
        return self.media or (LINES if self.lines else JSON)


def status_of(code: str) -> int:
    """The HTTP status of a refusal's code."""
    return STATUS.get(code, 422)


def problem(refusal: Refusal) -> Reply:
    """The refusal as an HTTP answer."""
    status = status_of(refusal.code)
    document = Problem(
        f"urn:tessera:problem:{refusal.code}", _TITLES[status], status, refusal.code, refusal.field,
        refusal.why, refusal.cure,
    )  # fmt: skip
    return Reply(status, msgspec.json.encode(document), code=refusal.code)


def shed(what: str, why: str) -> Reply:
    """Too much is asked for at once: nothing was done, the same call again is safe."""
    return replace(busy(why), shed=what)


def busy(why: str) -> Reply:
    """Nothing was done, or nothing is known to be done: the same call again is safe."""
    return problem(Refusal("busy", "", why, "send the same call with the same key again soon"))


def broken(why: str) -> Reply:
    """A bug of ours: it is logged; nothing was written."""
    return problem(Refusal("broken", "", why, "report it with the time of the call"))


def in_flight(key: str) -> Reply:
    """The first call with this key is still being answered."""
    why = f"a call with key {key} is being answered right now"
    return problem(
        Refusal("key_in_flight", "Idempotency-Key", why, "wait for its answer, then ask again")
    )


def invalid(error: Exception, raw: bytes, shape: Any = None) -> Refusal:
    """Why a body cannot be read, naming the field where it can be told.

    shape  the type that was asked for: where words are to choose from the cure lists them
    """
    text = str(error)
    why, _, path = text.partition(" - at `")
    field = path.strip("`").removeprefix("$").lstrip(".")
    if "unknown field `" in why or "missing required field `" in why:
        name = why.split("field `", 1)[1].split("`")[0]
        field = f"{field}.{name}".lstrip(".")
    if not field or "[...]" in field:
        field = near(raw, _where(error, text, raw))
    cure = "send the field as the reference describes it"
    told = in_words(why)
    if told != why:
        cure = "send it without them"
    elif why.startswith("Invalid enum value") and shape is not None:
        cure = f"send one of {', '.join(choices(shape, field))}"
    return Refusal("body_invalid", field[:128], told[:200], cure)


def too_deep(raw: bytes) -> Refusal | None:
    """Nothing is nested deeper than a person would: parsers and readers end early."""
    depth = 0
    for token in TOKEN.finditer(raw):
        depth += token[0] in (b"[", b"{")
        depth -= token[0] in (b"]", b"}")
        if depth > MAX_DEPTH:
            why = f"this is nested over {MAX_DEPTH} deep"
            field = re.split(r"[.[]", near(raw, token.start()))[0]
            return Refusal("body_invalid", field, why, "send what the reference describes")
    return None


def _where(error: Exception, text: str, raw: bytes) -> int:
    """The byte at which a body stopped making sense; 0 if that is the body as a whole."""
    if isinstance(error, UnicodeDecodeError):
        try:
            raw.decode()
        except UnicodeDecodeError as whole:
            return whole.start
    _, _, rest = text.partition("(byte ")
    if rest and "trailing" not in text:
        return int(rest.rstrip(")"))
    if "out of range" in text:
        return next((t.start() for t in TOKEN.finditer(raw) if t[3] and _huge(t[3])), 0)
    return 0


def _huge(number: bytes) -> bool:
    try:
        return abs(float(number)) >= 2**63
    except ValueError:
        return False
