"""The keys of each block of a nats.config, and what kind of value each of them takes (nats-server, opts.go).

Blocks that Symphony does not use (gateways, leaf nodes, MQTT, permissions) are known by name and not looked into.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from symphony_doctor.formats.nats_config.tree import Array, Map, Scalar, Value

Verdict: TypeAlias = str | None
"""What was expected, ``None`` where the value is right."""
Kind: TypeAlias = Callable[[Value], Verdict]

_DURATION: Final = re.compile(r"[-+]?(?:0|(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h))+)")
_SIZE: Final = re.compile(r"[-+]?[0-9]+[KMGT]")


def scalar(value: Value) -> object:
    """Return what stands there, ``None`` for a list or a map."""
    return value.value if isinstance(value, Scalar) else None


def _text(value: Value) -> Verdict:
    return None if isinstance(scalar(value), str) else "a string, with quotes if it could be a number"


def _number(value: Value) -> Verdict:
    found = scalar(value)
    return None if isinstance(found, int) and not isinstance(found, bool) else "a whole number without quotes"


def _flag(value: Value) -> Verdict:
    return None if isinstance(scalar(value), bool) else "true or false without quotes"


def _duration(value: Value) -> Verdict:
    found = scalar(value)
    if isinstance(found, str):
        return None if _DURATION.fullmatch(found) else 'a duration such as "2m" or "1.9s"'
    return _number(value) and 'a duration such as "2m"'


def _quoted_duration(value: Value) -> Verdict:
    found = scalar(value)
    ok = isinstance(found, str) and _DURATION.fullmatch(found)
    return None if ok else 'a duration in quotes such as "2m": without quotes 2m is the number 2000000'


def _size(value: Value) -> Verdict:
    found = scalar(value)
    if isinstance(found, str):
        return None if not found or _SIZE.fullmatch(found) else "a size such as 10G, or in quotes with K, M, G or T"
    return _number(value) and "a size such as 10G"


def _map(value: Value) -> Verdict:
    return None if isinstance(value, Map) else "a map { ... }"


def _texts(value: Value) -> Verdict:
    if isinstance(value, Array):
        return None if all(isinstance(scalar(item), str) for item in value.items) else "strings alone in the list"
    return "a list [ ... ] of strings"


def _text_or_texts(value: Value) -> Verdict:
    return _texts(value) if isinstance(value, Array) else _text(value) and "a string or a list of strings"


def _anything(_value: Value) -> Verdict:
    return None


def _listen(value: Value) -> Verdict:
    found = scalar(value)
    if isinstance(found, int) and not isinstance(found, bool):
        return None
    match = re.fullmatch(r"(?:\[[^\[\]]*\]|[^:\[\]]*):[-+]?[0-9]{1,18}", found) if isinstance(found, str) else None
    return None if match else "a port, or host:port"


def _name_without_spaces(value: Value) -> Verdict:
    found = scalar(value)
    return _text(value) or ("a name without spaces" if " " in str(found) else None)


def routes(value: Value) -> Verdict:
    """Expect the list of a cluster's routes."""
    if not isinstance(value, Array):
        return "a list [ ... ] of routes"
    for item in value.items:
        found = scalar(item)
        if not isinstance(found, str) or not _is_url(found):
            return "routes such as nats-route://host:6222"
    return None


def _is_url(text: str) -> bool:
    """Tell whether Go's url.Parse takes it; a missing scheme or host is found only when it is dialled."""
    text = text.strip()
    if re.search(r"[\x00-\x1f\x7f]|%(?![0-9A-Fa-f]{2})", text):
        return False
    if not re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", text):
        return ":" not in text.partition("/")[0]
    host = re.match(r"[A-Za-z][A-Za-z0-9+.-]*://(?:[^/?#]*@)?([^/?#]*)", text)
    return host is None or bool(re.fullmatch(r"(?:\[[^\[\]]*\]|[^\[\]: <>\"{}|\\^`]*)(?::[0-9]*)?", host[1]))


def _jetstream(value: Value) -> Verdict:
    found = scalar(value)
    if isinstance(found, bool) or isinstance(value, Map):
        return None
    known = isinstance(found, str) and found.lower() in {"enabled", "enable", "disabled", "disable"}
    return None if known else "enabled, disabled, true, false or a map { ... }"


