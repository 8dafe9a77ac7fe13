"""What a file is: by its first bytes, and by what the client said of it.

Our own table comes first, in the manner of the WHATWG's MIME Sniffing standard. puremagic is asked last, about binary
content that nothing here recognises: of 107 samples it named half, and took plain text for sound, images and programs.
The answer is a name to call a file by, never a promise that it is harmless: files are handed out as attachments only.
"""

import re

import puremagic

# How much of a file the functions here want to see. Most need 1 KiB; what tells office formats apart may come later.
HEAD_LENGTH = 64 * 1024

OCTET_STREAM = "application/octet-stream"
PLAIN_TEXT = "text/plain"

_MAX_TYPE_LENGTH = 127
# RFC 6838, section 4.2: restricted-name, here of at most 40 and 86 characters: longer than any that is registered.
_TYPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,39}/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,85}")

_OOXML = "application/vnd.openxmlformats-officedocument."
_DOCX = f"{_OOXML}wordprocessingml.document"
_XLSX = f"{_OOXML}spreadsheetml.sheet"
_PPTX = f"{_OOXML}presentationml.presentation"
_OPENDOCUMENT = "application/vnd.oasis.opendocument."
_OLE = "application/x-ole-storage"
_MATROSKA = "video/matroska"
_PDF = "application/pdf"
_CSV = "text/csv"
_EXCEL = "application/vnd.ms-excel"

# Other names, each with the one used here: the registered one, where there is one.
_ALIASES = {
    alias: name
    for name, aliases in {
        OCTET_STREAM: "binary/octet-stream application/binary application/x-binary application/unknown"
        " application/force-download application/x-download application/x-unknown",
        "image/jpeg": "image/jpg image/pjpeg image/x-jpeg image/x-jpg",
        "image/png": "image/x-png",
        "image/gif": "image/x-gif",
        "image/bmp": "image/x-bmp image/x-ms-bmp image/x-windows-bmp",
        "image/tiff": "image/tif image/x-tiff image/x-tif",
        "image/vnd.microsoft.icon": "image/x-icon image/ico image/icon",
        "image/vnd.adobe.photoshop": "image/x-photoshop image/psd application/x-photoshop application/photoshop",
        "image/svg+xml": "image/svg",
        "application/pdf": "application/x-pdf",
        "application/rtf": "text/rtf application/x-rtf text/richtext",
        "application/zip": "application/x-zip-compressed application/x-zip application/zip-compressed",
        "application/gzip": "application/x-gzip application/gzip-compressed",
        "application/x-bzip2": "application/x-bzip application/bzip2",
        "application/vnd.rar": "application/x-rar-compressed application/x-rar application/rar",
        "application/x-7z-compressed": "application/7z application/x-7z",
        "application/java-archive": "application/x-java-archive application/x-jar",
        "application/msword": "application/vnd.ms-word application/x-msword",
        _EXCEL: "application/excel application/msexcel application/x-excel application/x-msexcel",
        "application/vnd.ms-powerpoint": "application/mspowerpoint application/powerpoint application/x-mspowerpoint",
        "application/vnd.microsoft.portable-executable": "application/x-msdownload application/x-dosexec"
        " application/x-ms-dos-executable application/exe application/x-exe application/x-winexe",
        "audio/mpeg": "audio/mp3 audio/x-mp3 audio/x-mpeg audio/mpeg3 audio/x-mpeg-3 audio/mpg",
        "audio/mp4": "audio/m4a audio/x-m4a",
        "audio/wav": "audio/x-wav audio/wave audio/vnd.wave",
        "audio/aiff": "audio/x-aiff",
        "audio/aac": "audio/x-aac audio/aacp",
        "audio/flac": "audio/x-flac",
        "audio/midi": "audio/mid audio/x-midi",
        "video/x-msvideo": "video/avi video/msvideo",
        "video/mp4": "video/x-m4v",
        "video/matroska": "video/x-matroska",
        "application/xml": "text/xml",
        "application/json": "text/json application/x-json",
        "text/javascript": "application/javascript application/x-javascript text/x-javascript application/ecmascript",
        "text/markdown": "text/x-markdown",
        _CSV: "application/csv text/x-csv application/x-csv text/comma-separated-values",
        "application/yaml": "text/yaml text/x-yaml application/x-yaml",
        "text/x-shellscript": "application/x-sh application/x-shellscript text/x-sh",
    }.items()
    for alias in aliases.split()
}

