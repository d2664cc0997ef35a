# Building, testing and showing Pointsman; `make help` lists what there is. Here stands only what is needed for what,
# and which command does it: how the demo runs is in examples/storefront/driver/demo.mjs, what a CI machine lacks in
# .ci/run. Cargo itself knows what of it is up to date; for npm the files below say it.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:

export CARGO_TARGET_DIR := $(abspath $(or $(CARGO_TARGET_DIR),target))

package := packages/nextjs
cli := packages/cli
storefront := examples/storefront
senders := daemon/tests/senders
pages := daemon/tests/pages
agents := daemon/tests/agents/node
package_sources := $(shell find $(package)/src -name '*.ts') $(package)/package.json $(package)/tsconfig.json
storefront_sources := $(shell find $(addprefix $(storefront)/,app actions components data pages) -type f) \
	$(addprefix $(storefront)/,proxy.ts instrumentation.ts next.config.ts tsconfig.json)
# npm writes this file when it has installed all that a lock file names.
package_installed := $(package)/node_modules/.package-lock.json
storefront_installed := $(storefront)/node_modules/.package-lock.json
senders_installed := $(senders)/node/node_modules/.package-lock.json
managers_installed := $(cli)/test/managers/node_modules/.package-lock.json
pages_installed := $(pages)/node_modules/.package-lock.json
agents_installed := $(agents)/node_modules/.package-lock.json
senders_python := $(CARGO_TARGET_DIR)/senders/python/installed
mail_python := $(CARGO_TARGET_DIR)/mail/python/installed
storefront_built := $(storefront)/.next/BUILD_ID
otelcol := $(CARGO_TARGET_DIR)/otelcol/otelcol
peer := $(CARGO_TARGET_DIR)/peer/otelcol

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: tools demo-built ## A real app, two minutes of traffic, the report; DEMO_ONCE=1 ends by itself
	@exec node $(storefront)/driver/demo.mjs

# The compiler and npm work side by side: each waits for something of its own now and then. What npm says appears if it fails.
.PHONY: demo-built
demo-built: tools
	@mkdir -p $(CARGO_TARGET_DIR)
	@log=$(CARGO_TARGET_DIR)/demo-app.log; \
	$(MAKE) --no-print-directory $(storefront_built) > $$log 2>&1 & app=$$!; \
	cargo build --locked --profile demo || { kill $$app 2> /dev/null; exit 1; }; \
	wait $$app || { cat $$log; exit 1; }

.PHONY: test
test: test-rust test-senders test-pages test-agents test-nextjs test-cli test-comment test-storefront test-end-to-end ## All tests but the long ones: under 25 minutes on 2 cores

.PHONY: test-full
test-full: test test-slow test-crash test-cluster test-memory soak test-mail test-senders-full test-versions test-npx test-five-minutes test-collector test-deploy test-container test-init test-release test-capture prove ## All tests, also those that take long

.PHONY: test-rust
test-rust: tools ## Tests of the Rust crates
	cargo test --workspace --all-features --locked

.PHONY: test-crash
test-crash: tools ## kill -9 under load, CRASH_ROUNDS=20 times; 3 are in test-rust
	CRASH_ROUNDS=$(or $(CRASH_ROUNDS),20) cargo test --workspace --all-features --locked --test crash -- --nocapture

.PHONY: test-cluster
test-cluster: tools ## kill -9 of collectors and of PostgreSQL under load, CLUSTER_ROUNDS=20 times; 3 are in test-rust
	CLUSTER_ROUNDS=$(or $(CLUSTER_ROUNDS),20) cargo test --workspace --all-features --locked --test collectors -- --nocapture trouble

.PHONY: test-memory
test-memory: release ## The memory of the release binary under the largest load and after it; some minutes
	POINTSMAN_TEST_BINARY=$(CARGO_TARGET_DIR)/release/pointsman \
	  cargo test --workspace --all-features --locked --test soak -- --ignored --nocapture the_largest_load

.PHONY: soak
soak: release ## All attacks mixed, on the release binary, for SOAK_MINUTES=30
	POINTSMAN_TEST_BINARY=$(CARGO_TARGET_DIR)/release/pointsman SOAK_MINUTES=$(or $(SOAK_MINUTES),30) \
	  cargo test --workspace --all-features --locked --test soak -- --ignored --nocapture all_attacks_mixed

.PHONY: test-mail
test-mail: tools $(mail_python) ## Python's mail server takes a report
	MAIL_SERVER=$(abspath $(dir $(mail_python))) cargo test --workspace --all-features --locked --test reports -- --ignored mail_server

.PHONY: test-senders
test-senders: tools $(senders_installed) ## The SDKs of Node.js deliver to the daemon
	cargo test --workspace --all-features --locked --test senders -- --ignored node::

.PHONY: test-senders-full
test-senders-full: tools $(senders_python) ## The SDKs of Python and Rust deliver to the daemon; long
	cargo build --locked --manifest-path $(senders)/rust/Cargo.toml --target-dir $(CARGO_TARGET_DIR)/senders/rust
	cargo test --workspace --all-features --locked --test senders -- --ignored python:: rust::

