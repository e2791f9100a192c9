"""Commands beside `up` say what is missing in one line, and exit with 1."""

from collections.abc import Callable

from tests.stack import Stack


def test_command_says_that_no_panel_runs_in_the_folder(make_stack: Callable[..., Stack]) -> None:
    panel = make_stack()

    answer = panel.manage("audit")

    assert (answer.returncode, answer.stdout) == (1, "")
    assert answer.stderr == (
        f"No panel is running in {panel.data_dir}: run `manage.py up`, or set PANEL_DATA_DIR or DATABASE_URL\n"
    )


def test_command_says_that_a_configured_database_does_not_answer(
    make_stack: Callable[..., Stack],
) -> None:
    panel = make_stack(
        env={"DATABASE_URL": "postgres://panel@127.0.0.1:9/panel", "SECRET_KEY": "x" * 50}
    )

    answer = panel.manage("audit")

    assert (answer.returncode, answer.stdout) == (1, "")
    assert answer.stderr.startswith("Cannot reach the database: connection failed")
