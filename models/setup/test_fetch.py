"""The promises of fetch.py, with a wheel made on the spot and no network."""

import hashlib
import http.server
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import zipfile

FETCH = pathlib.Path(__file__).with_name("fetch.py")
SMALL, LIBRARY = b"a model" * 100, b"a library" * 100


class Fetch(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)
        self.wheels, self.files = self.folder / "wheels", self.folder / "files"
        self.wheels.mkdir()
        self.make_wheel(SMALL)
        self.write_manifest()

    def make_wheel(self, content):
        with zipfile.ZipFile(self.wheels / "thing-1.0-py3-none-any.whl", "w") as wheel:
            wheel.writestr("thing/small.bin", content)
            wheel.writestr("thing/library.so", LIBRARY)
            info = "thing-1.0.dist-info/"
            wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n")
            wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(info + "RECORD", "")

    def write_manifest(self, fallback=None):
        def entry(group, name, content, *more):
            digest = hashlib.sha256(content).hexdigest()
            lines = [f'group = "{group}"', f'name = "{name}"', 'wheel = "thing"', f'member = "thing/{name}"']
            return "\n".join(["[[file]]", *lines, f"size = {len(content)}", f'sha256 = "{digest}"', *more, ""])

        self.manifest = self.folder / "manifest.toml"
        self.manifest.write_text(
            '[wheel.thing]\npackage = "thing"\nversion = "1.0"\n'
            + entry("models", "small.bin", SMALL, *([f'fallback = "{fallback}"'] if fallback else []))
            + entry("lib", "library.so", LIBRARY, 'architecture = "x86_64"')
        )

    def fetch(self, *groups, architecture="x86_64"):
        offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.wheels), "PIP_NO_CACHE_DIR": "1"}
        command = [sys.executable, FETCH, "--manifest", self.manifest, "--files", self.files]
        return subprocess.run(
            [*command, "--architecture", architecture, *groups],
            env={**os.environ, **offline, "no_proxy": "*"},
            capture_output=True,
            text=True,
        )

    def left(self):
        return sorted(str(path.relative_to(self.files)) for path in self.files.rglob("*") if path.is_file())

    def assert_fails(self, done, *words):
        self.assertNotEqual(done.returncode, 0)
        self.assertNotIn("Traceback", done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)

    def test_brings_every_file_once_and_then_is_silent(self):
        done = self.fetch()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.left(), ["lib/library.so", "models/small.bin"])
        self.assertEqual(len(done.stdout.splitlines()), 2)
        self.make_wheel(b"never looked at again")
        start = time.monotonic()
        again = self.fetch()
        self.assertEqual((again.returncode, again.stdout, again.stderr), (0, "", ""))
        self.assertLess(time.monotonic() - start, 2.0)

    def test_a_group_alone(self):
        self.assertEqual(self.fetch("models").returncode, 0)
        self.assertEqual(self.left(), ["models/small.bin"])
        self.assert_fails(self.fetch("modles"), "modles")

    def test_a_bad_checksum_is_an_error_and_leaves_nothing(self):
        self.make_wheel(SMALL[:-1] + b"?")
        self.assert_fails(self.fetch("models"), "small.bin", "wrong checksum")
        self.assertEqual(self.left(), [])
        self.assertEqual(list(self.files.glob(".fetch-*")), [])

    def test_a_truncated_or_changed_file_is_fetched_anew(self):
        self.fetch("models")
        small = self.files / "models/small.bin"
        for damaged in (SMALL[:50], SMALL[:-1] + b"?", b""):
            small.write_bytes(damaged)
            self.assertEqual(self.fetch("models").returncode, 0)
            self.assertEqual(small.read_bytes(), SMALL)

    def test_an_unknown_architecture_is_named(self):
        self.assert_fails(self.fetch(architecture="riscv64"), "riscv64", "x86_64")
        self.assertEqual(self.fetch("models", architecture="riscv64").returncode, 0)

    def test_without_the_wheel_and_a_fallback_it_says_what_to_do(self):
        (self.wheels / "thing-1.0-py3-none-any.whl").unlink()
        self.assert_fails(self.fetch("models"), "small.bin", "thing==1.0", "network")
        self.assertEqual(self.left(), [])

    def test_the_fallback_serves_when_the_wheel_cannot(self):
        (self.wheels / "thing-1.0-py3-none-any.whl").unlink()
        for served, outcome in ((SMALL, ["models/small.bin"]), (b"an error page", [])):
            with self.subTest(served=served[:10]), serve(served) as address:
                self.write_manifest(fallback=address)
                (self.files / "models/small.bin").unlink(missing_ok=True)
                done = self.fetch("models")
                self.assertEqual(done.returncode == 0, bool(outcome), done.stderr)
                self.assertEqual(self.left(), outcome)

    def test_a_damaged_wheel_is_an_error(self):
        wheel = self.wheels / "thing-1.0-py3-none-any.whl"
        wheel.write_bytes(wheel.read_bytes()[:300])
        self.assert_fails(self.fetch("models"), "small.bin")
        self.assertEqual(self.left(), [])


class serve:
    """An address on this machine that answers every request with these bytes."""

    def __init__(self, content):
        class Answer(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_):
                pass

        self.server = http.server.HTTPServer(("127.0.0.1", 0), Answer)

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self.server.server_address[1]}/small.bin"

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


if __name__ == "__main__":
    unittest.main()
