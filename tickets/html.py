"""HTML from outside, made safe before it is stored: no scripts, styles, forms or remote images."""

import re
from collections import Counter

import nh3

MAX_NESTING = 500

# Elements that are never closed, or that the parser closes by itself: they cannot make a tree deep.
_FLAT = frozenset(
    "area base br col embed hr img input link meta param source track wbr"
    " p li dt dd option optgroup tr td th thead tbody tfoot colgroup caption rp rt".split()
)
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

    Raises ValueError when elements are nested deeper than `MAX_NESTING`: the cost of building such a tree is
    quadratic, so it is refused by counting before the sanitiser ever sees it.
    """
    if nesting(html) > MAX_NESTING:
        raise ValueError(f"HTML elements may be nested {MAX_NESTING} deep at most.")
    return nh3.clean(
        html,
        tags=set(_TAGS),
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


def nesting(html: str) -> int:
    """An upper bound of how deep the elements of `html` can be nested, in one linear pass.

    Counted per name: `<a></b>` closes nothing, and elements of one name that close each other implicitly are counted
    as if they did not.
    """
    open_elements: Counter[str] = Counter()
    depth = deepest = 0
    for match in _TAG.finditer(html):
        name = match[2].lower()
        if name in _FLAT:
            continue
        if not match[1]:
            open_elements[name] += 1
            depth += 1
            deepest = max(deepest, depth)
        elif open_elements[name]:
            open_elements[name] -= 1
            depth -= 1
    return deepest