def _sync(value: Value) -> Verdict:
    return None if str(scalar(value)).lower() == "always" else _duration(value)


def _resolver(value: Value) -> Verdict:
    found = scalar(value)
    if isinstance(found, str):
        known = re.search(r"mem", found, re.IGNORECASE) or re.search(r"url\(\s*\"?[a-z]+://", found, re.IGNORECASE)
        return None if known else 'MEMORY, URL("...") or a map with type and dir'
    return _map(value) and "MEMORY, URL(...) or a map with type and dir"


def _operator(value: Value) -> Verdict:
    for item in value.items if isinstance(value, Array) else (value,):
        text = scalar(item)
        # anything else is the path of a file, which is read by whoever has the file system
        if isinstance(text, str) and text.startswith("eyJ") and (flaw := _jwt(text, "operator")):
            return flaw
    return _text_or_texts(value)


def account_jwt(value: Value) -> Verdict:
    """Expect the JWT of an account, as resolver_preload holds it."""
    text = scalar(value)
    return _jwt(text if isinstance(text, str) else "", "account")


def _jwt(text: str, kind: str) -> Verdict:
    # imported where a JWT is met: most of its cost is its own
    from symphony_doctor.formats.jwt import JwtError, decode  # noqa: PLC0415

    try:
        jwt = decode(text, kind=kind)
    except JwtError as error:
        return f"a JWT of kind {kind} ({error.detail})"
    return None if jwt.signature_valid else f"a JWT of kind {kind} with a valid signature"


def _texts_by_name(value: Value) -> Verdict:
    if isinstance(value, Map) and all(isinstance(scalar(entry.value), str) for entry in value.entries):
        return None
    return "a map { ... } of strings"


_TLS: Final[Mapping[str, Kind]] = {
    "cert_file": _text, "key_file": _text, "ca_file": _text, "insecure": _flag, "verify": _flag,
    "verify_and_map": _flag, "verify_cert_and_check_known_urls": _flag, "allow_insecure_cipher_suites": _flag,
    "cipher_suites": _texts, "curve_preferences": _texts, "timeout": _anything, "connection_rate_limit": _number,
    "pinned_certs": _texts, "cert_store": _text, "cert_match_by": _text, "cert_match": _text,
    "ca_certs_match": _text_or_texts, "handshake_first": _anything, "first": _anything, "immediate": _anything,
    "cert_match_skip_invalid": _flag, "ocsp_peer": _anything, "certs": _anything, "certificates": _anything,
    "min_version": _text,
}  # fmt: skip

_CLUSTER: Final[Mapping[str, Kind]] = {
    "name": _name_without_spaces, "listen": _listen, "port": _number, "host": _text, "net": _text,
    "authorization": _map, "routes": routes, "tls": _map, "cluster_advertise": _text, "advertise": _text,
    "no_advertise": _flag, "connect_retries": _number, "connect_backoff": _flag, "permissions": _map,
    "pool_size": _number, "accounts": _text_or_texts, "compression": _anything, "ping_interval": _duration,
    "ping_max": _number, "write_deadline": _duration, "write_timeout": _text,
}  # fmt: skip

_JETSTREAM: Final[Mapping[str, Kind]] = {
    "strict": _flag, "store": _text, "store_dir": _text, "storedir": _text, "sync": _sync, "sync_interval": _sync,
    "max_memory_store": _size, "max_mem_store": _size, "max_mem": _size, "max_file_store": _size,
    "max_file": _size, "domain": _text, "enable": _flag, "enabled": _flag, "key": _text, "ek": _text,
    "encryption_key": _text, "prev_key": _text, "prev_ek": _text, "prev_encryption_key": _text, "cipher": _text,
    "extension_hint": _text, "limits": _map, "tpm": _map, "unique_tag": _text, "max_outstanding_catchup": _size,
    "max_buffered_size": _size, "max_buffered_msgs": _number, "request_queue_limit": _number,
    "info_queue_limit": _number, "meta_compact": _number, "meta_compact_size": _size, "meta_compact_sync": _flag,
    "max_concurrent_io": _number,
}  # fmt: skip

