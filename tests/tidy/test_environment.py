"""Settings come in through one door: only app.py reads the environment."""

import ast
from collections.abc import Iterator

import pytest

from tidy.source import HOUSE, Source, bites, complaints, sources

READS = {"environ", "environb", "getenv", "getenvb", "putenv", "unsetenv"}


def reads_environment(file: Source) -> Iterator[str]:
    """Every look at the environment outside the composition root."""
    if file.path == f"{HOUSE}app.py":
        return
    for node in ast.walk(file.tree):
        match node:
            case ast.Attribute(value=ast.Name(id="os"), attr=word) if word in READS:
                yield f"{file.at(node)} reads os.{word}: app.py hands settings in"
            case ast.ImportFrom(module="os", names=names) if READS & {n.name for n in names}:
                yield f"{file.at(node)} imports the environment: app.py hands settings in"
            case ast.keyword(arg="envvar"):  # typer reads it behind our back
                yield f"{file.at(node)} lets typer read the environment: app.py hands settings in"


def test_only_the_composition_root_reads_the_environment():
    assert complaints(reads_environment, sources(HOUSE)) == []


@pytest.mark.parametrize(
    "code",
    [
        "import os\nx = os.environ['A']",
        "import os\nx = os.getenv('A')",
        "from os import environ",
        "from os import path, getenv",
        "x = typer.Option(envvar='A')",
    ],
)
def test_a_look_at_the_environment_is_found(code):
    assert bites(reads_environment, f"{HOUSE}base/postgres.py", code)
    assert bites(reads_environment, f"{HOUSE}doors/cli/app.py", code)
    assert not bites(reads_environment, f"{HOUSE}app.py", code)


def test_other_uses_of_os_are_left_alone():
    assert not bites(reads_environment, f"{HOUSE}base/postgres.py", "import os\nos.kill(1, 9)")
