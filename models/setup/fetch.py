#!/usr/bin/env python3
"""Brings the files of models/manifest.toml into models/files. Silent when they are all there.

    fetch.py [GROUP…]        groups: models, lib, media; without one, all
"""

import argparse
import hashlib
import os
import pathlib
import platform
import shutil
import signal
import struct
import subprocess
import sys
import tempfile

try:
    import tomllib
except ModuleNotFoundError:
    sys.exit("Python 3.11 or newer is needed; on Debian run this with /usr/bin/python3.")

HERE = pathlib.Path(__file__).resolve().parent
PIP_TIMEOUT_S, PIP_RETRIES, PIP_LIMIT_S = 20, 2, 900
URL_TIMEOUT_S = 20
PIECE_BYTES = 1 << 18


class FetchError(Exception):
    """One sentence for the person at the terminal."""


class Unreachable(FetchError):
    """This place does not have the file; another may."""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("groups", nargs="*", metavar="GROUP", help="models, lib, media (default: all)")
    parser.add_argument("--manifest", type=pathlib.Path, default=HERE.parent / "manifest.toml")
    parser.add_argument("--files", type=pathlib.Path, default=HERE.parent / "files")
    parser.add_argument("--architecture", default=None, help="x86_64 or aarch64 (default: this machine's)")
    args = parser.parse_args()

    manifest = tomllib.loads(args.manifest.read_text())
    wanted = choose(manifest["file"], args.groups, args.architecture or this_architecture())
    missing = [file for file in wanted if not is_right(target(args.files, file), file)]
    if missing:
        fetch(missing, manifest["wheel"], args.files)


def this_architecture():
    # A 32-bit Raspberry Pi OS reports a 64-bit kernel.
    return platform.machine() if struct.calcsize("P") == 8 else f"{platform.machine()} with a 32-bit system"


def choose(files, groups, architecture):
    """The files of these groups, those for other architectures left out."""
    unknown = set(groups) - {file["group"] for file in files}
    if unknown:
        raise FetchError(f"No file of the manifest is in the group {sorted(unknown)[0]!r}.")
    files = [file for file in files if not groups or file["group"] in groups]
    known = sorted({file["architecture"] for file in files if "architecture" in file})
    if known and architecture not in known:
        raise FetchError(
            f"LiteRT is not available for {architecture}: Rasika runs on 64-bit {' and '.join(known)} Linux."
        )
    return [file for file in files if file.get("architecture", architecture) == architecture]


def target(folder, file):
    return folder / file["group"] / file["name"]


def is_right(path, file):
    try:
        return path.stat().st_size == file["size"] and sha256(path) == file["sha256"]
    except FileNotFoundError:
        return False


def sha256(path):
    with open(path, "rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def fetch(missing, wheels, folder):
    folder.mkdir(parents=True, exist_ok=True)
    # On the same file system as the targets, so that a finished file appears in one step.
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=folder) as scratch:
        scratch = pathlib.Path(scratch)
        downloaded = {}
        for file in missing:
            path = target(folder, file)
            path.unlink(missing_ok=True)  # wrong or truncated: nobody shall link against it
            print(f"{'unpacking' if 'bundle' in file else 'fetching'} {path.name} ({size(file['size'])})", flush=True)
            partial = scratch / "partial"
            if "bundle" in file:
                unpack(target(folder, {**file, "name": file["bundle"]}), file["member"], partial)
            else:
                bring(file, wheels, downloaded, scratch, partial)
            if not is_right(partial, file):
                raise FetchError(
                    f"{file['name']} came with a wrong checksum ({sha256(partial)} instead of {file['sha256']}) and "
                    "was thrown away; try again, and if it stays so, the source has been changed: do not use it."
                )
            path.parent.mkdir(parents=True, exist_ok=True)
            partial.chmod(0o644)
            partial.replace(path)


def size(count):
    return f"{count / 1e6:.1f} MB" if count >= 1e5 else f"{count / 1e3:.0f} kB"


def bring(file, wheels, downloaded, scratch, partial):
    """The file from its wheel or else from its maker's address, unchecked."""
    name = file["wheel"]
    try:
        if name not in downloaded:
            try:
                downloaded[name] = download_wheel(wheels[name], scratch / name)
            except Unreachable as error:
                downloaded[name] = error  # said once, not tried again for the next file of this wheel
        if isinstance(downloaded[name], Unreachable):
            raise downloaded[name]
        unpack(downloaded[name], file["member"], partial)
    except Unreachable as error:
        if "fallback" not in file:
            raise FetchError(f"{file['name']} cannot be had: {error}; connect to the network and try again.") from None
        print(f"  {error}; trying {file['fallback']}", flush=True)
        download(file, partial, error)


def download_wheel(wheel, folder):
    requirement = f"{wheel['package']}=={wheel['version']}"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    command += ["--no-input", "--disable-pip-version-check", "--timeout", str(PIP_TIMEOUT_S)]
    command += ["--retries", str(PIP_RETRIES), "--dest", str(folder)]
    if "platform" in wheel:
        abi = "cp" + wheel["python"].replace(".", "")
        command += ["--platform", wheel["platform"], "--python-version", wheel["python"]]
        command += ["--implementation", "cp", "--abi", abi]
    try:
        pip = subprocess.run(
            [*command, requirement], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PIP_LIMIT_S
        )
    except subprocess.TimeoutExpired:
        raise Unreachable(f"pip took more than {PIP_LIMIT_S // 60} minutes for {requirement}") from None
    if pip.returncode != 0:
        said = [line for line in pip.stderr.splitlines() if line.strip()] or ["it did not say why"]
        if "No module named pip" in said[-1]:
            raise Unreachable("Python has no pip (Debian's package python3-pip)")
        raise Unreachable(f"pip cannot download {requirement} ({said[-1].removeprefix('ERROR: ').strip()})")
    return next(folder.glob("*.whl"))


def unpack(wheel, member, partial):
    import zipfile  # not needed, and not paid for, when everything is there

    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(member) as inside, open(partial, "wb") as out:
            shutil.copyfileobj(inside, out, PIECE_BYTES)
    except (KeyError, zipfile.BadZipFile) as error:
        raise Unreachable(f"{wheel.name} is not what it should be ({error})") from None


def download(file, partial, wheel_error):
    import urllib.request

    try:
        with urllib.request.urlopen(file["fallback"], timeout=URL_TIMEOUT_S) as answer, open(partial, "wb") as out:
            received = 0
            while piece := answer.read(PIECE_BYTES):
                received += len(piece)
                if received > file["size"]:
                    break  # cannot be the right file; the checksum will say so
                out.write(piece)
    except OSError as error:
        reason = getattr(error, "reason", error)
        raise FetchError(
            f"{file['name']} cannot be had: {wheel_error}, and {file['fallback']} does not answer ({reason}); "
            "connect to the network and try again."
        ) from None


if __name__ == "__main__":
    # So that a killed run cleans up behind itself, as one stopped with Ctrl-C does.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        main()
    except FetchError as error:
        sys.exit(f"fetch: {error}")
    except OSError as error:
        sys.exit(f"fetch: {error.filename or 'a file'}: {error.strerror}; check the folder's rights and free space.")
    except KeyboardInterrupt:
        sys.exit(os.EX_TEMPFAIL)
