"""An installation as `deploy/` describes it: `luwte serve` on a Unix socket, and nginx or Caddy in front, as shipped.

Only paths, ports, certificates and the user are other ones, in the files that say they are for that: `sites.conf`,
`main.conf` and `sites.caddy`.
"""

import asyncio
import contextlib
import datetime
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import installed
from actors import STUCK, App, Site, demo_folder
from attack.crowd import files_of
from luwte import demo
from luwte import settings as settings_module
from luwte.plumbing.db import WriteTx, connect
from luwte.plumbing.relay import Relay
from luwte.staff import second_factor
from ports import free_port

DEPLOY = Path(__file__).parents[2] / "deploy"
PROGRAM = "from luwte.cli import main; main()"
CHAT, DESK, PARTNER, ONION = "chat.example.org", "desk.example.org", "partner.example.org", "abc234.onion"
NAMES = (CHAT, DESK, PARTNER, ONION)
ONION_PLACEHOLDER = "example" * 8 + ".onion"


@dataclass
class Deployed:
    """The processes of one installation, and everything they may write to."""

    folder: Path
    proxy: str
    port: int = 0
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    organisation: Any = None
    apps: dict[str, App] = field(default_factory=dict)
    """Of each account, its second factor."""

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.folder / "data"

    @property
    def socket(self) -> Path:
        """The server's."""
        return self.folder / "run" / "luwte.sock"

    @property
    def onion_socket(self) -> Path:
        """Where Tor would come in."""
        return self.folder / "run" / "onion.sock"

    def origin(self, name: str = CHAT) -> str:
        """The address of a page."""
        return f"https://{name}:{self.port}"

    @property
    def tls(self) -> ssl.SSLContext:
        """What a browser would trust here."""
        return ssl.create_default_context(cafile=str(self.folder / "tls" / "ca.pem"))

    @property
    def house(self) -> Site:
        """For the actors."""
        settings = settings_module.read(self.data)
        return Site(settings, self.organisation, self.origin(), self.origin(DESK), self.tls, self.apps)

    def files(self) -> dict[str, bytes]:
        """Every file of every component."""
        seen = {f"data/{name}": content for name, content in files_of(self.data).items()}
        for part in ("run", "proxy", "printed"):
            seen |= {f"{part}/{name}": content for name, content in files_of(self.folder / part).items()}
        return seen

    def prepare(self) -> None:
        """Everything but the running processes."""
        for name in ("run", "proxy", "printed"):
            (self.folder / name).mkdir(parents=True)
        self.port = free_port()
        _certificates(self.folder / "tls")
        demo_folder(self.data)
        self.organisation = demo.load(self.data)
        self._make_it_production()
        if self.proxy == "nginx":
            self._prepare_nginx()
        else:
            self._prepare_caddy()

    def _make_it_production(self) -> None:
        """An organisation's own keys, as far as the server can tell: root pinned, nobody without a second factor."""
        shipped = self.folder / "shipped"
        shipped.mkdir()
        shutil.copy(DEPLOY / "luwte.toml", shipped)
        chosen = replace(
            settings_module.read(shipped),
            folder=self.data,
            organisation=demo.ORGANISATION,
            line=demo.LINE,
            origins=(self.origin(CHAT), f"https://{ONION}"),
            desk_origins=(self.origin(DESK),),
            partner_origins=(self.origin(PARTNER),),
            onion=f"https://{ONION}",
            listen=f"unix:{self.socket}",
            desk_limit=1_000,
        )
        settings_module.write(chosen)
        root = self.data / "root.pub"
        root.write_text(root.read_text().removeprefix(settings_module.DEMONSTRATION))
        shutil.move(self.data / "demo", self.folder / "keys-of-the-organisation")
        self._give_everybody_a_second_factor((self.data / "secret").read_bytes())
        for path in [self.data, *self.data.rglob("*")]:  # as the command makes them, which these tests did not use
            path.chmod(0o700 if path.is_dir() else 0o600)

    def _give_everybody_a_second_factor(self, server_secret: bytes) -> None:
        with closing(connect(self.data / "main.db")) as db:
            tx = WriteTx(db, Relay())
            for person in self.organisation.people:
                app = self.apps[person.id] = App()
                second_factor.enrol(tx, person.id, app.enrolment(time.time()), server_secret, time.time())

    def _prepare_nginx(self) -> None:
        here = self.folder / "proxy"
        (here / "luwte").mkdir()
        shutil.copy(DEPLOY / "nginx" / "nginx.conf", here)
        for name in ("server.conf", "errors.conf", "headers.conf", "acme.conf"):
            shutil.copy(DEPLOY / "nginx" / name, here / "luwte")
        (here / "luwte" / "main.conf").write_text(f"user root;\npid {here}/nginx.pid;\ndaemon off;\n")
        sites = (DEPLOY / "nginx" / "sites.conf").read_text()
        head, _, onion = sites.partition("# An onion service")
        sites = head + re.sub("^# ?", "", onion.partition("\n")[2], flags=re.MULTILINE)
        sites = sites.replace("unix:/run/luwte/luwte.sock", f"unix:{self.socket}")
        sites = sites.replace("unix:/run/nginx-luwte-onion.sock", f"unix:{self.onion_socket}")
        sites = re.sub(r" *listen \[::\].*;\n", "", sites)
        sites = re.sub(r"listen 443\b", f"listen 127.0.0.1:{self.port}", sites)
        sites = re.sub(r"listen 80\b", f"listen 127.0.0.2:{self.port}", sites)
        sites = sites.replace("/etc/letsencrypt/live", str(self.folder / "tls"))
        sites = sites.replace("/etc/nginx/luwte/onion.", f"{self.folder}/tls/{ONION}/onion.")
        sites = sites.replace(ONION_PLACEHOLDER, ONION)
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"):
            sites += f"{kind}_temp_path {here}/{kind};\n"
        (here / "luwte" / "sites.conf").write_text(sites)

    def _prepare_caddy(self) -> None:
        here = self.folder / "proxy"
        shutil.copy(DEPLOY / "caddy" / "Caddyfile", here)
        sites = (DEPLOY / "caddy" / "sites.caddy").read_text()
        sites = sites.replace("unix//run/luwte/luwte.sock", f"unix/{self.socket}")
        sites = sites.replace("\nhttps:// {\n", f"\nhttps://:{self.port} {{\n\tbind 127.0.0.1\n")
        for name in (CHAT, DESK, PARTNER):
            chain = self.folder / "tls" / name
            sites = sites.replace(
                f"\n{name} {{\n",
                f"\nhttps://{name}:{self.port} {{\n\tbind 127.0.0.1\n\ttls {chain}/fullchain.pem {chain}/privkey.pem\n",
            )
        (here / "sites.caddy").write_text(sites)

    def start_server(self) -> None:
        """Run `luwte serve` and wait until it answers."""
        process = self._start("luwte", [sys.executable, "-c", PROGRAM, "serve", "--dir", str(self.data)])
        said = self.folder / "printed" / "luwte.stdout"
        before = said.stat().st_size if said.exists() else 0
        wait_for(lambda: said.stat().st_size > before or process.poll() is not None)
        assert process.poll() is None, (self.folder / "printed" / "luwte.stderr").read_text()

    def start_proxy(self) -> None:
        """Run the proxy and wait until it listens."""
        program = installed.path("nginx" if self.proxy == "nginx" else "Caddy")
        assert program, "tests/installed.py installs it"
        here = self.folder / "proxy"
        command = [program, "-p", str(here), "-c", str(here / "nginx.conf")]
        if self.proxy == "caddy":
            command = [program, "run", "--adapter", "caddyfile", "--config", str(here / "Caddyfile")]
        process = self._start(self.proxy, command)
        wait_for(lambda: _answers(self.port) or process.poll() is not None)
        assert process.poll() is None, (self.folder / "printed" / f"{self.proxy}.stderr").read_text()

    def _start(self, name: str, command: list[str]) -> subprocess.Popen[bytes]:
        printed = self.folder / "printed"
        home = {**os.environ, "HOME": str(self.folder / "proxy")}
        for kind in ("XDG_DATA_HOME", "XDG_CONFIG_HOME"):
            home[kind] = str(self.folder / "proxy")
        with (printed / f"{name}.stdout").open("ab") as out, (printed / f"{name}.stderr").open("ab") as err:
            process = subprocess.Popen(command, stdout=out, stderr=err, env=home, cwd=self.folder / "proxy")
        self.processes[name] = process
        return process

    def runs(self, name: str) -> bool:
        """Whether this process is there."""
        return name in self.processes and self.processes[name].poll() is None

    def kill(self, name: str) -> None:
        """As a power cut."""
        self.processes[name].send_signal(signal.SIGKILL)
        self.processes[name].wait()

    def stop(self, name: str) -> int:
        """As the operator does it; the exit code."""
        self.processes[name].send_signal(signal.SIGTERM)
        return self.processes[name].wait(STUCK)

    def end(self) -> None:
        """Leave no process behind."""
        for process in self.processes.values():
            if process.poll() is None:
                process.terminate()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(5)
            if process.poll() is None:
                process.kill()
                process.wait()


