# Two commands do the set-up: `make demo` and `make test`. The others take longer and say what they need.

CARGO ?= cargo
DATA ?= $(CURDIR)/target/demo

.PHONY: demo test interop crash fuzz

## Builds, writes an incident as native logs, ingests it, asks, alters a byte, proves one event offline.
demo:
	@echo "building; the first time this takes several minutes on two cores (most of it is the query engine)"
	$(CARGO) build --locked -p deedbook -p verify -p scenario
	@scripts/demo.sh "$(DATA)"

## Everything that a change must pass.
test:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	$(CARGO) test --locked --workspace --lib --bins --tests

## Tools that nobody here wrote read a log of a million records. Needs Go.
interop:
	$(CARGO) build --locked --release -p deedbook -p verify -p scenario
	scripts/interop.sh

## Kills the real binary at random, restarts it, and looks for what was lost.
ROUNDS ?= 200
crash:
	$(CARGO) build --locked --release -p deedbook -p scenario
	scripts/crash.sh $(ROUNDS)

## Arbitrary bytes against each reader of foreign bytes, guided by coverage, on the stable toolchain.
## Needs a C++ compiler (`apt-get install g++`) for libFuzzer. TARGETS="split scrub" runs these alone.
SECONDS_EACH ?= 60
TARGETS ?=
fuzz:
	scripts/fuzz.sh $(SECONDS_EACH) $(TARGETS)