.PHONY: test-pages
test-pages: tools debug $(pages_installed) ## The daemon's pages in a real browser
	cd $(pages) && npm test

.PHONY: test-agents
test-agents: tools debug $(agents_installed) ## The official clients of the Model Context Protocol, over HTTP and stdio
	cd $(agents) && npm test

.PHONY: test-collector
test-collector: tools $(otelcol) ## A real OpenTelemetry Collector in front of the daemon, with the configuration of deploy/; wants Go
	OTELCOL=$(otelcol) cargo test --workspace --all-features --locked --test deploy -- --ignored collector

.PHONY: test-deploy
test-deploy: release-archive ## Each command of docs/deployment.md on a fresh Debian under its own systemd; wants root
	deploy/try-on-debian.sh $(CARGO_TARGET_DIR)/dist/pointsman-*.tar.gz

.PHONY: test-init
test-init: tools $(package_installed) ## pointsman init on real apps by create-next-app, with npm and pnpm; wants a registry
	cargo test --workspace --all-features --locked --test init -- --ignored --nocapture --test-threads=1

.PHONY: test-container
test-container: release ## The image of deploy/docker/Dockerfile, built on Debian's packages and run without root; wants root, and Debian
	deploy/try-in-container.sh

.PHONY: test-release
test-release: ## Lints the workflows, renders and validates the Helm chart, tries the installer; wants Go
	deploy/try-release.sh

.PHONY: screenshots
screenshots: tools debug $(pages_installed) ## Pictures of each page into screenshots/; README=1 also those of the README
	cd $(pages) && npm run screenshots $(if $(README),-- --readme)

.PHONY: test-nextjs
test-nextjs: tools $(package_installed) ## Tests of the npm package
	cd $(package) && npm test

.PHONY: test-versions
test-versions: tools $(package_installed) $(managers_installed) ## The npm package in each version of Next.js and each way to serve it; long
	cd $(package) && npm run test:versions

.PHONY: test-cli
test-cli: tools ## The launcher of the npm package `pointsman`, with a program that stands in for the real one
	cd $(cli) && npm test

.PHONY: test-comment
test-comment: tools ## The comment on pull requests, on servers that answer as GitHub and GitLab do
	node --test --test-reporter=spec deploy/ci/comment.test.mjs

.PHONY: test-npx
test-npx: tools release $(managers_installed) ## The npm package `pointsman` installed and run by npm, pnpm, both Yarns and Bun
	cd $(cli) && POINTSMAN_BIN=$(CARGO_TARGET_DIR)/release/pointsman npm run test:npx

.PHONY: test-five-minutes
test-five-minutes: tools release $(package_installed) ## From `npx pointsman init` to a first true sentence, timed, on a fresh Debian with only Node.js and npm; wants root
	node $(cli)/test/five-minutes/machine.mjs

.PHONY: test-storefront
test-storefront: tools $(storefront_built) ## Types of the example app, and its driver's parts
	cd $(storefront) && npm test

.PHONY: test-end-to-end
test-end-to-end: tools debug $(storefront_built) ## The example app's every handler, judged; SEED=2 for other people
	cd $(storefront) && npm run test:end-to-end

.PHONY: test-capture
test-capture: tools debug $(storefront_built) ## capture around the example app's driver, and check when a wrong handler is added; some minutes
	cd $(storefront) && node --test --test-reporter=spec driver/capture.test.mjs

.PHONY: test-slow
test-slow: tools debug $(storefront_built) ## The same with slow devices on a slow network: no verdict turns into another; SEED=2
	cd $(storefront) && npm run test:slow

.PHONY: prove
prove: tools debug $(storefront_built) ## Promises against what people live: the example app before and after three moves
	cd $(storefront) && npm run prove

.PHONY: bench-package
bench-package: tools $(package_installed) ## What the npm package costs an app in CPU a request (docs/benchmarks.md); at most 15 minutes
	cd $(package) && npm run bench

.PHONY: bench-ingest
bench-ingest: tools $(if $(PEERS),$(peer)) ## What the collector takes and what that costs (docs/benchmarks.md); PEERS=1 beside an OpenTelemetry Collector; wants a quiet machine
	OTELCOL=$(peer) cargo bench --locked -p pointsman --bench ingest

.PHONY: bench-cluster
bench-cluster: tools ## SQLite beside one, two and three collectors on PostgreSQL (docs/benchmarks.md); wants a quiet machine
	cargo bench --locked -p pointsman --bench cluster

.PHONY: bench-report
bench-report: tools ## What evidence costs: an hour of a million Calls, a report over ten million (docs/benchmarks.md)
	cargo bench --locked -p pointsman --bench report

.PHONY: bench-pages
bench-pages: tools release $(pages_installed) ## How long the server takes for each page of an app with 400 handlers
	cd $(pages) && POINTSMAN_BIN=$(CARGO_TARGET_DIR)/release/pointsman node bench.mjs

.PHONY: bench-scale
bench-scale: tools ## How the cost grows up to 50 million spans (docs/benchmarks.md); takes about half an hour and 5 GB
	cargo bench --locked -p pointsman --bench scale

