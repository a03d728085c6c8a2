# The only interface: people, CI and the documentation call these targets and nothing else.
#
#   make demo       a fresh machine to a running product with sample data
#   make test       everything CI checks, with the real servers and a real browser
#   make test-long  more seeds, more crashes, fuzzing
#   make bench      the comparisons, side by side; writes bench/results.json
#   make build      release binaries in the target directory's release/
#   make lint       formatting, lints, licences, advisories
#   make image      a container image of the release build, with nothing else in it
#   make sbom       bills of materials beside the build
#   make ui         dashboard and tracker alone
#   make bless      accept changed snapshots, renew the README's screenshot

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:

# One target directory for everything, outside the tree, that survives between runs.
export CARGO_TARGET_DIR ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/shelduck/target
export CARGO_TERM_COLOR ?= auto

CARGO := cargo
# What a server is built with only for who asks for it.
FEATURES := acme,sentry
TOOLS := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/shelduck/tools/bin
BIN := $(CARGO_TARGET_DIR)/debug/shelduck
RELEASE := $(CARGO_TARGET_DIR)/release

.PHONY: demo build test test-rust test-ui test-browser test-observatory test-contract test-long bench lint supply-chain sbom image ui deps tools bless clean

demo: build
	$(RELEASE)/shelduck demo

build: deps ui
	$(CARGO) build --locked --release -p shelduck
	node deploy/auditable.mjs $(RELEASE)/shelduck

test: lint test-ui test-rust test-browser test-observatory test-contract

test-rust: deps ui tools valgrind redis rsyslog pebble python
	$(CARGO) nextest run --locked --workspace
	$(CARGO) test --locked --workspace --doc

test-ui: ui/node_modules/.installed tracker/node_modules/.installed ui chromium
	cd ui && npm run --silent check && npm test --silent
	cd tracker && npm test --silent

test-browser: deps ui chromium e2e/node_modules/.installed
	$(CARGO) build --locked --workspace --bins --tests
	cd e2e && SHELDUCK_BIN=$(BIN) npm test --silent

# Schemathesis tries out what the OpenAPI document says.
test-contract: deps ui python
	$(CARGO) build --locked -p shelduck
	SHELDUCK_BIN=$(BIN) e2e/contract/run.sh

# The names stay in these binaries, because some tests count what functions do.
# Mozilla's HTTP Observatory, offline; it needs ports 80 and 443 of 127.0.0.1 and says so when it cannot have them.
test-observatory: deps ui e2e/observatory/node_modules/.installed
	$(CARGO) build --locked -p shelduck
	cd e2e/observatory && SHELDUCK_BIN=$(BIN) npm test --silent

test-long: export CARGO_PROFILE_RELEASE_STRIP := none
test-long: deps ui tools valgrind redis rsyslog pebble python
	$(CARGO) build --locked --release -p shelduck
	SHELDUCK_LONG=1 $(CARGO) nextest run --locked --release --workspace
	$(CARGO) clippy --locked -p shelduck --features $(FEATURES) --all-targets -- -D warnings
	$(CARGO) nextest run --locked -p shelduck --features $(FEATURES) acme sentry reports
	$(CARGO) nextest run --locked -p gate --lib --features model model::
	./deploy/fuzz.sh
	./deploy/check.sh
	SHELDUCK_BIN=$(RELEASE)/shelduck python3 e2e/proxies/run.py
	SHELDUCK_BIN=$(RELEASE)/shelduck ./deploy/slow.sh
	SHELDUCK_BIN=$(RELEASE)/shelduck ./deploy/scan.sh
	SHELDUCK_BIN=$(RELEASE)/shelduck ./deploy/tls.sh
	SHELDUCK_BIN=$(RELEASE)/shelduck ./deploy/image.sh check
	./deploy/secrets.sh
	./deploy/sbom.sh
	./deploy/reproducible.sh

bench: build
	$(CARGO) run --locked --release -p bench

lint: deps ui supply-chain
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --workspace --no-deps --document-private-items --quiet

# What is linked, under which licence, from where, and whether anything is known against it. The copy of the advisories beside the
# tree is used where there is one.
ADVISORIES := $(or $(SHELDUCK_ADVISORY_DB),$(wildcard ../shared/advisory-db))

supply-chain: tools
	$(TOOLS)/cargo-deny --locked --log-level error check bans licenses sources
	$(TOOLS)/cargo-audit audit --quiet --deny unsound --deny yanked $(if $(ADVISORIES),--db $(ADVISORIES) --no-fetch --stale)

sbom: tools
	./deploy/sbom.sh

image: build
	SHELDUCK_BIN=$(RELEASE)/shelduck ./deploy/image.sh

ui: ui/dist/index.html tracker/dist/script.js

bless: test-rust
	INSTA_UPDATE=always $(CARGO) nextest run --locked -p api
	cd e2e && SHELDUCK_BIN=$(BIN) SHELDUCK_SCREENSHOTS=1 npm test --silent

clean:
	rm -rf deps/node_modules ui/node_modules ui/dist tracker/node_modules tracker/dist e2e/node_modules e2e/observatory/node_modules e2e/output

# --- what the rest needs -------------------------------------------------------------------------------------------------

deps: deps/node_modules/.installed

%/node_modules/.installed: %/package-lock.json
	cd $* && npm ci --no-progress
	touch $@

ui/dist/index.html: ui/node_modules/.installed $(shell find ui/src ui/public ui/*.ts ui/*.js ui/index.html -type f 2>/dev/null)
	cd ui && npm run --silent build
	touch $@

tracker/dist/script.js: tracker/node_modules/.installed $(shell find tracker/src tracker/*.mjs -type f 2>/dev/null)
	cd tracker && npm run --silent build
	touch $@

tools:
	@command -v cargo-nextest >/dev/null || $(CARGO) install --locked cargo-nextest
	@./deploy/tools.sh

# Counts instructions for the tests about time: the machine's, else Debian's package when that is allowed.
.PHONY: valgrind
valgrind:
	@command -v valgrind >/dev/null || ./deploy/debian.sh "The tests about time" valgrind

# Counts limits for several servers: the machine's, else Debian's package when that is allowed. Only its program is used.
.PHONY: redis
redis:
	@command -v redis-server >/dev/null || ./deploy/debian.sh "The tests of shared limits" redis-server

# Receives the audit log: the machine's, else Debian's package when that is allowed. Only its program is used.
.PHONY: rsyslog
rsyslog:
	@{ [ -x /usr/sbin/rsyslogd ] && [ -e /usr/lib/$$(uname -m)-linux-gnu/rsyslog/lmnsd_ossl.so ]; } || ./deploy/debian.sh "The tests of syslog" rsyslog rsyslog-openssl

# Makes certificates by ACME: the machine's, else Debian's package when that is allowed.
.PHONY: pebble
pebble:
	@{ command -v pebble && command -v pebble-challtestsrv; } >/dev/null || ./deploy/debian.sh "The tests of ACME" pebble

# A real browser for the end-to-end tests: the machine's, else Debian's package when that is allowed.
.PHONY: chromium
chromium:
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null || ./deploy/debian.sh "The browser tests" chromium
	@command -v certutil >/dev/null || ./deploy/debian.sh "The browser tests" libnss3-tools

# Python, for the tools that test the API; they go into a folder of their own.
.PHONY: python
python:
	@python3 -c 'import venv, ensurepip' 2>/dev/null || ./deploy/debian.sh "The contract tests" python3-venv
