"""nginx in two roles: the origin behind every proxy, and one of the proxies."""

import os

from children import Child, free_ports, version

ORIGINS = 4
MAX_CONNECTIONS = 8192

REPLY = (
    '{"id":"chatcmpl-bench","object":"chat.completion","created":1700000000,"model":"bench","choices":[{"index":0,'
    '"message":{"role":"assistant","content":"The replica that has already read the beginning of this conversation '
    'answers it soonest."},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":256,'
    '"completion_tokens":17,"total_tokens":273,"prompt_tokens_details":{"cached_tokens":240}}}'
)

# One process, which master_process off makes of it.
CONFIG = """\
daemon off;
master_process off;
worker_processes 1;
error_log stderr;
pid {folder}/pid;
events {{ worker_connections {connections}; }}
http {{
  access_log off;
  default_type application/json;
  keepalive_requests 1000000000;
  keepalive_timeout 600s;
  client_max_body_size 0;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
{http}
}}
"""

# It drops the request's body and answers from its configuration: the cheapest server of a fixed reply there is in
# Debian, and the same for all proxies. It listens on one port for each replica.
ORIGIN = """\
  server {{
{listen}
    location / {{ return 200 '{reply}'; }}
  }}"""

# Bodies stay in memory, as the other proxies have them: otherwise they go through a file from 16 KB on.
PROXY = """\
  client_body_buffer_size 1m;
  upstream replicas {{
    hash $http_x_session_id consistent;
{servers}
    keepalive 128;
    keepalive_requests 1000000000;
  }}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{
      proxy_pass http://replicas;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_read_timeout 600s;
    }}
  }}"""


def start(name, http, directory, core):
    folder = os.path.join(directory, name)
    os.mkdir(folder)
    path = os.path.join(folder, "nginx.conf")
    with open(path, "w", encoding="ascii") as file:
        file.write(CONFIG.format(folder=folder, connections=2 * MAX_CONNECTIONS, http=http))
    return Child(name, ["nginx", "-p", folder, "-c", path], directory, core)


class Origin:
    def __init__(self, directory, core):
        self.ports = free_ports(ORIGINS)
        listen = "\n".join(f"    listen 127.0.0.1:{port} backlog=4096;" for port in self.ports)
        self.child = start("origin", ORIGIN.format(listen=listen, reply=REPLY), directory, core)
        self.child.wait_for_port(self.ports[-1])

    @staticmethod
    def describe():
        return (f"{version(['nginx', '-v'])}: 1 worker on {ORIGINS} ports, {len(REPLY)} bytes of JSON, "
                "reads and drops the body, keep-alive")


class Nginx:
    name = "nginx"

    def __init__(self, directory, core, origin_ports):
        self.port = free_ports(1)[0]
        servers = "\n".join(f"    server 127.0.0.1:{port};" for port in origin_ports)
        self.child = start(self.name, PROXY.format(servers=servers, port=self.port), directory, core)
        self.child.wait_for_port(self.port)

    @staticmethod
    def describe():
        return (f"{version(['nginx', '-v'])}: 1 worker, hash $http_x_session_id consistent (it has no bounded loads), "
                "keepalive 128, request and reply buffered as by default, client_body_buffer_size 1m, "
                "X-Forwarded-For, no log")
