# Two commands do the set-up: `make demo` and `make test`. The others take longer and say what they need.

CARGO ?= cargo
DATA ?= $(CURDIR)/target/demo

.PHONY: demo test interop crash soak bench bench-serve truth fuzz

# One selection for every release build, so that they share what they compile.
PROGRAMS = --locked --release -p deedbook -p verify -p scenario -p xtask -p lake --bins --bench truth

## Builds, writes an incident as native logs, ingests it, asks, alters a byte, proves one event offline.
demo:
	@echo "building; the first time this takes about ten minutes on two cores, most of it for the query engine"
	$(CARGO) build --locked -p deedbook -p verify -p scenario
	@scripts/demo.sh "$(DATA)"

## Everything that a change must pass.
test:
	$(CARGO) fmt --all --check
	$(CARGO) fmt --manifest-path fuzz/Cargo.toml --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	$(CARGO) test --locked --workspace --lib --bins --tests

## Tools that nobody here wrote read a log of a million records, and people's own clients send to `deedbook serve`.
## Needs Go, and Python 3 with venv.
interop:
	$(CARGO) build $(PROGRAMS)
	scripts/interop.sh
	scripts/interop-serve.sh

## Kills the real binary at random, restarts it, and looks for what was lost.
ROUNDS ?= 200
crash:
	$(CARGO) build $(PROGRAMS)
	scripts/crash.sh $(ROUNDS)

## All receivers of `serve` at once; it is killed about every 20 s, its disk is full once (as root). Needs python3.
SECONDS_LONG ?= 600
SEED ?=
soak:
	$(CARGO) build $(PROGRAMS)
	scripts/soak.sh $(SECONDS_LONG) $(SEED)

## Ceilings of this machine, the product on the same records, and the ratios; then the speed of each platform's module, of a
## mapping file beside a module, and of scrubbing beside hashing and compressing. With Go it is compared
## with Tessera's fsck, with `python3 -m pip install duckdb` with DuckDB. Disk: about 4 KB for each record.
RECORDS ?= 1000000
bench:
	$(CARGO) build $(PROGRAMS)
	scripts/bench.sh $(RECORDS)
	$(CARGO) bench --locked -p sources

## `deedbook serve` over loopback beside the ceilings: batches, one record a request, HEC and _bulk, start, idle memory.
bench-serve:
	$(CARGO) build $(PROGRAMS)
	"$${CARGO_TARGET_DIR:-target}/release/xtask" bench-serve --records $(RECORDS)

## Answers over a log of RECORDS against all that its scenario says is true. DELIVERY="--shuffle 6h --double 20", or
## "--without vault", for records that arrive late and twice, or not at all.
DELIVERY ?=
truth:
	$(CARGO) build $(PROGRAMS)
	scripts/truth.sh $(RECORDS) $(DELIVERY)

## Arbitrary bytes against each reader of foreign bytes, guided by coverage, on the stable toolchain.
## Needs a C++ compiler (`apt-get install g++`) for libFuzzer. TARGETS="split scrub" runs these alone.
SECONDS_EACH ?= 60
TARGETS ?=
fuzz:
	scripts/fuzz.sh $(SECONDS_EACH) $(TARGETS)