# (offset, bytes, type): the content begins so.
_SIGNATURES = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (0, b"BM", "image/bmp"),
    (0, b"II*\0", "image/tiff"),
    (0, b"MM\0*", "image/tiff"),
    (0, b"\0\0\1\0", "image/vnd.microsoft.icon"),
    (0, b"8BPS\0\1", "image/vnd.adobe.photoshop"),
    (8, b"WEBP", "image/webp"),
    (8, b"WAVE", "audio/wav"),
    (8, b"AVI ", "video/x-msvideo"),
    (8, b"AIFF", "audio/aiff"),
    (8, b"AIFC", "audio/aiff"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (0, b"\xff\xfa", "audio/mpeg"),
    (0, b"\xff\xf3", "audio/mpeg"),
    (0, b"\xff\xf2", "audio/mpeg"),
    (0, b"\xff\xf1", "audio/aac"),
    (0, b"\xff\xf9", "audio/aac"),
    (0, b"OggS\0", "audio/ogg"),
    (0, b"fLaC", "audio/flac"),
    (0, b"MThd\0\0\0\6", "audio/midi"),
    (0, b"\x1aE\xdf\xa3", _MATROSKA),
    (4, b"moov", "video/quicktime"),
    (4, b"mdat", "video/quicktime"),
    (4, b"wide", "video/quicktime"),
    (0, b"%PDF-", _PDF),
    (0, b"{\\rtf", "application/rtf"),
    (0, b"%!PS-Adobe-", "application/postscript"),
    (0, b"PK\3\4", "application/zip"),
    (0, b"PK\5\6", "application/zip"),
    (0, b"PK\7\x08", "application/zip"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", _OLE),
    (0, b"\x1f\x8b\x08", "application/gzip"),
    (0, b"BZh", "application/x-bzip2"),
    (0, b"\xfd7zXZ\0", "application/x-xz"),
    (0, b"(\xb5/\xfd", "application/zstd"),
    (0, b"7z\xbc\xaf'\x1c", "application/x-7z-compressed"),
    (0, b"Rar!\x1a\7", "application/vnd.rar"),
    (257, b"ustar", "application/x-tar"),
    (0, b"MZ", "application/vnd.microsoft.portable-executable"),
    (0, b"\x7fELF", "application/x-executable"),
    (0, b"\xfe\xed\xfa\xce", "application/x-mach-binary"),
    (0, b"\xfe\xed\xfa\xcf", "application/x-mach-binary"),
    (0, b"\xce\xfa\xed\xfe", "application/x-mach-binary"),
    (0, b"\xcf\xfa\xed\xfe", "application/x-mach-binary"),
    (0, b"\xca\xfe\xba\xbe", "application/java-vm"),
    (0, b"\0asm", "application/wasm"),
    # [MS-SHLLINK], section 2.1: a Windows shortcut, which can start anything.
    (0, bytes.fromhex("4c0000000114020000000000c000000000000046"), "application/x-ms-shortcut"),
)
# What stands before the signatures that are not at the beginning.
_CHUNKS = {"image/webp": b"RIFF", "audio/wav": b"RIFF", "video/x-msvideo": b"RIFF", "audio/aiff": b"FORM"}

# ISO/IEC 14496-12, section 4.3: the major brand of what begins with a box "ftyp". Any other brand is video/mp4.
_BRANDS = {
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"), "image/heic"),
    **dict.fromkeys((b"mif1", b"msf1"), "image/heif"),
    **dict.fromkeys((b"avif", b"avis"), "image/avif"),
    **dict.fromkeys((b"M4A ", b"M4B ", b"M4P "), "audio/mp4"),
    b"qt  ": "video/quicktime",
    b"3gp": "video/3gpp",
    b"3g2": "video/3gpp2",
}

# What lies in a zip file that is one of these, and what the name of a file that is one of these ends with.
_MEMBERS = {
    b"word/": _DOCX,
    b"xl/": _XLSX,
    b"ppt/": _PPTX,
    b"AndroidManifest.xml": "application/vnd.android.package-archive",
    b"META-INF/MANIFEST.MF": "application/java-archive",
}
_ZIP_ENDINGS = {
    "docx": _DOCX,
    "xlsx": _XLSX,
    "pptx": _PPTX,
    "odt": f"{_OPENDOCUMENT}text",
    "ods": f"{_OPENDOCUMENT}spreadsheet",
    "odp": f"{_OPENDOCUMENT}presentation",
    "epub": "application/epub+zip",
    "jar": "application/java-archive",
    "apk": "application/vnd.android.package-archive",
}
_ZIP_BEGINNINGS = (_OOXML, _OPENDOCUMENT, "application/vnd.ms-visio.", "application/vnd.ms-package.")
# [MS-CFB], section 2.6: streams in an OLE compound file, by name.
_STREAMS = {
    "WordDocument": "application/msword",
    "Workbook": _EXCEL,
    "Book": _EXCEL,
    "PowerPoint Document": "application/vnd.ms-powerpoint",
    "__nameid_version1.0": "application/vnd.ms-outlook",
}
_OLE_ENDINGS = {
    "doc": "application/msword",
    "xls": _EXCEL,
    "ppt": "application/vnd.ms-powerpoint",
    "msg": "application/vnd.ms-outlook",
    "msi": "application/x-msi",
}
_TEXT_ENDINGS = {
    "csv": _CSV,
    "tsv": "text/tab-separated-values",
    "json": "application/json",
    "xml": "application/xml",
    "md": "text/markdown",
    "js": "text/javascript",
    "css": "text/css",
    "ics": "text/calendar",
    "vcf": "text/vcard",
    "eml": "message/rfc822",
    "yaml": "application/yaml",
    "yml": "application/yaml",
}

_MARKUP = frozenset({"text/html", "application/xhtml+xml", "image/svg+xml"})
_PROGRAMS = frozenset(
    {
        "application/vnd.microsoft.portable-executable",
        "application/x-executable",
        "application/x-mach-binary",
        "application/java-vm",
        "application/wasm",
        "application/x-ms-shortcut",
    }
)
# Types that one signature stands for: a claim of one is kept where another is seen.
_FAMILIES = {
    name: family
    for family, names in {
        "tar": ("application/x-tar", "application/x-gtar", "application/x-ustar"),
        "ole": (_OLE, *_STREAMS.values(), *_OLE_ENDINGS.values(), "application/vnd.visio"),
        "zip": ("application/zip", *_MEMBERS.values(), *_ZIP_ENDINGS.values()),
        "png": ("image/png", "image/apng"),
        "heif": ("image/heic", "image/heif", "image/heic-sequence", "image/heif-sequence", "image/avif"),
        "mp4": ("video/mp4", "audio/mp4", "video/quicktime", "video/3gpp", "audio/3gpp", "video/3gpp2", "audio/3gpp2"),
        "matroska": ("video/matroska", "video/webm", "audio/webm", "audio/matroska", "audio/x-matroska"),
        "ogg": ("audio/ogg", "video/ogg", "application/ogg", "audio/opus", "audio/vorbis"),
        "gzip": ("application/gzip", "application/x-compressed-tar", "application/x-tgz"),
        "program": (*_PROGRAMS, "application/x-sharedlib", "application/x-elf"),
    }.items()
    for name in names
}
_SIGNED = {name: _FAMILIES.get(name, name) for _, _, name in _SIGNATURES} | _FAMILIES
# They may begin without their signature: MPEG sound with padding or a broken frame, a tar file of before POSIX, a
# program for DOS.
_SOMETIMES_UNSIGNED = frozenset({"audio/mpeg", "audio/aac", "tar", "program"})

_TEXTS = frozenset(
    "application/json application/xml application/yaml application/toml application/sql application/x-ndjson"
    " application/mbox application/pgp-signature application/x-pem-file application/x-httpd-php message/rfc822".split()
)

# WHATWG MIME Sniffing, section 3: binary data bytes.
_BINARY_BYTES = bytes((*range(0x09), 0x0B, *range(0x0E, 0x1B), *range(0x1C, 0x20)))
_BINARY = _BINARY_BYTES.decode("ascii")
_BYTE_ORDER_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xfe\xff", "utf-16-be"), (b"\xff\xfe", "utf-16-le"))
# WHATWG MIME Sniffing, section 7.1, and more elements that pages, or attempts at scripts, begin with.
_HTML_ELEMENTS = frozenset(
    "html head script iframe h1 div font table a style title b body br p"
    " article audio base button center details embed footer form frame frameset h2 h3 header hr i img input link main"
    " marquee math meta nav noscript object ol pre section select span template textarea ul video".split()
)
_ELEMENT = re.compile(r"<(?:[A-Za-z][\w.-]{0,40}:)?([A-Za-z][A-Za-z0-9]{0,20})(?=[\s/>]|$)")
_BLANKS = " \t\n\f\r\ufeff"
# How many comments, instructions and DOCTYPEs are read over.
_MAX_ASIDES = 100
# PDF Reference 1.7, appendix H, note 13: readers accept the header within the first 1,024 bytes.
_LATE_PDF = re.compile(rb"%PDF-\d\.\d")
_LATEST_PDF = 1024


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

    A claim that the content bears out, or leaves open, is kept, under its usual name. Nothing claimed, or markup or a
    program under a harmless name: the answer is what the content is. Raises KindMismatch when it is something else.
    """
    claim = _ALIASES.get(claimed, claimed)
    found = detect(head, filename)
    if claim in ("", OCTET_STREAM):
        return found
    if _bears_out(claim, found, head):
        return claim
    if (claim, found) == (_EXCEL, PLAIN_TEXT):
        # Windows calls every .csv so when Excel is installed.
        return _CSV
    if _corrects(claim, found):
        return found
    raise KindMismatch(claimed, found)


def detect(head: bytes, filename: str) -> str:
    """The type of a file that begins with `head`: application/octet-stream for what nothing recognises.

    The ending of `filename` decides between formats of one container, and between kinds of text. Never raises.
    """
    head = head[:HEAD_LENGTH]
    ending = filename.rpartition(".")[2].lower()
    text = _decoded(head)
    if found := _markup(text) or _signed(head, ending):
        return found
    # A stray control character does not make a log file binary; of compressed or random bytes, one in nine is one.
    if sum(map(text.count, _BINARY)) * 100 <= len(text):
        return "text/x-shellscript" if text.startswith("#!") else _TEXT_ENDINGS.get(ending, PLAIN_TEXT)
    return _PDF if _LATE_PDF.search(head, 0, _LATEST_PDF) else _rare(head)


def _bears_out(claim: str, found: str, head: bytes) -> bool:
    """Whether the content is what was claimed, or nothing shows that it is not."""
    claimed_family, found_family = _family(claim), _family(found)
    if found in _MARKUP and claim not in _MARKUP:
        return False
    if claimed_family is None:
        return found not in _PROGRAMS
    if claimed_family == found_family:
        return True
    if found_family is None:
        return claimed_family in _SOMETIMES_UNSIGNED
    if claim == _PDF:
        return found == PLAIN_TEXT and _LATE_PDF.search(head, 0, _LATEST_PDF) is not None
    # Encrypted with a password, an office document in a zip file becomes an OLE file ([MS-OFFCRYPTO]).
    return found_family == "ole" and claim.startswith("application/vnd.") and claimed_family == "zip"


def _corrects(claim: str, found: str) -> bool:
    """Whether the claim is a harmless mistake: then the file is called what it is instead of being refused."""
    family = _family(claim)
    for medium in ("image/", "audio/", "video/"):
        # Browsers save WebP under the name of a JPEG, phones a JPEG under that of HEIC.
        if claim.startswith(medium) and found.startswith(medium) and found not in _MARKUP:
            return True
    if family == "ole":
        # Office opens all of these under its old names, and much software writes them so.
        return _family(found) in ("text", "zip", "application/rtf")
    if family == "text":
        return found in _MARKUP or found in ("application/rtf", "application/postscript")
    return family is None


def _family(name: str) -> str | None:
    """What the content of this type can be told by: a signature, or being text. None when nothing is known."""
    if family := _SIGNED.get(name):
        return family
    if name.startswith("text/") or name.endswith("-flat-xml") or name in _TEXTS:
        return "text"
    # Some of these names end with "+xml", of what is in the zip file.
    if name.startswith(_ZIP_BEGINNINGS) or name.endswith("+zip") or ".macroenabled" in name:
        return "zip"
    return "text" if name.endswith(("+xml", "+json")) else None


def _signed(head: bytes, ending: str) -> str | None:
    """The type that a signature tells, made precise where several formats share one."""
    start = head[:512]
    may_be_text = start == start.translate(None, _BINARY_BYTES)
    for offset, magic, name in _SIGNATURES:
        if not head.startswith(magic, offset) or not head.startswith(_CHUNKS.get(name, b"")):
            continue
        if may_be_text and len(magic) <= 5 and magic.isalnum():
            continue  # "BM", "MZ" and "ID3" may as well begin a sentence.
        if magic == b"PK\3\4":
            return _zip_type(head) or _ZIP_ENDINGS.get(ending, name)
        if name == _OLE:
            return _ole_type(head, ending)
        if name == _MATROSKA:
            return "video/webm" if b"webm" in head[:64] else name
        return name
    if head.startswith(b"\0\0") and head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12]) or _BRANDS.get(head[8:11], "video/mp4")
    return None


def _zip_type(head: bytes) -> str | None:
    """The type that the first members of a zip file tell, by its local headers (APPNOTE.TXT, section 4.3.7)."""
    names: set[bytes] = set()
    start = 0
    while start >= 0 and head.startswith(b"PK\3\4", start) and start + 30 <= len(head):
        flags, size = head[start + 6], int.from_bytes(head[start + 18 : start + 22], "little")
        name_end = start + 30 + int.from_bytes(head[start + 26 : start + 28], "little")
        content = name_end + int.from_bytes(head[start + 28 : start + 30], "little")
        name = head[start + 30 : name_end]
        # Bit 3: the size stands behind the content.
        end = head.find(b"PK\3\4", content) if flags & 8 and not size else content + size
        if start == 0 and name == b"mimetype" and end - content <= _MAX_TYPE_LENGTH:
            # OpenDocument 1.2, part 3, section 3.3; EPUB 3.3 likewise: the first member, not compressed, is the type.
            named = head[content:end].decode("latin-1").strip().lower()
            return named if _TYPE.fullmatch(named) and _family(named) == "zip" else None
        names.update((name, name.partition(b"/")[0] + b"/"))
        start = end
    for member, found in _MEMBERS.items():
        # ECMA-376, part 2: every package of Office Open XML has this member.
        if member in names and (not found.startswith(_OOXML) or b"[Content_Types].xml" in names):
            return found
    return None


def _ole_type(head: bytes, ending: str) -> str:
    """The type that the streams of an OLE compound file tell, by the first sector of its directory."""
    sector, shift = int.from_bytes(head[48:52], "little"), int.from_bytes(head[30:32], "little")
    start = (sector + 1) << min(shift, 12)
    entries = (head[at : at + 64].decode("utf-16-le", "replace") for at in range(start, start + 4096, 128))
    names = {entry.partition("\0")[0] for entry in entries}
    found = [name for stream, name in _STREAMS.items() if stream in names]
    by_ending = _OLE_ENDINGS.get(ending, _OLE)
    # A document with another inside it has the streams of both.
    return by_ending if by_ending in found or not found else found[0]


def _decoded(head: bytes) -> str:
    """The content as text, by its byte order mark; without one every byte is a character, which serves to look at."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return head[len(mark) :].decode(encoding, "replace")
    return head.decode("latin-1")


def _markup(text: str) -> str | None:
    """HTML, XHTML, SVG or XML, told by the first element behind blanks, comments, instructions and a DOCTYPE.

    A comment alone says HTML (WHATWG MIME Sniffing, section 7.1). What has no end hides all that follows.
    """
    rest = text.lstrip(_BLANKS)
    is_xml, is_html = rest.startswith("<?xml"), False
    for _ in range(_MAX_ASIDES):
        if rest.startswith("<!--"):
            is_html = True
            rest = rest[2:].partition("-->")[2]
        elif rest.startswith("<?"):
            rest = rest.partition("?>" if is_xml else ">")[2]
        elif rest[:9].lower() == "<!doctype":
            is_html = is_html or rest[9:20].strip().lower().startswith("html")
            if "[" in rest.partition(">")[0]:
                rest = rest.partition("]")[2]
            rest = rest.partition(">")[2]
        else:
            break
        rest = rest.lstrip(_BLANKS)
    element = _ELEMENT.match(rest)
    name = element[1].lower() if element else ""
    if name == "svg":
        return "image/svg+xml"
    if is_xml:
        return "application/xhtml+xml" if name == "html" else "application/xml"
    return "text/html" if is_html or name in _HTML_ELEMENTS else None


def _rare(head: bytes) -> str:
    """What puremagic makes of binary content that nothing above recognises.

    Not believed: its shortest signatures, those at what it takes for the end of the file, those that it gives to more
    than one type, and what the table above would have recognised.
    """
    try:
        matches = puremagic.magic_string(head)
    except (LookupError, ValueError):
        return OCTET_STREAM
    # The longest come first.
    matches = [found for found in matches if len(found.byte_match) >= 4 and found.offset >= 0 and found.mime_type]
    names = {found.mime_type.lower() for found in matches if found.byte_match == matches[0].byte_match}
    name = names.pop() if len(names) == 1 else OCTET_STREAM
    return name if _TYPE.fullmatch(name) and name not in _ALIASES and _family(name) is None else OCTET_STREAM
