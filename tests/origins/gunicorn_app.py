"""A WSGI application that writes each request, as gunicorn understood it, to the file that WARMPATH_VIEWS names, as one
line of JSON before it is answered."""

import base64
import json
import os


def fields(environ):
    for name, value in environ.items():
        if name.startswith("HTTP_") or (name == "CONTENT_TYPE" and value):
            yield name.removeprefix("HTTP_"), value


def application(environ, start_response):
    view = {"method": environ["REQUEST_METHOD"], "target": environ["RAW_URI"], "fields": list(fields(environ)),
            "body": base64.b64encode(environ["wsgi.input"].read()).decode()}
    with open(os.environ["WARMPATH_VIEWS"], "a", encoding="utf-8") as file:
        file.write(json.dumps(view) + "\n")
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
