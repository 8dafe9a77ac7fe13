"""What a file is: a table of samples, and one of claims about them."""

import gzip
import io
import itertools
import random
import struct
import time
import zipfile
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tickets.files.kinds import (
    HEAD_LENGTH,
    KindMismatch,
    agreed_type,
    clean_content_type,
    detect,
)

OOXML = "application/vnd.openxmlformats-officedocument."
DOCX, XLSX, PPTX = (
    f"{OOXML}wordprocessingml.document",
    f"{OOXML}spreadsheetml.sheet",
    f"{OOXML}presentationml.presentation",
)
ODT = "application/vnd.oasis.opendocument.text"
DOC, XLS, PPT = "application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint"
EXE = "application/vnd.microsoft.portable-executable"
NOTHING = "application/octet-stream"


class Pipe(io.BytesIO):
    def tell(self):
        raise OSError


def zip_of(*names, mimetype="", streamed=False):
    """A zip file with these members. `streamed`: the sizes stand behind the contents, as pipes make them."""
    out = Pipe() if streamed else io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        if mimetype:
            archive.writestr(zipfile.ZipInfo("mimetype"), mimetype)
        for name in names:
            archive.writestr(name, "<x/>")
    return out.getvalue()


def ole_of(*streams):
    """The beginning of an OLE compound file: a header, a table, a directory with these streams."""
    head = bytearray(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".ljust(512, b"\0"))
    head[30:32], head[48:52] = struct.pack("<H", 9), struct.pack("<I", 1)
    directory = b"".join(name.encode("utf-16-le").ljust(128, b"\0") for name in ("Root Entry", *streams))
    return bytes(head) + b"\xff" * 512 + directory.ljust(1024, b"\0")


def png():
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    pixel = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(b"\0\0"))
    return b"\x89PNG\r\n\x1a\n" + pixel + chunk(b"IEND", b"")


def boxes(brand):
    return struct.pack(">I", 24) + b"ftyp" + brand + b"\0\0\0\0" + brand + b"mp42" + b"\0\0\0\x08free"


def noise(length):
    return b"\x01" + random.Random(1).randbytes(length - 1)


PNG, JPEG = png(), b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0" + bytes(50)
GIF = b"GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\1\0\1\0\0\2\2D\1\0;"
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n"
ZIP = zip_of("a.txt", "b/c.txt")
WORD = zip_of("[Content_Types].xml", "_rels/.rels", "word/document.xml")
SHEET = zip_of("[Content_Types].xml", "_rels/.rels", "xl/workbook.xml")
SLIDES = zip_of("[Content_Types].xml", "_rels/.rels", "ppt/presentation.xml")
OPEN_TEXT = zip_of("content.xml", mimetype=ODT)
OLD_WORD, OLD_SHEET, OLD_SLIDES = ole_of("1Table", "WordDocument"), ole_of("Workbook"), ole_of("PowerPoint Document")
LOCKED = ole_of("EncryptionInfo", "EncryptedPackage")
TEXT = "Grüße, the lamp flickers.\n".encode()
CSV = b"id,name\r\n1,Lamp\r\n"
HTML = b"<!DOCTYPE html><html><body>x</body></html>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
XML = b'<?xml version="1.0"?><note>x</note>'
RTF = b"{\\rtf1\\ansi hello}"
SCRIPT = b"#!/bin/sh\nrm -rf /\n"
PROGRAM = b"MZ\x90\0\3\0\0\0\4\0\0\0\xff\xff\0\0" + bytes(100)
ELF = b"\x7fELF\2\1\1" + bytes(60)
MP3 = b"ID3\3\0\0\0\0\0\x1fTIT2" + bytes(40)
MKV = b"\x1aE\xdf\xa3\xa3B\x86\x81\1B\xf7\x81\1B\xf2\x81\4B\xf3\x81\x08B\x82\x88"
NOISE = noise(5000)


