"""Every way to break a lab, by name."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from symphony_doctor.lab import faults_accounts as accounts
from symphony_doctor.lab import faults_configuration as configuration
from symphony_doctor.lab import faults_identity as identity
from symphony_doctor.lab import faults_nodes as nodes
from symphony_doctor.lab import faults_routes as routes
from symphony_doctor.lab import faults_servers as servers
from symphony_doctor.lab import faults_storage as storage
from symphony_doctor.lab import faults_streams as streams
from symphony_doctor.lab import faults_tls as tls

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from symphony_doctor.lab.broken import Broken


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that can be made."""

    name: str
    make: Callable[..., Awaitable[Broken]]

    @property
    def description(self) -> str:
        """Say in one line what it does."""
        return (self.make.__doc__ or "").partition("\n")[0]


_ALL = (
    Fault("wizard-per-node", identity.wizard_per_node),
    Fault("config-drift", identity.config_drift),
    Fault("cluster-name", routes.cluster_name),
    Fault("missing-route", routes.missing_route),
    Fault("dead-node", routes.dead_node),
    Fault("route-partition", routes.route_partition),
    Fault("missing-jwt", accounts.missing_jwt),
    Fault("truncated-jwt", accounts.truncated_jwt),
    Fault("foreign-jwt", accounts.foreign_jwt),
    Fault("empty-jwt", accounts.empty_jwt),
    Fault("r1-bucket", streams.r1_bucket),
    Fault("missing-stream-directory", streams.missing_stream_directory),
    Fault("absent-replica", streams.absent_replica),
    Fault("account-without-jetstream", accounts.account_without_jetstream),
    Fault("stale-jwt", accounts.stale_jwt),
    Fault("unknown-route", routes.unknown_route),
    Fault("duplicate-server-name", routes.duplicate_server_name),
    Fault("hung-node", routes.hung_node),
    Fault("quorum-lost", routes.quorum_lost),
    Fault("operator-differs", identity.operator_differs),
    Fault("system-account-differs", identity.system_account_differs),
    Fault("preload-differs", identity.preload_differs),
    Fault("wizard-showing", identity.wizard_showing),
    Fault("system-bucket-missing", streams.system_bucket_missing),
    Fault("jetstream-disabled", streams.jetstream_disabled),
    Fault("ghost-peer", streams.ghost_peer),
    Fault("route-tls-one-side", tls.route_tls_one_side),
    Fault("certificate-host", tls.certificate_host),
    Fault("certificate-expired", tls.certificate_expired),
    Fault("certificate-expiring", tls.certificate_expiring),
    Fault("slow-consumers", servers.slow_consumers),
    Fault("jetstream-limits", configuration.jetstream_limits),
    Fault("limit-not-set", configuration.limit_not_set),
    Fault("resolver-memory", configuration.resolver_memory),
    Fault("resolver-interval", configuration.resolver_interval),
    Fault("port-clash", configuration.port_clash),
    Fault("orphan-data", storage.orphan_data),
    Fault("reloaded", nodes.reloaded),
    Fault("bucket-nearly-full", storage.bucket_nearly_full),
    Fault("reserved-memory", storage.reserved_memory),
    Fault("config-split", storage.config_split),
    Fault("stalled-mirror", storage.stalled_mirror),
    Fault("extra-replicas", storage.extra_replicas),
    Fault("ui-degraded", nodes.ui_degraded),
    Fault("cluster-info", nodes.cluster_info),
    Fault("config-pitfall", configuration.config_pitfall),
)
FAULTS: Mapping[str, Fault] = MappingProxyType({fault.name: fault for fault in _ALL})
