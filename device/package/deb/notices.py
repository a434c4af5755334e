#!/usr/bin/env python3
"""Licences of every Rust library that is linked into the programs, with their texts, to standard output."""

import json
import pathlib
import subprocess
import sys

PROGRAMS = ("rasika-device", "rasika-host")
TEXTS = ("LICENSE*", "LICENCE*", "COPYING*", "COPYRIGHT*", "NOTICE*")


def main():
    command = ["cargo", "metadata", "--format-version", "1", "--locked"]
    command += ["--filter-platform", "aarch64-unknown-linux-gnu"]
    metadata = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    packages = {package["id"]: package for package in metadata["packages"]}
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    linked = closure(nodes, [id for id, package in packages.items() if package["name"] in PROGRAMS])
    print("Rust libraries that are linked into rasikad and rasika, with their licences.")
    texts = {}
    for package in sorted((packages[id] for id in linked), key=lambda p: (p["name"], p["version"])):
        if package["source"] is None:
            continue  # our own
        name = f"{package['name']} {package['version']}"
        print(f"{name}: {package['license'] or 'see its text'}; {package.get('repository') or ''}")
        for path in licence_files(pathlib.Path(package["manifest_path"]).parent):
            texts.setdefault(path.read_text(errors="replace").strip(), []).append(name)
    for text, names in texts.items():
        print(f"\n{'-' * 100}\n{', '.join(dict.fromkeys(names))}\n\n{text}")


def closure(nodes, ids):
    """What is linked: normal dependencies, not those of build scripts and tests."""
    seen = set()
    while ids:
        id = ids.pop()
        if id not in seen:
            seen.add(id)
            ids += [
                dep["pkg"] for dep in nodes[id]["deps"] if any(kind["kind"] is None for kind in dep["dep_kinds"])
            ]
    return seen


def licence_files(folder):
    return sorted({path for pattern in TEXTS for path in folder.glob(pattern) if path.is_file()})


if __name__ == "__main__":
    sys.exit(main())
