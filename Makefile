# The commands of this repository; the rest is cargo and npm. On a fresh Debian they need Rust, a
# C compiler, Node 20 and make.
DATA ?= ./data
HTTPS ?= [::]:8443
# How many times `make torture` kills the box and cuts its power.
N ?= 1000

.PHONY: run build web test check bench torture generate deb

## Builds the web UI and the program and starts a box on https://localhost:8443.
run: web
	cargo run -- serve --data $(DATA) --https '$(HTTPS)'

## Builds target/release/holdfast.
build: web
	cargo build --release --locked

## Builds target/debian/holdfast_*.deb for this machine's architecture. It needs dpkg-dev, binutils
## and zstd.
deb: build
	packaging/deb/build target/release/holdfast

## Installs what only tests need, then runs every test.
test: web
	.ci/test

## Format, lints, types, size of the web UI; licences, bans, known vulnerabilities, signatures,
## secrets, unused dependencies. What needs a network says so when there is none.
check: web
	cargo fmt --check
	cargo clippy --quiet --locked --all-targets -- -D warnings
	cd web && npm run --silent check && npm run --silent budget
	.ci/tool cargo-deny 0.20.2 --log-level error --all-features check bans licenses sources
	.ci/advisories
	.ci/npm
	.ci/secrets
	.ci/tool cargo-machete 0.9.2 --skip-target-dir

## Measures the release binary over a real socket and prints a table.
bench: web
	cargo bench --locked

## Kills the box and cuts its power N times and looks for what was lost; kills an update at every
## place that has a name.
torture:
	HOLDFAST_TORTURE=$(N) cargo test --locked --test durability -- --nocapture
	HOLDFAST_TORTURE=$(N) cargo test --locked --test supervise kill -- --nocapture
	HOLDFAST_TORTURE=$(N) cargo test --locked --test endtoend_updates kill -- --nocapture

## Rewrites every generated file.
generate: web/node_modules/.installed
	.ci/generate docs/reference/configuration.md config reference
	.ci/generate tests/snapshots/openapi.json openapi
	cd web && npm run --silent generate
	HOLDFAST_LICENCES=write cargo test --quiet --test licences committed

web: web/dist/index.html

WEB_SOURCES := $(shell find web -path web/node_modules -prune -o -path web/dist -prune -o -type f -print)

web/dist/index.html: web/node_modules/.installed $(WEB_SOURCES)
	cd web && npm run --silent build
	@touch $@

web/node_modules/.installed: web/package.json web/package-lock.json
	@command -v npm >/dev/null || { echo "Node 20 with npm is needed: apt install nodejs npm"; exit 1; }
	cd web && npm ci --no-audit --no-fund --loglevel=error
	@touch $@