@pytest.mark.parametrize(
    ("head", "filename", "found"),
    [
        # images
        (PNG, "a.png", "image/png"),
        (PNG, "a.exe", "image/png"),
        (PNG[:12], "truncated.png", "image/png"),
        (JPEG, "a.jpg", "image/jpeg"),
        (GIF, "a.gif", "image/gif"),
        (b"RIFF\x24\0\0\0WEBPVP8 \x18\0\0\0" + bytes(24), "a.webp", "image/webp"),
        (b"BM\x3a\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0" + b"\xff" * 9000, "white.bmp", "image/bmp"),
        (b"II*\0\x08\0\0\0" + bytes(40), "a.tif", "image/tiff"),
        (b"\0\0\1\0\1\0\x10\x10" + bytes(40), "a.ico", "image/vnd.microsoft.icon"),
        (boxes(b"heic"), "a.heic", "image/heic"),
        (boxes(b"avif"), "a.avif", "image/avif"),
        # documents and archives
        (PDF, "a.pdf", "application/pdf"),
        (b"\0\0junk\r\n" + PDF, "late.pdf", "application/pdf"),
        (ZIP, "a.zip", "application/zip"),
        (zip_of(), "empty.zip", "application/zip"),
        (zip_of("word/document.xml"), "a folder named word.zip", "application/zip"),
        (WORD, "a.docx", DOCX),
        (WORD, "no ending", DOCX),
        (WORD, "a.xlsx", DOCX),
        (SHEET, "no ending", XLSX),
        (SLIDES, "no ending", PPTX),
        (zip_of("[Content_Types].xml", "word/document.xml", streamed=True), "no ending", DOCX),
        (zip_of("word/document.xml", "[Content_Types].xml"), "of another order.docx", DOCX),
        (zip_of("inner/[Content_Types].xml", "word/document.xml"), "a", "application/zip"),
        (zip_of("docProps/app.xml"), "its telling members come later.docx", DOCX),
        (OPEN_TEXT, "no ending", ODT),
        (zip_of("x", mimetype="text/html"), "a", "application/zip"),
        (OLD_WORD, "no ending", DOC),
        (OLD_SHEET, "no ending", XLS),
        (OLD_SLIDES, "no ending", PPT),
        (ole_of("__nameid_version1.0"), "a", "application/vnd.ms-outlook"),
        (ole_of("WordDocument", "Workbook"), "a document inside a sheet.xls", XLS),
        (LOCKED, "a", "application/x-ole-storage"),
        (LOCKED, "a.xls", XLS),
        (RTF, "a.rtf", "application/rtf"),
        (gzip.compress(b"hello"), "a.gz", "application/gzip"),
        (b"7z\xbc\xaf'\x1c\0\4" + bytes(20), "a.7z", "application/x-7z-compressed"),
        (b"a.txt".ljust(257, b"\0") + b"ustar\x0000" + bytes(248), "a.tar", "application/x-tar"),
        # sound and video
        (MP3, "a.mp3", "audio/mpeg"),
        (b"\xff\xfb\x90\x64" + bytes(60), "without tags.mp3", "audio/mpeg"),
        (b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0" + bytes(20), "a.wav", "audio/wav"),
        (b"OggS\0\2" + bytes(20), "a.ogg", "audio/ogg"),
        (boxes(b"isom"), "a.mp4", "video/mp4"),
        (boxes(b"M4A "), "a.m4a", "audio/mp4"),
        (boxes(b"qt  "), "a.mov", "video/quicktime"),
        (MKV + b"webm", "a.webm", "video/webm"),
        (MKV + b"matroska", "a.mkv", "video/matroska"),
        # programs
        (PROGRAM, "a.png", EXE),
        (ELF, "a", "application/x-executable"),
        (bytes.fromhex("cffaedfe07000001") + bytes(60), "a.pdf", "application/x-executable"),
        (bytes.fromhex("4c0000000114020000000000c000000000000046"), "a.pdf.lnk", "application/x-ms-shortcut"),
        (SCRIPT, "a.txt", "text/x-shellscript"),
        # text, also such as begins like something else
        (b"", "a.png", "text/plain"),
        (TEXT, "a.txt", "text/plain"),
        (TEXT.decode().encode("latin-1"), "a.txt", "text/plain"),
        (TEXT.decode().encode("utf-16"), "a.txt", "text/plain"),
        (b"\xfe\xff" + TEXT.decode().encode("utf-16-be"), "a.txt", "text/plain"),
        (b"\xef\xbb\xbf" + TEXT, "a.txt", "text/plain"),
        (b"BM is a brand.\n", "a.txt", "text/plain"),
        (b"MZ 12, Main Street\n", "a.txt", "text/plain"),
        (b"ID3 tags are missing.\n", "a.txt", "text/plain"),
        (b"FORM 27B\n", "a.txt", "text/plain"),
        (b"function of the lamp\n", "a.txt", "text/plain"),
        (b"<carla@customer.example> wrote:\n", "a.txt", "text/plain"),
        (TEXT * 50 + b"\0\x07", "a log after a crash", "text/plain"),
        (CSV, "a.csv", "text/csv"),
        (CSV, "a.png", "text/plain"),
        (b'{"a": 1}', "a.json", "application/json"),
        (b"From: carla@customer.example\r\n\r\nHi", "a.eml", "message/rfc822"),
        # markup
        (HTML, "a.txt", "text/html"),
        (b" \r\n\t<HTML><body>x", "a", "text/html"),
        (b"\xef\xbb\xbf\n<html>", "a", "text/html"),
        ("\n<html>".encode("utf-16"), "a", "text/html"),
        (b"<!-- a --><!-- b -->\n<script>alert(1)</script>", "a", "text/html"),
        (b"<!-- never closed", "a", "text/html"),
        (b"<img src=x onerror=alert(1)>", "a", "text/html"),
        (b"<script>alert(1)</script>" + NOISE, "a.jpg", "text/html"),
        (SVG, "a.png", "image/svg+xml"),
        (b'<?xml version="1.0"?>\n<!-- x --><!DOCTYPE svg [<!ENTITY a "b">]>\n<svg/>', "a", "image/svg+xml"),
        (b'<?xml version="1.0"?><s:svg xmlns:s="http://www.w3.org/2000/svg"/>', "a", "image/svg+xml"),
        (b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"/>', "a", "application/xhtml+xml"),
        (b'<?xml version="1.0"?><?x a="<b>"?><svg/>', "a", "image/svg+xml"),
        (b"<?x><script>alert(1)</script>", "a", "text/html"),
        (XML, "a", "application/xml"),
        # two things at once: the first bytes decide
        (b"GIF89a=1;/*\0\0*/alert(1)//", "a.js", "image/gif"),
        (PDF + HTML, "a.html", "application/pdf"),
        (b"GIF89a=1;alert(1)", "a.gif", "text/plain"),
        (GIF + ZIP, "a.zip", "image/gif"),
        # unknown
        (b"\x12\xaf" + NOISE, "two bytes of a film.flc", NOTHING),
        (NOISE + b"\0\0\1\xb7", "the end of a film.mpeg", NOTHING),
        (b"RIFF\x24\0\0\0ACON" + bytes(24), "a cursor.ani", NOTHING),
        (NOISE[:60] + b"BOOKMOBI", "two kinds of books.mobi", NOTHING),
        (NOISE[:512] + b"\t\x08\x10\0\0\6\5\0", "a sheet without its beginning.xls", NOTHING),
        (NOISE, "a.png", NOTHING),
        (bytes(5000), "a.docx", NOTHING),
        ("no byte order mark".encode("utf-16-le"), "a.txt", NOTHING),
    ],
    ids=itertools.count(),
)
def test_the_first_bytes_tell_the_type(head, filename, found):
    assert detect(head, filename) == found


@pytest.mark.parametrize(
    ("claimed", "head", "filename", "agreed"),
    [
        # nothing claimed
        ("", PNG, "a", "image/png"),
        (NOTHING, WORD, "a", DOCX),
        ("binary/octet-stream", NOISE, "a.png", NOTHING),
        # borne out, under the usual name
        ("image/png", PNG, "a", "image/png"),
        ("image/jpg", JPEG, "a", "image/jpeg"),
        ("audio/m4a", boxes(b"M4A "), "a", "audio/mp4"),
        ("application/x-zip-compressed", ZIP, "a", "application/zip"),
        ("audio/mp3", MP3, "a", "audio/mpeg"),
        ("audio/mpeg", NOISE, "a broken frame.mp3", "audio/mpeg"),
        ("audio/webm", MKV + b"webm", "a", "audio/webm"),
        ("image/svg+xml", SVG, "a", "image/svg+xml"),
        ("application/pdf", b"\r\n" + PDF, "a", "application/pdf"),
        ("application/x-msdownload", PROGRAM, "a", EXE),
        # one container
        (DOCX, ZIP, "a", DOCX),
        (ODT, ZIP, "a", ODT),
        (
            "application/vnd.ms-excel.sheet.macroenabled.12",
            SHEET,
            "a",
            "application/vnd.ms-excel.sheet.macroenabled.12",
        ),
        ("application/java-archive", ZIP, "a", "application/java-archive"),
        ("application/zip", WORD, "a", "application/zip"),
        (PPT, OLD_SHEET, "a", PPT),
        # kinds of text
        ("text/csv", TEXT, "a.txt", "text/csv"),
        ("text/plain", CSV, "a.csv", "text/plain"),
        ("application/json", TEXT, "a", "application/json"),
        ("application/ld+json", TEXT, "a", "application/ld+json"),
        (f"{ODT}-flat-xml", XML, "a.fodt", f"{ODT}-flat-xml"),
        ("message/rfc822", TEXT, "a", "message/rfc822"),
        ("text/plain", SCRIPT, "a", "text/plain"),
        ("text/plain", b"", "a", "text/plain"),
        # called what it is instead of being refused
        ("text/plain", HTML, "a.txt", "text/html"),
        ("text/csv", SVG, "a.csv", "image/svg+xml"),
        ("application/json", HTML, "a", "text/html"),
        ("application/xml", SVG, "a", "image/svg+xml"),
        ("text/plain", RTF, "a", "application/rtf"),
        (XLS, CSV, "a.csv", "text/csv"),
        (XLS, HTML, "an export.xls", "text/html"),
        (XLS, SHEET, "a", XLSX),
        (DOC, RTF, "a.doc", "application/rtf"),
        (DOCX, LOCKED, "with a password.docx", "application/x-ole-storage"),
        ("image/heif", boxes(b"heic"), "a", "image/heic"),
        ("image/png", JPEG, "a.png", "image/jpeg"),
        # unknown claims
        ("application/x-lamp", NOISE, "a", "application/x-lamp"),
        ("application/x-lamp", ZIP, "a", "application/x-lamp"),
        ("application/x-lamp", TEXT, "a", "application/x-lamp"),
        ("application/x-lamp", PNG, "a", "image/png"),
        ("application/x-lamp", HTML, "a", "text/html"),
        ("application/x-lamp", PROGRAM, "a", EXE),
        ("image/x-lamp", SVG, "a", "image/svg+xml"),
    ],
    ids=itertools.count(),
)
def test_a_claim_that_the_content_leaves_open_is_kept_and_others_are_corrected(claimed, head, filename, agreed):
    assert agreed_type(claimed, head, filename) == agreed


@pytest.mark.parametrize(
    ("claimed", "head", "filename", "detected"),
    [
        ("image/png", HTML, "a.png", "text/html"),
        ("image/png", SVG, "a.png", "image/svg+xml"),
        ("image/svg+xml", PNG, "a.svg", "image/png"),
        ("image/gif", b"GIF89a=1;alert(1)", "a.gif", "text/plain"),
        ("image/png", TEXT, "a.png", "text/plain"),
        ("image/png", NOISE, "a.png", NOTHING),
        ("image/png", b"", "a.png", "text/plain"),
        ("image/jpg", PROGRAM, "a.jpg", EXE),
        ("application/pdf", HTML + PDF, "a.pdf", "text/html"),
        ("application/pdf", ZIP, "a.pdf", "application/zip"),
        ("application/pdf", GIF + PDF, "a.pdf", "image/gif"),
        ("application/pdf", b"x" * 2000 + PDF, "a.pdf", "text/plain"),
        ("application/zip", TEXT, "a.zip", "text/plain"),
        (DOCX, PROGRAM, "a.docx", EXE),
        (DOCX, HTML, "a.docx", "text/html"),
        (DOC, PDF, "a.doc", "application/pdf"),
        (XLS, PROGRAM, "a.xls", EXE),
        (XLS, NOISE, "a", NOTHING),
        ("audio/mpeg", TEXT, "a.mp3", "text/plain"),
        ("audio/mpeg", ELF, "a.mp3", "application/x-executable"),
        ("video/mp4", boxes(b"heic"), "a.mp4", "image/heic"),
        ("text/plain", PNG, "a.txt", "image/png"),
        ("text/csv", SHEET, "a.csv", XLSX),
        ("text/plain", PROGRAM, "a.txt", EXE),
        ("text/plain", NOISE, "a.txt", NOTHING),
        ("text/javascript", b"GIF89a=1;/*\0\0*/alert(1)//", "a.js", "image/gif"),
        ("application/json", ZIP, "a", "application/zip"),
    ],
    ids=itertools.count(),
)
def test_a_claim_that_the_content_contradicts_is_refused(claimed, head, filename, detected):
    with pytest.raises(KindMismatch) as refused:
        agreed_type(claimed, head, filename)

    assert refused.value.detected == detected
    assert str(refused.value) == f"The content is not {claimed}; it looks like {detected}."


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("image/png", "image/png"),
        ("Text/Plain; charset=UTF-8", "text/plain"),
        ("  text/html\t;x", "text/html"),
        ("application/vnd.ms-excel.sheet.macroEnabled.12", "application/vnd.ms-excel.sheet.macroenabled.12"),
        ("x" * 40 + "/" + "y" * 86, "x" * 40 + "/" + "y" * 86),
    ],
)
def test_a_content_type_is_a_type_and_a_subtype_in_lower_case(text, clean):
    assert clean_content_type(text) == clean


