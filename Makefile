# Rasika. Every target does its own set-up, so each works on a fresh clone.

SOURCE ?= models/files/media/WolfgangLanger_Pexels.mp4
OUT ?= out
RELEASE ?= trixie
export SOURCE OUT RELEASE
PYTHON := $(if $(wildcard /usr/bin/python3),/usr/bin/python3,python3)
REFERENCE := .venv/bin/python
RASIKAD := $(or $(CARGO_TARGET_DIR),target)/release/rasikad
# The first build takes minutes and shows what it does; later ones speak only when something is wrong.
BUILD = cargo build --release $(if $(wildcard $(RASIKAD)),--quiet)
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

.PHONY: help
help: ## This list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup: ## Debian packages, models and test media (quiet when all is there)
	@models/setup/packages.sh demo
	@$(PYTHON) models/setup/fetch.py

.PHONY: build
build: packages ## The programs, in target/release
	@$(PYTHON) models/setup/fetch.py models lib
	cargo build --release

.PHONY: demo
demo: setup ## A face becomes music: look into out/ (SOURCE=… for a video of your own)
	@$(BUILD)
	@$(RASIKAD) demo "$$SOURCE" --out "$$OUT"

.PHONY: test
test: packages ## All tests
	@$(PYTHON) models/setup/fetch.py
	@$(PYTHON) -m unittest -q models/setup/test_fetch.py
	@models/setup/tables.sh
	cargo test --workspace

.PHONY: school
school: setup ## The whole story of box and laptop on the demo film: pair, record, pull, learn, score, push
	@$(BUILD)
	@$(dir $(RASIKAD))rasika school "$$SOURCE" --out "$$OUT/school"

.PHONY: soak
soak: packages ## An hour of playing beside perception: memory, timing, no note left (SOAK_SECONDS=…)
	@$(PYTHON) models/setup/fetch.py
	SOAK_SECONDS=$(or $(SOAK_SECONDS),3600) cargo test --release --package rasika-device --test soak -- --nocapture

.PHONY: rig
rig: packages ## The box's programs on virtual hardware: pins, DIN, USB, camera, power cut (RIG=name: only that)
	@$(PYTHON) models/setup/fetch.py
	@models/setup/packages.sh rig || true
	@hardware/rig/run $(RIG)

.PHONY: listen
listen: setup ## Listens to the music and prints figures (LISTEN="alap gat rasa balance", SEEDS=8)
	@$(BUILD)
	@models/setup/packages.sh reference
	@models/setup/listen.sh
	@rm -rf '$(OUT)/listen'
	@.venv-listen/bin/python device/listen $(or $(LISTEN),alap gat rasa balance) --rasikad '$(RASIKAD)' --out '$(OUT)/listen' --seeds $(or $(SEEDS),8)

.PHONY: bench
bench: reference ## Our perception against MediaPipe's, on the demo video
	@$(BUILD)
	@$(REFERENCE) models/bench/compare.py "$$SOURCE" --rasikad '$(RASIKAD)'

.PHONY: endure
endure: packages ## Kills recording and pushing boxes 500 times, kills laptops too, cuts pulls and pushes 300 times, and looks for what was lost
	@$(PYTHON) models/setup/fetch.py
	RASIKA_ENDURE=500 cargo test --package rasika-device --no-default-features --test endurance --test shelf_killed
	RASIKA_LINK_CUTS=300 cargo test --package rasika-device --no-default-features --test link
	RASIKA_ENDURE=100 cargo test --package rasika-device --test rasikad_killed -- --nocapture
	cargo build --workspace
	RASIKA_ENDURE=100 cargo test --package rasika-host --test real_box killed -- --nocapture

.PHONY: fuzz
fuzz: rust ## Random bytes for everything that reads what others wrote (FUZZ_SECONDS=…, FUZZ=target)
	@device/fuzz/run $(FUZZ)

.PHONY: goldens
goldens: reference ## Records anew what MediaPipe sees in the test media
	@$(REFERENCE) models/goldens/record.py

.PHONY: model
model: packages ## The default model as a package, made from its declared knowledge: out/default.rasika
	@$(PYTHON) models/setup/fetch.py models lib
	@mkdir -p '$(OUT)'
	@cargo run --quiet --release --package rasika-host -- package default --out '$(OUT)/default.rasika'

.PHONY: check-package
check-package: packages ## Packages give the same numbers in Python's ai_edge_litert
	@$(PYTHON) models/setup/fetch.py models lib
	@models/setup/litert.sh
	cargo test --package rasika-host packages_give_the_same_numbers_in_python -- --nocapture

.PHONY: arm64
arm64: rust ## rasikad and rasika for a Raspberry Pi, built on this PC (RELEASE=trixie or bookworm)
	@device/package/arm64.sh build

.PHONY: deb
deb: rust ## The Debian package for a Raspberry Pi, in target/debian (RELEASE=…)
	@device/package/deb.sh

.PHONY: deb-test
deb-test: rust ## Installs that package into an emulated Debian, tries it, removes it (root or sudo)
	@device/package/deb-test.sh

.PHONY: lint
lint: packages ## Formatting and clippy, warnings are errors
	@$(PYTHON) models/setup/fetch.py models lib
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings

.PHONY: fmt
fmt: ## Formats the code
	cargo fmt --all

.PHONY: clean
clean: ## Removes what was built and rendered; fetched files and .venv stay
	cargo clean --quiet
	rm -rf '$(OUT)'

.PHONY: packages
packages: rust
	@models/setup/packages.sh build

.PHONY: reference
reference: packages
	@models/setup/packages.sh reference
	@$(PYTHON) models/setup/fetch.py
	@models/setup/reference.sh

.PHONY: rust
rust:
	@command -v cargo >/dev/null || { echo "Rust is missing: install it with rustup, see rust-lang.org/tools/install." >&2; exit 1; }

setup: rust