_WEBSOCKET: Final[Mapping[str, Kind]] = {
    "listen": _listen, "port": _number, "host": _text, "net": _text, "advertise": _text, "no_tls": _flag,
    "tls": _map, "same_origin": _flag, "allowed_origins": _text_or_texts, "allowed_origin": _text_or_texts,
    "allow_origins": _text_or_texts, "allow_origin": _text_or_texts, "origins": _text_or_texts,
    "origin": _text_or_texts, "handshake_timeout": _duration, "compress": _flag, "compression": _flag,
    "authorization": _map, "authentication": _map, "jwt_cookie": _text, "user_cookie": _text,
    "pass_cookie": _text, "token_cookie": _text, "no_auth_user": _text, "headers": _map,
    "ping_interval": _duration,
}  # fmt: skip

# the resolver's inner keys are matched as they are written, and unknown ones are ignored
RESOLVER: Final[Mapping[str, Kind]] = {
    "dir": _text, "type": _text, "allow_delete": _flag, "hard_delete": _flag, "limit": _number,
    "ttl": _quoted_duration, "interval": _quoted_duration, "timeout": _quoted_duration,
}  # fmt: skip

TOP: Final[Mapping[str, Kind]] = {
    "listen": _listen, "client_advertise": _text, "port": _number, "server_name": _name_without_spaces,
    "host": _text, "net": _text, "debug": _flag, "trace": _flag, "trace_verbose": _flag, "trace_headers": _flag,
    "logtime": _flag, "logtime_utc": _flag, "mappings": _map, "maps": _map, "disable_sublist_cache": _flag,
    "no_sublist_cache": _flag, "accounts": _map, "default_sentinel": _text, "authorization": _map,
    "http": _listen, "https": _listen, "http_port": _number, "monitor_port": _number, "https_port": _number,
    "http_base_path": _text, "cluster": _map, "gateway": _map, "leaf": _map, "leafnodes": _map,
    "store_dir": _text, "storedir": _text, "jetstream": _jetstream, "logfile": _text, "log_file": _text,
    "logfile_size_limit": _number, "log_size_limit": _number, "logfile_max_num": _number,
    "log_max_num": _number, "syslog": _flag, "remote_syslog": _text, "pidfile": _text, "pid_file": _text,
    "ports_file_dir": _text, "prof_port": _number, "prof_block_rate": _number, "max_control_line": _number,
    "max_payload": _number, "max_pending": _number, "proxy_protocol": _flag, "max_connections": _number,
    "max_conn": _number, "max_traced_msg_len": _number, "max_subscriptions": _number, "max_subs": _number,
    "max_sub_tokens": _number, "max_subscription_tokens": _number, "ping_interval": _duration,
    "ping_max": _number, "tls": _map, "ocsp": _anything, "allow_non_tls": _flag, "write_deadline": _duration,
    "write_timeout": _text, "lame_duck_duration": _duration, "lame_duck_grace_period": _duration,
    "operator": _operator, "operators": _operator, "roots": _operator, "root": _operator,
    "root_operators": _operator, "root_operator": _operator, "resolver": _resolver,
    "account_resolver": _resolver, "accounts_resolver": _resolver, "resolver_tls": _map,
    "resolver_preload": _map, "resolver_pinned_accounts": _text_or_texts, "no_auth_user": _text,
    "system_account": _text, "system": _text, "no_system_account": _flag, "no_system": _flag,
    "no_sys_acc": _flag, "no_header_support": _flag, "trusted": _text_or_texts, "trusted_keys": _text_or_texts,
    "connect_error_reports": _number, "reconnect_error_reports": _number, "websocket": _map, "ws": _map,
    "mqtt": _map, "server_tags": _text_or_texts, "server_metadata": _texts_by_name, "feature_flags": _map,
    "default_js_domain": _map, "ocsp_cache": _anything, "no_fast_producer_stall": _flag,
    "max_closed_clients": _number, "proxies": _map,
}  # fmt: skip

BLOCKS: Final[Mapping[str, Mapping[str, Kind]]] = {
    "cluster": _CLUSTER, "jetstream": _JETSTREAM, "websocket": _WEBSOCKET, "ws": _WEBSOCKET, "tls": _TLS,
}  # fmt: skip
RESOLVERS: Final = frozenset({"resolver", "account_resolver", "accounts_resolver"})
DURATIONS: Final = frozenset({_duration, _sync})
DURATION_KEYS: Final = frozenset(
    key for block in (TOP, *BLOCKS.values()) for key, kind in block.items() if kind in DURATIONS
)
