"""What some origin refuses though it is good HTTP: its right, and no other meaning. Whatever stands not here and is not
understood is a failure."""


def reason(origin, view):
    """Why `origin` may refuse that request; '' when it may not."""
    for name, applies, why in ROWS:
        if name == origin and applies(view):
            return why
    return ""


def is_content_of_a_read(view):
    """RFC 9110, sections 9.3.1 and 9.3.2: content in a GET or HEAD has no meaning, and a server may refuse it."""
    return view.method in (b"GET", b"HEAD") and view.body


# Origin, which requests, why.
ROWS = [
    ("lighttpd", is_content_of_a_read, "takes no content in a GET or HEAD"),
    ("varnish", lambda view: view.method == b"HEAD" and view.body, "takes no content in a HEAD"),
]
