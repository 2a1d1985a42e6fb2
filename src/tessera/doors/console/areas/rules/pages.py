"""The pages of the program: rules, drafts, text, trying, versions."""

from __future__ import annotations

from tessera.doors.console.areas.rules import drafts, editor, program, trial
from tessera.doors.console.areas.rules.bench import RULES
from tessera.doors.language.words import N_
from tessera.doors.web.page import Menu, Page

_DRAFT = f"{RULES}/drafts/{{draft_id}}"
PAGES: tuple[Page, ...] = (
    Page(
        name="rules.list", path=RULES, show=program.show, title=N_("Rules"),
        purpose=N_("What members get and when, as it is decided now. Changes begin as a draft."),
        needs=("program.read",),
        acts={"begin": program.begin, "edit": program.edit, "declare": program.declare},
        menu=Menu("program", 10, N_("Rules"), "rules"),
    ),
    Page(
        name="rules.new", path=f"{RULES}/new", show=program.show_new,
        title=N_("What would you like to reward?"),
        purpose=N_("Choose the nearest; everything can be changed afterwards."),
        needs=("draft.change",), acts={"add": program.add},
    ),
    Page(
        name="rules.versions", path=f"{RULES}/versions", show=program.show_versions,
        title=N_("Versions"),
        purpose=N_("A version never changes; a receipt keeps the one that decided it."),
        needs=("program.versions",),
    ),
    Page(
        name="rules.version", path=f"{RULES}/versions/{{version}}", show=program.show_version,
        title=N_("Version"), needs=("program.version",), acts={"back": program.roll_back},
        purpose=N_("What decided from then on, and what it changed."),
    ),
    Page(
        name="rules.draft", path=_DRAFT, show=drafts.show, title=N_("Draft"),
        needs=("draft.read",),
        purpose=N_("A copy of the program to try things out: nothing changes until it is "
                   "published."),
        acts={
            "rename": drafts.rename, "numbers": drafts.numbers, "drop": drafts.drop,
            "rebase": drafts.rebase,
        },
    ),
    Page(
        name="rules.rule", path=f"{_DRAFT}/rules/{{place}}", show=editor.show, title=N_("Rule"),
        needs=("draft.read",),
        purpose=N_("When it gives, what and to whom; at the side stands what that means."),
        acts={"save": editor.save, "preview": editor.show, "remove": editor.remove},
    ),
    Page(
        name="rules.text", path=f"{_DRAFT}/text", show=drafts.show_text,
        title=N_("The draft as text"), needs=("draft.read",),
        purpose=N_("The same draft as in the forms, in the files that the command line reads and "
                   "writes. What is changed here is changed there."),
        acts={
            "text": drafts.save_text, "file": drafts.new_file, "unfile": drafts.drop_file,
        },
    ),
    Page(
        name="rules.try", path=f"{_DRAFT}/try", show=trial.show, title=N_("Test on a receipt"),
        needs=("draft.try",), acts={"try": trial.show},
        purpose=N_("What a receipt gives now, and what it would give with the draft."),
    ),
    Page(
        name="rules.changes", path=f"{_DRAFT}/changes", show=drafts.show_changes,
        title=N_("What the draft changes"), needs=("draft.check",),
        purpose=N_("What would be different, and from when on."),
        acts={"publish": drafts.publish, "rebase": drafts.rebase},
    ),
)  # fmt: skip
