"""The demo's three providers: processes of the project's provider double."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from panel.demo.ports import HOST
from panel.embedded.child_processes import Child
from panel.processes.run_panel import PROJECT

PORTS = 6  # two for each provider


@dataclass(frozen=True, slots=True)
class Double:
    """One provider of the demo: what the panel needs, and its process."""

    name: str
    key: str
    currency: str
    percent: int  # margin on top of its rates
    options: Mapping[str, str]  # of `python -m tests.double`
    port: int = 0
    control_port: int = 0

    @property
    def url(self) -> str:
        """The URL of its API."""
        return f"http://{HOST}:{self.port}/api/v2"

    @property
    def control_url(self) -> str:
        """The URL of its control API, which also lists what it has received."""
        return f"http://{HOST}:{self.control_port}/_control"

    def child(self, *, data_dir: Path) -> Child:
        """Its process; its state is kept in the data folder."""
        name = f"provider-{self.options['seed']}"
        options = {
            **self.options,
            "host": HOST,
            "port": str(self.port),
            "control-port": str(self.control_port),
            "key": self.key,
            "currency": self.currency,
            "state": str(folder(data_dir) / f"{name}.json"),
        }
        line = [f"--{option}={value}" for option, value in options.items()]
        return Child(
            name=name,
            argv=(sys.executable, "-m", "tests.double", *line),
            log=data_dir / "log" / f"{name}.log",
            data_dir=data_dir,
            cwd=PROJECT,
        )


def folder(data_dir: Path) -> Path:
    """The demo's files outside the panel's database."""
    return data_dir / "demo"


def doubles(ports: Sequence[int]) -> tuple[Double, Double, Double]:
    """The main provider, a smaller one in euros with its own dialect, and a tiny paused one."""
    return (
        Double(
            name="Northwind Social",
            key="northwind-demo-key",
            currency="USD",
            percent=30,
            options={"seed": "7", "services": "140"},
            port=ports[0],
            control_port=ports[1],
        ),
        Double(
            name="Bosporus Media",
            key="bosporus-demo-key",
            currency="EUR",
            percent=40,
            options={"seed": "11", "services": "25", "first-id": "880101", "balance": "750"},
            port=ports[2],
            control_port=ports[3],
        ),
        Double(
            name="Harbor Supply",
            key="harbor-demo-key",
            currency="USD",
            percent=30,
            options={"seed": "13", "services": "6", "first-id": "40017", "balance": "60"},
            port=ports[4],
            control_port=ports[5],
        ),
    )
