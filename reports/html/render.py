"""The HTML report: files that open from disk, ask the network for nothing and trust nothing they show."""

from __future__ import annotations

import base64
import functools
import hashlib
from collections.abc import Sequence

import jinja2
from markupsafe import Markup, escape

from reports.document import Report
from reports.html.pictures.namespaces import namespace_picture
from reports.html.pictures.path import path_pictures
from reports.html.pictures.svg import definitions
from reports.html.pictures.trend import trend_picture
from reports.html.view import page
from reports.wording import (
    CLOUD_WORDS,
    STATUS_WORDS,
    join_names,
    name_of,
    number,
    percent,
    score_meaning,
    score_text,
    visible,
    visible_lines,
    words,
)

MARKS = {"fail": "✕", "unknown": "?", "waived": "~", "pass": "✓", "not_applicable": "–"}  # noqa: RUF001 - a dash is meant


FLEET_SCRIPTS = ("fold.js", "report.js", "table.js")
CLUSTER_SCRIPTS = ("fold.js", "cluster.js")
LIST_SCRIPTS = ("table.js",)
PLAIN_SCRIPTS = ("fold.js",)


def render_html(report: Report) -> bytes:
    """Render `report` as one HTML file that stands alone; the same report gives the same bytes.

    Everything that a fleet of few clusters has to tell is in it; `reports.html.site` gives each cluster a page besides.
    """
    return render_page("report.html.j2", page(report), FLEET_SCRIPTS)


def render_page(template: str, shown: object, scripts: Sequence[str]) -> bytes:
    """One page: `shown` is its view, which the template calls `page`.

    Everything is in the document itself, so it reads without JavaScript and on paper; the script only filters, sorts and
    folds. The content security policy names the hashes of the one style and the one script block, so nothing that a
    crafted name might smuggle in could run.
    """
    style, script = _joined(("report.css", "pictures.css")), _joined(("shared.js", *scripts))
    # Markup: these two are our own files, and escaping them would change the bytes the policy's hashes are of.
    text = (
        _environment()
        .get_template(template)
        .render(
            page=shown,
            policy=_policy(style, script),
            style=Markup(style),  # noqa: S704 - package data, nothing of a report is in it
            script=Markup(script),  # noqa: S704 - package data, nothing of a report is in it
        )
    )
    return text.encode("utf-8")


@functools.cache
def _policy(style: str, script: str) -> str:
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src {_digest(style)}",
            f"script-src {_digest(script)}",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


@functools.cache
def _joined(names: tuple[str, ...]) -> str:
    return "".join(map(_source, names))


@functools.cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("reports.html"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "brief": lambda text: visible(text, 160),
        "block": lambda text: Markup(escape(visible_lines(text))),  # noqa: S704 - escaped just here; `visible` would fold it
        "cloud": lambda cloud: CLOUD_WORDS.get(cloud, cloud),
        "control": lambda control: control.removeprefix("NB-"),
        "count": "{:,}".format,
        "first_line": lambda text: text.partition("\n")[0],
        "mark": MARKS.__getitem__,
        "moment": lambda time: time.replace("T", " ").replace("Z", " UTC"),
        "name": name_of,
        "names": join_names,
        "number": number,
        "percent": percent,
        "short": lambda count: str(count) if count < 1000 else f"{count // 1000}k",
        "score_meaning": score_meaning,
        "score_text": score_text,
        "status": STATUS_WORDS.__getitem__,
        "within": lambda value: min(100.0, max(0.0, value)),
        "words": words,
    }
    environment.globals |= {
        "namespace_picture": namespace_picture,
        "path_pictures": path_pictures,
        "patterns": definitions,
        "trend_picture": trend_picture,
    }
    return environment


def _shown(value: object) -> object:
    """Make every string the template prints safe to look at; escaping it for HTML comes after this."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@functools.cache
def _source(name: str) -> str:
    environment = _environment()
    if environment.loader is None:  # jinja2 types it so; ours is always set
        raise jinja2.TemplateNotFound(name)
    return environment.loader.get_source(environment, name)[0].replace("\r\n", "\n")


def _digest(block: str) -> str:
    """A content security policy source for an inline block: the hash of the text between its tags."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(block.encode()).digest()).decode()}'"
