"""What `kehub doctor` looks at: packages, plugins, configuration, key, store, network, and each connection."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from hub.cli.opening import this_user
from hub.clock import system_clock
from hub.errors import HubError
from hub.plugins import foreign_packages, load_plugins
from hub.settings import Configuration, Connection, load
from hub.settings.folders import plugin_folders
from hub.store import open_store
from hub.store.hints import REQUESTS
from hub.vault import master_key
from sync.segments import Listed, Segmenter, spans
from sync.setup import Setup, open_setup

UNREAD = timedelta(days=1)
"""From here on hints that nobody has read tell that no run reads them."""

SKEW = timedelta(minutes=2)
"""From here on their clock and ours differ so much that a token or a window may fail."""


@dataclass(frozen=True)
class Check:
    """One line: what was looked at, whether it is good, what was found or is to be done."""

    area: str
    subject: str
    good: bool
    note: str = ""


def look_over(path: Path) -> Iterator[Check]:
    """Look at everything; what rests on something broken is left out."""
    plugins = load_plugins(folders=plugin_folders(path))
    for row in foreign_packages():
        yield Check("packages", row.package, False, f"{row.distribution or row.place} uses our name: uninstall it")
    for fault in plugins.faults():
        yield Check("plugin", f"{fault.plugin} ({fault.distribution})", False, fault.reason)
    try:
        config = load(path, plugins)
    except HubError as fault:
        yield from (Check("configuration", str(path), False, line) for line in _told(fault).splitlines())
        return
    yield Check("configuration", str(config.path), True, f"{len(config.connections)} connections")
    yield from _network(config)
    good = [_tried("key", "master key", lambda: _key(config)), _tried("store", _place(config), lambda: _store(config))]
    yield from good
    if all(check.good for check in good):
        yield from _connections(config)


def _told(fault: HubError) -> str:
    return str(fault)


def _tried(area: str, subject: str, look: Callable[[], str]) -> Check:
    try:
        return Check(area, subject, True, look())
    except HubError as fault:
        return Check(area, subject, False, _told(fault))


def _key(config: Configuration) -> str:
    master_key(config.key_file, config.folder)
    return "can be read by its owner only"


def _place(config: Configuration) -> str:
    """The store's place without a password that its address may hold."""
    if "://" not in config.store:
        return config.store
    address = urlsplit(config.store)
    return f"{address.scheme}://{address.hostname}{address.path}"


def _store(config: Configuration) -> str:
    store = open_store(config.store, master_key(config.key_file, config.folder), system_clock())
    try:
        with store.db.writing("doctor"):
            return f"{store.people.count()} customers, can be written"
    finally:
        store.close()


def _network(config: Configuration) -> Iterator[Check]:
    from hub.http.transport import ssl_context

    network = config.network
    yield Check("network", "proxy", True, _host(network.proxy) if network.proxy else "none: systems are asked directly")
    if network.ca_bundle:
        bundle = network.ca_bundle
        yield _tried("network", "CA", lambda: f"public ones and {bundle}" if ssl_context(bundle) else "")
    else:
        yield Check("network", "CA", True, "public ones (certifi)")


def _host(url: str) -> str:
    """An address without user and password."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)


# -- connections


def _connections(config: Configuration) -> Iterator[Check]:
    setup = open_setup(config, system_clock(), this_user())
    try:
        for connection in config.connections:
            yield from _connection(setup, connection)
        yield from _lists(setup)
        yield from _hints(setup)
    finally:
        setup.close()


def _hints(setup: Setup) -> Iterator[Check]:
    """What webhooks spoke of: whether a run reads it, and whether somebody asked for his data, or to be forgotten."""
    now, tally = setup.clock.now().timestamp(), setup.store.hints.tally()
    for (connection, stream, event), (count, first) in tally.items():
        if event in REQUESTS:
            yield Check(
                "webhooks", f"{connection}.{stream}", False, f"{count} ask for their data: see `kehub hints list`"
            )
        elif now - first > UNREAD.total_seconds():
            note = f"{count} hints wait since more than a day: let `kehub sync` run, or see why it fails"
            yield Check("webhooks", f"{connection}.{stream}", False, note)
    for (name, reason), count in sorted(setup.store.hints.refusals().items()):
        yield Check("webhooks", name, True, f"{count} refused so far: {reason}")


def _lists(setup: Setup) -> Iterator[Check]:
    """The files of segments by list: whether each can be read, and whom it names."""
    config = setup.config
    segmenter = Segmenter(setup.store, config.place, config.folder, [one.name for one in config.connections])
    for segment in setup.rules.segments:
        if segment.listed is not None:
            listed = Listed(segment.name, segment.listed.file, segment.listed.column)
            yield _tried("segment", segment.name, partial(_whom, segmenter, listed))


def _whom(segmenter: Segmenter, listed: Listed) -> str:
    found = segmenter.read(listed)
    lines = {"nobody": found.unknown, "several customers": found.several, "what cannot be read": found.unreadable}
    told = [f"line {spans(numbers)}: {what}" for what, numbers in lines.items() if numbers]
    return "; ".join([f"{listed.file} names {len(found.customers)} customers", *told])


def _connection(setup: Setup, connection: Connection) -> Iterator[Check]:
    name = connection.name
    try:
        connector = setup.connector(connection)
        for finding in connector.check():
            yield Check("connection", f"{name}: {finding.subject}", finding.good, finding.remedy)
        target = connector.target()
        streams = ", ".join(stream.name for stream in connector.streams())
        writes = f"; writes {target.stream}, {connection.apply}" if target else "; only read"
        yield Check("connection", name, True, f"reads {streams}{writes}")
        if connector.uses_http:
            yield _clock(setup, connection)
            yield _address(setup, connection)
    except HubError as fault:
        yield Check("connection", name, False, _told(fault))
    except Exception as fault:  # a stranger's connector may fail in any way
        yield Check("connection", name, False, f"the connector failed with {type(fault).__name__}")


def _clock(setup: Setup, connection: Connection) -> Check:
    """Their clock beside ours."""
    skew = setup.connector(connection).server_time() - setup.clock.now()
    seconds = round(skew.total_seconds())
    note = f"{abs(seconds)} s {'ahead of' if seconds > 0 else 'behind'} ours" if seconds else "the same as ours"
    subject, good = f"{connection.name}: clock", abs(skew) <= SKEW
    return Check("connection", subject, good, note if good else f"{note}: set this computer's clock")


def _address(setup: Setup, connection: Connection) -> Check:
    """The address from which the system is asked, for its list of allowed addresses."""
    subject = f"{connection.name}: asked from"
    proxy = setup.config.network.proxy
    if proxy:
        return Check("connection", subject, True, f"the address of the proxy {_host(proxy)}")
    dialect = getattr(setup.connector(connection), "dialect", None)
    url = urlsplit(dialect().base_url if callable(dialect) else "")
    return Check("connection", subject, True, _shown(local_address(url.hostname or "", url.port or 443)))


def _shown(address: str) -> str:
    if not address:
        return "not known"
    kind = ip_address(address)
    inner = kind.is_private and not kind.is_loopback
    return f"{address}, behind a router: systems see its public address" if inner else address


def local_address(host: str, port: int) -> str:
    """This computer's address on the way to a host; nothing is sent. "" when there is no way."""
    if not host:
        return ""
    try:
        family, kind, _, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, kind) as probe:
            probe.connect(place)
            return str(probe.getsockname()[0])
    except OSError:
        return ""
