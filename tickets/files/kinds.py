"""What a file is: by its first bytes, and by what was said of it.

puremagic tells binary formats, where it can tell them apart. Text, programs, and what is in a container are told here:
to puremagic a sentence may be a film, a program of Linux is nothing, each office document is all of them. The answer is
a name to call a file by, never a promise that it is harmless: files are handed out as attachments only.
"""

import codecs
import re

import puremagic

# How much of a file the functions here want to see. Most need 1 KiB; what tells office formats apart may come later.
HEAD_LENGTH = 64 * 1024

UNKNOWN_TYPE = "application/octet-stream"
# RFC 6838, section 4.2: restricted-name, here of at most 40 and 86 characters: longer than any that is registered.
TYPE_PATTERN = "[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,39}/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,85}"

_TYPE = re.compile(TYPE_PATTERN)
_PDF = "application/pdf"
_RTF = "application/rtf"
_ZIP = "application/zip"
_OOXML = "application/vnd.openxmlformats-officedocument."
_OPENDOCUMENT = "application/vnd.oasis.opendocument."

# What puremagic and clients call otherwise.
_USUAL_NAMES = {
    "application/x-gzip": "application/gzip",
    "application/x-zip-compressed": _ZIP,
    "audio/mp3": "audio/mpeg",
    "audio/wave": "audio/wav",
    "audio/x-wav": "audio/wav",
    "binary/octet-stream": UNKNOWN_TYPE,
    "image/jpg": "image/jpeg",
    "image/x-icon": "image/vnd.microsoft.icon",
    "image/x-ms-bmp": "image/bmp",
    "video/avi": "video/x-msvideo",
    "video/x-matroska": "video/matroska",
}
# What is told by a signature: by puremagic, but for those in `_BRANDS`.
_KNOWN = frozenset(
    "image/png image/jpeg image/gif image/webp image/bmp image/tiff image/vnd.microsoft.icon"
    " image/heic image/heif image/avif audio/mpeg audio/mp4 audio/wav audio/aac audio/flac audio/ogg"
    " video/mp4 video/x-msvideo video/quicktime video/webm video/matroska"
    " application/zip application/gzip application/x-tar application/x-7z-compressed application/vnd.rar".split()
)
# ISO/IEC 14496-12, section 4.3: the beginning of the major brand, in a file that begins with a box "ftyp".
_BRANDS = {
    b"hei": "image/heic",
    b"hev": "image/heic",
    b"mif": "image/heif",
    b"avi": "image/avif",
    b"M4A": "audio/mp4",
    b"qt ": "video/quicktime",
}
_PROGRAMS = {
    "application/vnd.microsoft.portable-executable": (b"MZ",),
    # Of Linux; of macOS, for one processor and for several; the last begins as classes of Java do.
    "application/x-executable": (b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe"),
    # [MS-SHLLINK], section 2.1: a Windows shortcut can start anything.
    "application/x-ms-shortcut": (b"L\0\0\0\1\x14\2\0",),
}

_ZIP_ENDINGS = {
    "docx": f"{_OOXML}wordprocessingml.document",
    "xlsx": f"{_OOXML}spreadsheetml.sheet",
    "pptx": f"{_OOXML}presentationml.presentation",
    "odt": f"{_OPENDOCUMENT}text",
    "ods": f"{_OPENDOCUMENT}spreadsheet",
    "odp": f"{_OPENDOCUMENT}presentation",
}
# APPNOTE.TXT, section 4.3.7: the name of a member stands behind a header of 30 bytes.
# OpenDocument 1.2, part 3, section 3.3: the first member, not compressed, is the type.
_NAMED_ZIP = re.compile(rb"PK\x03\x04.{26}mimetype(application/[a-z0-9.+-]+)", re.DOTALL)
_OFFICE_MEMBER = re.compile(rb"PK\x03\x04.{26}(word|xl|ppt)/", re.DOTALL)
# ECMA-376, part 2: what a package begins with, and a zip file around one does not.
_PACKAGE = (b"[Content_Types].xml", b"_rels/", b"docProps/")

_OLE = "application/x-ole-storage"
# [MS-CFB], section 2.6: by the ending, the name of a stream that tells the type, and the type.
_OLE_DOCUMENTS = {
    "doc": ("WordDocument", "application/msword"),
    "xls": ("Workbook", "application/vnd.ms-excel"),
    "ppt": ("PowerPoint Document", "application/vnd.ms-powerpoint"),
    "msg": ("__nameid_version1.0", "application/vnd.ms-outlook"),
}

_TEXT_ENDINGS = {
    "csv": "text/csv",
    "json": "application/json",
    "xml": "application/xml",
    "md": "text/markdown",
    "ics": "text/calendar",
    "vcf": "text/vcard",
    "eml": "message/rfc822",
}
# WHATWG MIME Sniffing, section 3: binary data bytes.
_CONTROLS = re.compile("[\0-\x08\x0b\x0e-\x1a\x1c-\x1f]")

MARKUP = frozenset({"text/html", "application/xhtml+xml", "image/svg+xml"})
# Before the first element: blanks, comments, instructions, a DOCTYPE. What has no end hides all that follows. HTML ends
# an instruction with the first ">".
_ASIDES = r"(?:\s|<!--.*?(?:-->|\Z)|<\?.*?(?:%s>|\Z)|<!doctype(?:[^>\[]|\[[^\]]*\]?)*+>?)*+"
_HTML_ASIDES = re.compile(_ASIDES % "", re.DOTALL | re.IGNORECASE)
_XML_ASIDES = re.compile(_ASIDES % r"\?", re.DOTALL | re.IGNORECASE)
# WHATWG MIME Sniffing, section 7.1: a comment alone says HTML. To its elements come others that scripts hide in.
_SAYS_HTML = re.compile(r"<!--|<!doctype\s+html", re.IGNORECASE)
_ELEMENT = re.compile(r"<(?:[A-Za-z][\w.-]{0,40}:)?([A-Za-z][A-Za-z0-9]{0,20})(?=[\s/>]|$)")
_HTML_ELEMENTS = frozenset(
    "html head script iframe h1 div font table a style title b body br p"
    " article audio base button center details embed footer form frame frameset h2 h3 header hr i img input link main"
    " marquee math meta nav noscript object ol pre section select span template textarea ul video".split()
)

# By the kind of what was claimed: the kinds of content that leave the claim as it is (for others, just their own), ...
_KEPT: dict[str, set[str]] = {
    "image": set(),
    # A recording may begin in the middle.
    "recording": {UNKNOWN_TYPE},
    "markup": {"markup", "text"},
    # What formats are made of that are not known here.
    "other": {UNKNOWN_TYPE, "text", "zip", "ole", "application/gzip"},
}
# ... and those by which the file is called what it is instead of being refused.
_CORRECTED = {
    # Browsers save WebP under the name of a JPEG, phones a JPEG under that of HEIC.
    "image": {"image"},
    "recording": {"recording"},
    "text": {"markup", _RTF},
    # Office opens all of these under its old names, and much software writes them so.
    "ole": {"text", "markup", "zip", _RTF},
    # What a password makes of an office document ([MS-OFFCRYPTO]).
    "zip": {"ole"},
}


class KindMismatch(ValueError):
    """The content is not of the type that was claimed. `detected` is what it looks like."""

    def __init__(self, claimed: str, detected: str) -> None:
        super().__init__(f"The content is not {claimed}; it looks like {detected}.")
        self.detected = detected


def clean_content_type(text: str) -> str:
    """The `type/subtype` of a Content-Type in lower case, without parameters. Raises ValueError for what has none.

    Names as in RFC 6838, section 4.2; at most 127 characters, which the longest registered type is far below.
    """
    name = text.partition(";")[0].strip(" \t")
    if not _TYPE.fullmatch(name):
        raise ValueError("A content type is a type/subtype, such as image/png.")
    return name.lower()


def agreed_type(claimed: str, head: bytes, filename: str) -> str:
    """The type of a file that begins with `head` and was said to be `claimed` (a clean type, or empty).

    A claim is kept where the content bears it out or leaves it open. Where nothing is claimed, or the content tells
    better, the answer is what the content is. Raises KindMismatch when it is something else altogether.
    """
    claim = _USUAL_NAMES.get(claimed, claimed)
    found = detect(head, filename)
    if claim in ("", UNKNOWN_TYPE):
        return found
    wanted, actual = _kind(claim), _kind(found)
    if actual in _KEPT.get(wanted, {wanted}):
        return claim
    if actual == "recording" and claim.partition("/")[2] == found.partition("/")[2]:
        # audio/webm is video/webm without pictures.
        return claim
    if wanted == "other" or actual in _CORRECTED.get(wanted, ()):
        return found
    raise KindMismatch(claimed, found)


def detect(head: bytes, filename: str) -> str:
    """The type of a file that begins with `head`: application/octet-stream for what nothing recognises.

    The ending of `filename` decides between formats of one container, and between kinds of text. Never raises.
    """
    head = head[:HEAD_LENGTH]
    ending = filename.rpartition(".")[2].lower()
    text = _decoded(head)
    # "BM", "MZ" and "ID3" may as well begin a sentence.
    may_be_text = _CONTROLS.search(text, 0, 512) is None
    found = _markup(text) or _document(text) or (None if may_be_text else _binary(head, ending))
    if found is not None:
        return found
    # A stray control character does not make a log file binary; of compressed or random bytes, one in nine is one.
    if len(_CONTROLS.findall(text)) * 100 <= len(text):
        return "text/x-shellscript" if text.startswith("#!") else _TEXT_ENDINGS.get(ending, "text/plain")
    # PDF Reference 1.7, appendix H, note 13: readers accept the header within the first 1,024 bytes.
    return _PDF if b"%PDF-" in head[:1024] else UNKNOWN_TYPE


def _kind(name: str) -> str:
    """What types have in common that are mistaken for each other. The type itself, where it has nothing; or `other`."""
    if name in MARKUP:
        return "markup"
    if name.startswith(("text/", "message/")) or name.endswith(("/json", "+json", "/xml", "+xml", "-xml")):
        return "text"
    if name in (_ZIP, *_ZIP_ENDINGS.values()) or name.startswith((_OOXML, _OPENDOCUMENT)):
        return "zip"
    if name in (_OLE, *(name for _, name in _OLE_DOCUMENTS.values())):
        return "ole"
    if name in _KNOWN:
        return {"image": "image", "audio": "recording", "video": "recording"}.get(name.partition("/")[0], name)
    return name if name in (_PDF, _RTF, UNKNOWN_TYPE, *_PROGRAMS) else "other"


def _decoded(head: bytes) -> str:
    """The content as text, by its byte order mark; without one every byte is a character, which serves to look at."""
    if head.startswith((codecs.BOM_UTF16_BE, codecs.BOM_UTF16_LE)):
        return head.decode("utf-16", "replace")
    return head.removeprefix(codecs.BOM_UTF8).decode("latin-1")


def _markup(text: str) -> str | None:
    """HTML, XHTML, SVG or XML, told by the first element and what stands before it."""
    is_xml = text.lstrip().startswith("<?xml")
    asides = (_XML_ASIDES if is_xml else _HTML_ASIDES).match(text)
    assert asides is not None, "It matches an empty text, too."
    element = _ELEMENT.match(text, asides.end())
    name = element[1].lower() if element else ""
    if name == "svg":
        return "image/svg+xml"
    if is_xml:
        return "application/xhtml+xml" if name == "html" else "application/xml"
    return "text/html" if name in _HTML_ELEMENTS or _SAYS_HTML.search(asides[0]) else None


def _document(text: str) -> str | None:
    """Documents that may consist of text alone."""
    return {"%PDF-": _PDF, "{\\rtf": _RTF}.get(text.lstrip()[:5])


def _binary(head: bytes, ending: str) -> str | None:
    """The type that the first bytes of binary content tell."""
    for program, signatures in _PROGRAMS.items():
        if head.startswith(signatures):
            return program
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _ole_type(head, ending)
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:11], "video/mp4")
    name = _recognised(head)
    return _zip_type(head, ending) if name == _ZIP else name