@pytest.mark.parametrize(
    "text",
    [
        "",
        "png",
        "image/",
        "/png",
        "image/png/x",
        "image /png",
        "image/png\r\nX-Evil: 1",
        "image/png\n",
        "image/*",
        ".image/png",
        "image/pńg",
        "\u212aind/x",
        "image/png, text/html",
        "x/" + "y" * 87,
        "x" * 41 + "/y",
        "\0",
    ],
)
def test_what_is_no_content_type_is_refused(text):
    with pytest.raises(ValueError, match="type/subtype"):
        clean_content_type(text)


BEGINNINGS = [
    b"",
    PNG,
    WORD,
    OLD_WORD,
    HTML,
    XML,
    RTF,
    MKV,
    b"PK\3\4",
    b"\xff\xfe",
    b"<!--",
    b"RIFF",
    b"\0\0\0\x18ftyp",
]


@given(
    start=st.sampled_from(BEGINNINGS),
    cut=st.integers(0, 600),
    rest=st.binary(max_size=300),
    filename=st.text(max_size=20),
)
@settings(max_examples=300, deadline=None)
def test_whatever_the_bytes_there_is_an_answer_that_is_a_content_type(start, cut, rest, filename):
    found = detect(start[:cut] + rest, filename)

    assert clean_content_type(found) == found
    # What a file was found to be may be claimed of it.
    assert agreed_type(found, start[:cut] + rest, filename) == found