def deployed(folder: Path, proxy: str) -> Iterator[Deployed]:
    """An installation that answers; for fixtures."""
    one = Deployed(folder, proxy)
    one.prepare()
    try:
        one.start_server()
        one.start_proxy()
        yield one
    finally:
        one.end()


@asynccontextmanager
async def names_lead_here() -> AsyncIterator[None]:
    """Let the names of the installation lead to this machine, for as long as this lasts."""
    loop = asyncio.get_running_loop()
    real = loop.getaddrinfo

    async def here(host: Any, port: Any, **more: Any) -> Any:
        text = host.decode() if isinstance(host, bytes) else host
        return await real("127.0.0.1" if text in NAMES else host, port, **more)

    with patch.object(loop, "getaddrinfo", here):
        yield


def wait_for(true: Any) -> None:
    """Look again and again; processes tell in no other way that they are there."""
    end = time.monotonic() + STUCK
    while not true():
        assert time.monotonic() < end, "it does not come"
        time.sleep(0.01)


def _answers(port: int) -> bool:
    with closing(socket.socket()) as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def _certificates(folder: Path) -> None:
    """An authority of our own, and a certificate for each name."""
    folder.mkdir()
    key = ec.generate_private_key(ec.SECP256R1())
    ca = _certificate("Test authority", key, None, key, ca=True)
    (folder / "ca.pem").write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    for name in NAMES:
        own = ec.generate_private_key(ec.SECP256R1())
        signed = _certificate(name, own, ca, key, ca=False)
        (folder / name).mkdir()
        chain, private = ("onion.pem", "onion.key") if name == ONION else ("fullchain.pem", "privkey.pem")
        (folder / name / chain).write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        (folder / name / private).write_bytes(
            own.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )


def _certificate(name: str, own: Any, issuer: x509.Certificate | None, key: Any, *, ca: bool) -> x509.Certificate:
    now = datetime.datetime.now(datetime.UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer.subject if issuer else subject)
    builder = builder.public_key(own.public_key()).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - datetime.timedelta(days=1))
    builder = builder.not_valid_after(now + datetime.timedelta(days=30))
    builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(own.public_key()), critical=False)
    builder = builder.add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False
    )
    if not ca:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    return builder.sign(key, hashes.SHA256())