def _recognised(head: bytes) -> str | None:
    """What puremagic recognises, by its longest signature for a type that is known here."""
    try:
        matches = puremagic.magic_string(head)
    except puremagic.PureError:
        return None
    for match in matches:
        name: str = _USUAL_NAMES.get(match.mime_type, match.mime_type)
        # What is at a negative offset from the end is not the end of the file. RIFF is a container of many formats.
        if name in _KNOWN and match.offset >= 0 and match.byte_match != b"RIFF":
            return name
    return None


def _zip_type(head: bytes, ending: str) -> str:
    """The type that the first members of a zip file tell, or else the ending."""
    if named := _NAMED_ZIP.match(head):
        name = named[1].decode("ascii")
        return name if name in _ZIP_ENDINGS.values() else _ZIP
    if head.startswith(_PACKAGE, 30) and (member := _OFFICE_MEMBER.search(head)):
        ending = {b"word": "docx", b"xl": "xlsx", b"ppt": "pptx"}[member[1]]
    return _ZIP_ENDINGS.get(ending, _ZIP)


def _ole_type(head: bytes, ending: str) -> str:
    """The type that the streams of an OLE compound file tell, or else the ending."""
    found = [kind for kind, (stream, _) in _OLE_DOCUMENTS.items() if f"{stream}\0".encode("utf-16-le") in head]
    # A document with another inside it has the streams of both.
    _, name = _OLE_DOCUMENTS.get(ending if ending in found or not found else found[0], ("", _OLE))
    return name