HOSTILE = {
    "noise": noise(HEAD_LENGTH),
    "comments": b"<!---->" * 10_000,
    "open comments": b"<!--" * 17_000,
    "instructions": b"<?x>" * 17_000,
    "doctypes": b"<!DOCTYPE x []>" * 5_000,
    "open doctypes": b"<!DOCTYPE x [>" * 5_000,
    "blanks": b" " * HEAD_LENGTH,
    "a long name": b"<" + b"a:" * 33_000,
    "surrogates": b"\xff\xfe" + b"\0\xd8" * 33_000,
    "members": (b"PK\3\4" + bytes(26)) * 2_200,
    "members of unknown size": (b"PK\3\4\0\0\x08\0" + bytes(22)) * 2_200,
    "no next member": b"PK\3\4\0\0\x08\0" + b"PK\3" * 22_000,
    "a directory far off": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\xff" * HEAD_LENGTH,
}


@pytest.mark.parametrize("head", HOSTILE.values(), ids=HOSTILE)
def test_no_content_takes_long(head):
    """The worst takes about 5 ms of a processor; what grows with the square of the length takes far more."""
    times = []
    for _ in range(3):
        started = time.process_time()
        detect(head, "a.docx")
        times.append(time.process_time() - started)

    assert min(times) < 0.05


def test_no_more_than_the_head_is_looked_at():
    assert detect(TEXT.ljust(HEAD_LENGTH) + NOISE * 20, "a.txt") == "text/plain"
