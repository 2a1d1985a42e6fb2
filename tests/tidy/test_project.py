"""The repository itself: no addresses of one machine, locks that lock, one version."""

import re
import tomllib
from collections.abc import Iterator
from itertools import pairwise

import pytest

from tidy.source import HOUSE, ROOT, Source, bites, tracked

# Put together here, so that this file does not hold what it looks for.
ADDRESSES = (
    ".".join(("pypi", "org")),
    ".".join(("files", "pythonhosted", "org")),
    ".".join(("registry", "npmjs")),
    ".".join(("deb", "debian", "org")),
    "/work" + "/",
)


def addresses(file: Source) -> Iterator[str]:
    """Package hosts and paths of a machine: the file would be true in one place only."""
    for number, line in enumerate(file.text.splitlines(), 1):
        for address in ADDRESSES:
            if address in line:
                yield f"{file.path}:{number} names {address}"


def unhashed(lock: Source) -> Iterator[str]:
    """Requirements of a lock that are not pinned to a version and its hashes."""
    for block in re.split(r"\n(?=[a-z0-9])", lock.text):
        if re.match(r"[a-z0-9]", block) and not ("==" in block and "--hash=sha256:" in block):
            yield f"{lock.path}: {block.splitlines()[0]} has no version or no hash: make lock"


def wanted(text: str) -> set[str]:
    """The requirements a .in file asks for, comments and references to other files aside."""
    lines = (re.sub(r"(^|\s)#.*", "", line).strip() for line in text.splitlines())
    return {line for line in lines if line and not line.startswith("-")}


def package(requirement: str) -> str:
    """The plain name of a requirement: `psycopg` of `psycopg[binary]>=3`."""
    return re.split(r"[^\w.-]", requirement, maxsplit=1)[0].lower().replace("_", "-")


def lock(name: str) -> Source:
    path = f"requirements/{name}"
    return Source(path, (ROOT / path).read_text(encoding="utf-8"))


def test_no_tracked_file_names_a_host_or_a_machine():
    found: list[str] = []
    for path in tracked():
        text = path.read_bytes().decode("utf-8", errors="replace")
        found += addresses(Source(path.relative_to(ROOT).as_posix(), text))
    assert found == []


def test_every_requirement_is_locked_with_its_hashes():
    for name in ("core", "dedup", "dev"):
        asked, locked = lock(f"{name}.in"), lock(f"{name}.txt")
        pinned = {package(line) for line in locked.text.splitlines() if re.match(r"[a-z0-9]", line)}
        assert list(unhashed(locked)) == []
        assert {package(line) for line in wanted(asked.text)} <= pinned, "make lock"


def test_the_development_lock_contains_the_servers():
    def pins(name: str) -> set[str]:
        return set(re.findall(r"^[a-z0-9][^ ]*==[^ ]+", lock(name).text, re.MULTILINE))

    assert pins("core.txt") | pins("dedup.txt") <= pins("dev.txt"), "make lock"


def test_the_project_asks_for_what_is_locked():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(project["dependencies"]) == wanted(lock("core.in").text)
    for extra, asked in project["optional-dependencies"].items():
        assert set(asked) == wanted(lock(f"{extra}.in").text)


def test_the_version_is_semantic_and_in_the_changelog():
    house = (ROOT / HOUSE / "__init__.py").read_text(encoding="utf-8")
    version = "".join(re.findall(r'^__version__ = "(.*)"$', house, re.MULTILINE))
    assert re.fullmatch(r"\d+\.\d+\.\d+", version)
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"\n## [{version}] - " in changes


def test_rules_with_exceptions_give_their_reason():
    assert complaints_about_exceptions((ROOT / "pyproject.toml").read_text(encoding="utf-8")) == []


def complaints_about_exceptions(text: str) -> list[str]:
    """Entries of ruff's per-file exceptions that no comment above explains."""
    body = text.partition("[tool.ruff.lint.per-file-ignores]\n")[2].partition("\n[")[0]
    lines = ["", *body.splitlines()]
    return [
        line
        for above, line in pairwise(lines)
        if line.startswith('"') and not above.startswith("#")
    ]


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_is_found(address):
    assert bites(addresses, "README.md", f"one\npip install -i {address}x")


def test_a_requirement_without_hash_or_version_is_found():
    good = "# head\nuv==1 \\\n    --hash=sha256:00\n    # via -r dev.in\n"
    assert not bites(unhashed, "dev.txt", good)
    assert bites(unhashed, "dev.txt", good + "rich==2\n")
    assert bites(unhashed, "dev.txt", good + "rich \\\n    --hash=sha256:00\n")


def test_names_are_read_out_of_requirements():
    asked = wanted("# c\n-r core.in\npsycopg[binary,pool]>=3.3  # why\nuvloop; x != 'y'\n")
    assert asked == {"psycopg[binary,pool]>=3.3", "uvloop; x != 'y'"}
    assert {package(line) for line in asked} == {"psycopg", "uvloop"}


def test_an_exception_without_a_reason_is_found():
    head = "[tool.ruff.lint.per-file-ignores]\n"
    assert complaints_about_exceptions(f'{head}# Why.\n"a" = ["E"]\n') == []
    assert complaints_about_exceptions(f'{head}"a" = ["E"]\n') == ['"a" = ["E"]']


def test_the_archive_of_the_sources_holds_the_repository():
    """Whoever unpacks it can run what the Makefile and the tests run; what is hidden stays."""
    if not (ROOT / ".git").exists():
        pytest.skip("an unpacked archive, git cannot list its files")
    build = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]
    there = {path.relative_to(ROOT).parts[0] for path in tracked()}
    shown = {name for name in there if not name.startswith(".")}
    taken = set(build["build"]["targets"]["sdist"]["only-include"])
    assert taken == shown - {"pyproject.toml"}  # that one always travels


def test_our_files_are_listed():
    if not (ROOT / ".git").exists():
        pytest.skip("an unpacked archive, git cannot list its files")
    assert ROOT / "pyproject.toml" in tracked()
    assert HOUSE.endswith("/")
