# SPDX-License-Identifier: BSD-3-Clause
"""Check the links of built HTML: ``python docs/check_links.py docs/_build/html``.

Every link, image, script and anchor inside the folder must exist, else this ends with 1 and says
where.
External ones are counted by host, and listed with ``--external``; none is opened.
"""

import argparse
import sys
from collections import Counter, defaultdict
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LINKS = {"href", "src", "srcset", "data", "poster"}


class Page(HTMLParser):
    """The links of a page, and the anchors it has."""

    def __init__(self, path):
        super().__init__()
        self.links, self.anchors = [], {"", "top"}
        self.feed(path.read_text(encoding="utf-8"))
        self.close()

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if value is None:
                continue
            if name == "id" or (tag == "a" and name == "name"):
                self.anchors.add(value)
            elif name == "srcset":
                self.links += [candidate.split()[0] for candidate in value.split(",")]
            elif name in LINKS:
                self.links.append(value)

    handle_startendtag = handle_starttag


def check(folder):
    """(broken, external): {page: {link: why}} and {link: pages that have it}."""
    folder = Path(folder).resolve()
    found = (path.relative_to(folder) for path in sorted(folder.rglob("*.html")))
    # The theme leaves a template among its static files.
    pages = {folder / p: Page(folder / p) for p in found if p.parts[0] != "_static"}
    broken, external = defaultdict(dict), defaultdict(set)
    for path, page in pages.items():
        here = path.relative_to(folder).as_posix()
        for link in page.links:
            if urlsplit(link).scheme or link.startswith("//"):
                if not link.startswith(("data:", "javascript:")):
                    external[link].add(here)
            elif why := _why_not(link, path, folder, pages):
                broken[here][link] = why
    return dict(broken), dict(external)


def _why_not(link, path, folder, pages):
    """What is wrong with a link of the page at `path`; None if nothing is."""
    parts = urlsplit(link)
    target = path
    if parts.path:
        below = folder if parts.path.startswith("/") else path.parent
        target = (below / unquote(parts.path).lstrip("/")).resolve()
        if not target.is_relative_to(folder):
            return "outside the folder"
        if target.is_dir():
            target /= "index.html"
    if not target.is_file():
        return "no such file"
    page = pages.get(target)
    if page is not None and unquote(parts.fragment) not in page.anchors:
        return "no such anchor"
    return None


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--external", action="store_true", help="list the external links")
    arguments = parser.parse_args(arguments)
    if not any(arguments.folder.rglob("*.html")):
        parser.error(f"no HTML below {arguments.folder}")
    broken, external = check(arguments.folder)
    for page, links in broken.items():
        for link, why in links.items():
            print(f"{page}: {link}: {why}")
    if arguments.external:
        print("\n".join(sorted(external)))
    hosts = Counter(urlsplit(link).netloc for link in external)
    print(
        "external, not opened:", ", ".join(f"{h} ({n})" for h, n in hosts.most_common()) or "none"
    )
    n_broken = sum(map(len, broken.values()))
    print(f"{n_broken} internal links lead nowhere" if n_broken else "all internal links resolve")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
