"""Sample code for API calls in four languages; the key comes from the variable API_KEY.

Each sample runs unchanged and without dependencies: a test runs them against the panel.
"""

import json
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

Fields = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Language:
    """One language, with a note on how to run a sample and the function that writes it."""

    slug: str
    name: str
    note: str
    write: Callable[[str, Fields], str]


def curl(url: str, fields: Fields) -> str:
    """A command for a POSIX shell, with all values quoted."""
    given = [f"  --data-urlencode {shlex.quote(f'{name}={text}')}" for name, text in fields.items()]
    return " \\\n".join(
        [
            f"curl --silent --show-error {shlex.quote(url)}",
            '  --data-urlencode "key=$API_KEY"',
            *given,
        ]
    )


def python(url: str, fields: Fields) -> str:
    """A program for Python 3 and its standard library."""
    given = "".join(f"    {_json(name)}: {_json(text)},\n" for name, text in fields.items())
    return (
        "import json\nimport os\nimport urllib.parse\nimport urllib.request\n\n"
        f'fields = {{\n    "key": os.environ["API_KEY"],\n{given}}}\n'
        "body = urllib.parse.urlencode(fields).encode()\n"
        f"with urllib.request.urlopen({_json(url)}, body, timeout=30) as answer:\n"
        "    print(json.load(answer))"
    )


def php(url: str, fields: Fields) -> str:
    """A program for PHP 7 and newer, without extensions."""
    given = "".join(f"    {_php(name)} => {_php(text)},\n" for name, text in fields.items())
    return (
        f"<?php\n$fields = [\n    'key' => getenv('API_KEY'),\n{given}];\n"
        "$context = stream_context_create(['http' => [\n"
        "    'method' => 'POST',\n"
        "    'header' => 'Content-Type: application/x-www-form-urlencoded',\n"
        "    'content' => http_build_query($fields),\n"
        "    'timeout' => 30,\n"
        "    'ignore_errors' => true,\n"
        "]]);\n"
        f"$answer = json_decode(file_get_contents({_php(url)}, false, $context), true);\n"
        "echo json_encode($answer), PHP_EOL;"
    )


def javascript(url: str, fields: Fields) -> str:
    """A module for Node 18 and newer, not for browsers: a key must not be in a web page."""
    given = "".join(f"  {name}: {_json(text)},\n" for name, text in fields.items())
    return (
        f"const fields = {{\n  key: process.env.API_KEY,\n{given}}};\n"
        f"const answer = await fetch({_json(url)}, {{\n"
        '  method: "POST",\n'
        "  body: new URLSearchParams(fields),\n"
        "});\n"
        "console.log(JSON.stringify(await answer.json()));"
    )


def _json(text: str) -> str:
    """A JSON string, which is also valid in Python and JavaScript."""
    return json.dumps(text, ensure_ascii=False)


def _php(text: str) -> str:
    """A PHP string, in double quotes only if it has line breaks."""
    if "\n" not in text:
        escaped = text.replace("\\", "\\\\").replace("'", "\\'")
        return f"'{escaped}'"
    escaped = (
        text.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$").replace("\n", "\\n")
    )
    return f'"{escaped}"'


LANGUAGES: Final[Mapping[str, Language]] = MappingProxyType(
    {
        language.slug: language
        for language in (
            Language("curl", "curl", "Runs in any shell.", curl),
            Language("python", "Python", "Python 3, nothing to install.", python),
            Language("php", "PHP", "PHP 7 or newer, no extensions.", php),
            Language(
                "javascript", "JavaScript", "Node 18 or newer; save it as sample.mjs.", javascript
            ),
        )
    }
)
DEFAULT: Final = LANGUAGES["curl"]