.PHONY: bench-source
bench-source: tools ## How long a repository of 3,000 files takes to read, on one core (docs/source.md)
	taskset -c 0 cargo bench --locked -p pointsman-source --bench source

.PHONY: eval
eval: ## Labelled scenarios against the advice, all ways (docs/evals.md); QUICK=1 without robustness; ONLY="cases rules/x"
	cargo run --locked --profile eval -p pointsman-evals -- $(if $(QUICK),--quick) $(ONLY)

.PHONY: fuzz
fuzz: tools ## Fuzz the decoders, FUZZ_SECONDS=60 each (docs/otlp.md says what it needs)
	@cargo fuzz --version > /dev/null 2>&1 || { echo "cargo-fuzz is not installed: cargo install cargo-fuzz"; exit 1; }
	@cargo +nightly --version > /dev/null || { echo "a nightly compiler is needed: rustup toolchain install nightly"; exit 1; }
	cargo run --locked -p pointsman-collector --all-features --example fuzz_seeds
	for target in protobuf json recording; do \
	  (cd collector && cargo +nightly fuzz run --sanitizer none --target-dir $(CARGO_TARGET_DIR)/fuzz $$target -- \
	    -max_total_time=$(or $(FUZZ_SECONDS),60) -timeout=10 -print_final_stats=1); \
	done

.PHONY: fmt
fmt: ## Format the Rust code
	cargo fmt

.PHONY: lint
lint: ## Formatting and clippy, warnings are errors
	cargo fmt --check
	cargo fmt --check --manifest-path $(senders)/rust/Cargo.toml
	cargo fmt --check --manifest-path collector/fuzz/Cargo.toml
	cargo clippy --workspace --all-targets --all-features --locked -- -D warnings

.PHONY: clean
clean: ## Remove what was built and installed
	cargo clean
	rm -rf $(senders)/node/node_modules $(addsuffix /node_modules,$(pages) $(agents)) $(addprefix $(package)/,dist node_modules) $(addprefix $(storefront)/,.next .demo node_modules)

.PHONY: release-archive
release-archive: release ## target/dist/pointsman-VERSION-TARGET.tar.gz: daemon, completions, manual, unit, licences
	deploy/release-archive.sh

# The daemon as users run it.
.PHONY: release
release: tools
	cargo build --release --locked

# The same features as the tests have, so that cargo builds nothing twice.
.PHONY: debug
debug: tools
	cargo build --workspace --all-features --locked --bins --tests

.PHONY: tools
tools:
	@for tool in cargo node npm; do command -v $$tool > /dev/null || { echo "$$tool is not installed; needed are Rust (cargo), Node.js 20 or later, and make"; exit 1; }; done
	@node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20 ? 1 : 0)' || { echo "Node.js 20 or later is needed; this is $$(node --version)"; exit 1; }

# Also builds dist/: that is what the package's `prepare` does.
$(package_installed): $(package)/package-lock.json $(package_sources)
	cd $(package) && npm ci
	@touch $@

# The app takes a copy of the package, so it is installed anew when the package has changed.
$(storefront_installed): $(storefront)/package-lock.json $(storefront)/package.json $(package_installed)
	cd $(storefront) && npm ci
	@touch $@

$(senders_installed): $(senders)/node/package-lock.json $(senders)/node/package.json
	cd $(senders)/node && npm ci
	@touch $@

$(managers_installed): $(cli)/test/managers/package-lock.json
	cd $(cli)/test/managers && npm ci --ignore-scripts
	@touch $@

$(pages_installed): $(pages)/package-lock.json $(pages)/package.json
	cd $(pages) && npm ci
	@touch $@

$(agents_installed): $(agents)/package-lock.json $(agents)/package.json
	cd $(agents) && npm ci
	@touch $@

$(mail_python): daemon/tests/reports/python/requirements.txt
$(senders_python): $(senders)/python/requirements.txt
$(mail_python) $(senders_python):
	@command -v python3 > /dev/null || { echo "python3 is not installed; its packages are among the peers under test"; exit 1; }
	rm -rf $(@D)
	@python3 -m venv $(@D) || { echo "python3 cannot make a virtual environment; on Debian the package python3-venv is missing"; exit 1; }
	$(@D)/bin/pip install --quiet --require-hashes --only-binary :all: --requirement $<
	@touch $@

# The builder is of the version that its file names.
$(otelcol): daemon/tests/deploy/otelcol/builder.yaml
$(peer): daemon/benches/ingest/otelcol/builder.yaml
$(otelcol) $(peer):
	@command -v go > /dev/null || { echo "go is not installed; the Collector is built with it"; exit 1; }
	mkdir -p $(@D)
	GOBIN=$(@D)/bin go install go.opentelemetry.io/collector/cmd/builder@$$(sed -n 's|.*/otlpreceiver ||p' $<)
	cd $(@D) && bin/builder --config $(abspath $<)
	@touch $@

$(storefront_built): $(storefront_installed) $(storefront_sources)
	cd $(storefront) && npm run build
