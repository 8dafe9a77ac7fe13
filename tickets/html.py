"""HTML from outside, made safe before it is stored: no scripts, styles, forms or remote images. And text as HTML."""

import re
from collections import Counter
from collections.abc import Iterable
from html import escape

import nh3

MAX_NESTING = 500
# A parser opens every unclosed element of formatting anew in each block that follows (HTML, section 13.2.4.3): so many
# elements may come into being that way. The honest mails with the most have a few thousand.
MAX_REOPENED = 50_000

# Elements that are never closed, or that the parser closes by itself: they cannot make a tree deep.
_FLAT = frozenset(
    "area base br col embed hr img input link meta param source track wbr"
    " p li dt dd option optgroup tr td th thead tbody tfoot colgroup caption rp rt".split()
)
_FORMATTING = frozenset("a b big code em font i nobr s small strike strong tt u".split())
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:-]{0,40})")

_TAGS = frozenset(
    "a abbr b blockquote br caption code col colgroup dd del div dl dt em h1 h2 h3 h4 h5 h6 hr i img ins kbd li"
    " ol p pre q s small span strong sub sup table tbody td tfoot th thead tr u ul".split()
)
_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title", "width", "height"},
    "td": {"colspan", "rowspan", "align"},
    "th": {"colspan", "rowspan", "align"},
    "ol": {"start"},
    "blockquote": {"cite"},
}


def sanitise_html(html: str) -> str:
    """`html` reduced to harmless structure, links and inline (`cid:`) images; empty when nothing is left.

    Raises ValueError when elements are nested deeper than `MAX_NESTING`, or formatting is left open over so much that
    the tree would be many times the text: the cost of building such trees is a product, so they are refused by
    counting before the sanitiser ever sees them.
    """
    depth, reopened = measure(html)
    if depth > MAX_NESTING:
        raise ValueError(f"HTML elements may be nested {MAX_NESTING} deep at most.")
    if reopened > MAX_REOPENED:
        raise ValueError("Formatting in the HTML is left open over too many elements; close it.")
    return _clean(html, _TAGS)


def without_images(html: str) -> str:
    """Sanitised HTML once more, for mails: an inline image is in another mail, and would be a broken one in ours."""
    return _clean(html, _TAGS - {"img"})


def text_to_html(text: str) -> str:
    """Plain text as HTML that shows its lines and blanks as they are; at most five times as long."""
    # No pre-wrap: Outlook on Windows does not know it.
    return escape(text, quote=False).replace("  ", "&nbsp; ").replace("\n", "<br>\n")


def _clean(html: str, tags: Iterable[str]) -> str:
    return nh3.clean(
        html,
        tags=set(tags),
        clean_content_tags={"script", "style", "template", "noscript", "title"},
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        attribute_filter=_keep_attribute,
        url_schemes={"http", "https", "mailto", "tel", "cid"},
        link_rel="noopener noreferrer nofollow",
    ).strip()


def _keep_attribute(tag: str, name: str, value: str) -> str | None:
    # A remote image tells its sender who has opened the mail, and when.
    if tag == "img" and name == "src" and not value.strip().lower().startswith("cid:"):
        return None
    return value


def measure(html: str) -> tuple[int, int]:
    """Upper bounds of how deep the elements of `html` can be nested and how many can be opened anew, in linear time.

    Counted per name: `<a></b>` closes nothing, and elements of one name that close each other implicitly are counted
    as if they did not.
    """
    open_elements: Counter[str] = Counter()
    depth = deepest = formatting = reopened = 0
    for match in _TAG.finditer(html):
        closes, name = bool(match[1]), match[2].lower()
        # Any tag may end one block and begin another.
        reopened += formatting
        if name in _FLAT or (closes and not open_elements[name]):
            continue
        step = -1 if closes else 1
        open_elements[name] += step
        depth += step
        deepest = max(deepest, depth)
        if name in _FORMATTING:
            formatting += step
    return deepest, reopened
