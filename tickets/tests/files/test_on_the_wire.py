"""Files and a real server: clients that go away, and answers to those who are still sending.

One thread serves, so that a request is answered only once the one before is over, whatever has become of it.
"""

import os
from pathlib import Path

import pytest

from inboxops.tests.live import Installation
from inboxops.tests.wire import MIB, OPEN_TICKET, Desk

# The most that a file may have.
LARGEST = 25 * MIB
# More than the buffers of two sockets hold: whoever has sent that has been read from.
MUCH = 20 * MIB


@pytest.fixture(scope="module")
def installation(tmp_path_factory):
    return Installation(tmp_path_factory.mktemp("installation"))


@pytest.fixture(scope="module")
def opened(installation):
    return installation.shell(OPEN_TICKET)


@pytest.fixture(scope="module")
def server(installation):
    with installation.served(workers=1, threads=1) as server:
        yield server
    log = server.log.read_text()
    assert "Traceback" not in log, log


@pytest.fixture
def desk(server, opened):
    desk = Desk(server.port, opened)
    yield desk
    desk.close()


def refused(answer, status, code):
    assert (answer.status, answer.code) == (status, code)


class TestWhoeverIsRefusedWhileSending:
    """can read the answer."""

    @pytest.mark.parametrize("connection", ["close", "keep-alive"])
    @pytest.mark.parametrize("size", [MIB, LARGEST])
    def test_an_altered_address(self, desk, size, connection):
        upload = desk.begin("PUT", "/files/upload?token=altered", {"Content-Length": size, "Connection": connection})
        upload.send(bytes(size))
        refused(upload.answer(), 403, "address_invalid")

    def test_more_than_was_announced(self, desk):
        upload = desk.put(desk.announce(5), Content_Length=LARGEST)
        upload.send(bytes(LARGEST))
        refused(upload.answer(), 413, "file_too_large")

    def test_a_second_upload(self, desk):
        told = desk.announce(LARGEST)
        for _ in range(2):
            upload = desk.put(told)
            upload.send(bytes(LARGEST))
            answer = upload.answer()
        refused(answer, 409, "already_uploaded")

    @pytest.mark.parametrize("chunks", [1, 20])
    def test_in_chunks(self, desk, chunks):
        upload = desk.put(desk.announce(chunks * MIB), Content_Length=None, Transfer_Encoding="chunked")
        for _ in range(chunks):
            upload.send(b"%x\r\n%s\r\n" % (MIB, bytes(MIB)))
        upload.send(b"0\r\n\r\n")
        refused(upload.answer(), 411, "length_required")

    def test_with_another_method(self, desk):
        upload = desk.begin("POST", "/files/upload", {"Content-Length": LARGEST})
        upload.send(bytes(LARGEST))
        refused(upload.answer(), 405, "method_not_allowed")


def test_an_expectation_is_met(desk):
    told = desk.announce(5)
    upload = desk.put(told, Expect="100-continue")
    assert upload.socket.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
    upload.send(b"hello")
    assert upload.answer().status == 204
    assert desk.get(desk.address_of(desk.confirm(told)["id"])).answer().body == b"hello"


def test_head_has_no_body(desk):
    answered = desk.get(desk.address_of(desk.upload(bytes(MIB))), method="HEAD")
    received = b"".join(iter(lambda: answered.socket.recv(65_536), b""))
    assert f"content-length: {MIB}".encode() in received.lower()
    assert received.endswith(b"\r\n\r\n")


class TestWhoeverGoesAway:
    def parts(self, installation):
        return list(installation.data_dir.rglob("*.part"))

    @pytest.mark.parametrize("way", ["close", "reset"])
    def test_half_way_up_leaves_nothing_and_can_come_back(self, desk, installation, way):
        told = desk.announce(LARGEST)
        upload = desk.put(told)
        upload.send(bytes(MUCH))
        assert len(self.parts(installation)) == 1

        getattr(upload, way)()

        assert desk.ask().answer().status == 200
        assert self.parts(installation) == []
        again = desk.put(told)
        again.send(bytes(LARGEST))
        assert again.answer().status == 204
        assert desk.confirm(told)["size"] == LARGEST

    @pytest.mark.parametrize("way", ["close", "reset"])
    def test_half_way_down_leaves_no_open_file(self, desk, server, way):
        download = desk.get(desk.address_of(desk.upload(bytes(LARGEST))), receive_buffer=4096)
        assert download.head().status == 200
        assert len(self.open_files(server)) == 1

        getattr(download, way)()

        assert desk.ask().answer().status == 200
        assert self.open_files(server) == []

    def open_files(self, server):
        (worker,) = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
        folder = Path(f"/proc/{worker}/fd")
        return [target for number in folder.iterdir() if "/files/" in (target := os.readlink(number))]
