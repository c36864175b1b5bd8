"""For tests of rules: a load balancer in front of a snapshot, by the text of its configuration."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from symphony_doctor.assemble import place
from symphony_doctor.formats import haproxy, nginx
from symphony_doctor.formats.haproxy_sections import is_haproxy
from symphony_doctor.model.cluster import Cluster
from symphony_doctor.model.evidence import Missing, Seen
from symphony_doctor.model.load_balancer import Balancing, LoadBalancer, Service

PAGE = """\
http {{
  upstream symphony_http {{
{ui}
  }}
  upstream symphony_ws {{
    ip_hash;
{websocket}
  }}
  server {{
    listen 443;
    server_name symphony.example.com;
    location / {{
      proxy_pass http://symphony_http;
    }}
    location /ws {{
      proxy_pass http://symphony_ws;
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection "upgrade";
    }}
  }}
}}
stream {{
  upstream nats_backend {{
{client}
  }}
  server {{
    listen 4222;
    proxy_pass nats_backend;
  }}
}}
"""


def page_examples(addresses: Mapping[Service, Iterable[str]]) -> str:
    """Return the three examples of the product's page as one nginx.conf, with these addresses in them."""
    lines = {service: "\n".join(f"    server {address};" for address in addresses[service]) for service in Service}
    return PAGE.format(ui=lines[Service.UI], websocket=lines[Service.WEBSOCKET], client=lines[Service.NATS])


def behind(cluster: Cluster, *configurations: str | Missing) -> Cluster:
    """Return the snapshot behind load balancers, nginx or HAProxy, each by the text of its configuration.

    ``Missing`` stands for a file that could not be read.
    """
    balancers = []
    for number, text in enumerate(configurations, 1):
        path = f"proxy{number}.conf" if len(configurations) > 1 else "proxy.conf"
        if isinstance(text, Missing):
            balancers.append(LoadBalancer(path, text))
            continue
        data = text.encode()
        parse = haproxy.parse if is_haproxy(data) else _nginx
        read = parse(data, path, str)
        balancers.append(LoadBalancer(path, Seen(read, path)))
    return replace(cluster, load_balancers=Seen(place(balancers, cluster.nodes), "proxy.conf"))


def _nginx(data: bytes, path: str, show: Callable[[str], str]) -> Balancing:
    return nginx.parse(data, path, lambda _: (), show)
