# SPDX-License-Identifier: GPL-2.0-or-later
# The front door: everything a user or CI calls. The build itself is Meson's.
# Recipes stay thin; what needs more than a line or two is a script in tools/.
.DEFAULT_GOAL := help
.PHONY: help setup build ports install demo demo-smm demo-papers qemu-sgx test test-full soak bench bench-papers bench-smm sgx-mutants firmware lint format clean

help:     ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

setup:    ## install what is missing (apt; asks for sudo where needed)
	@tools/setup

build: setup ## everything into build/bin/, programs that run inside into build/ports/
	@tools/build/all

ports: build ## the existing programs that run inside: built, signed; prints what each was made from, and its measurement
	@ports/build --list

install: ## copy what was built to $DESTDIR$PREFIX (/usr/local), pages and systemd units too
	@tools/install

demo: build ## boot a guest and watch it from outside: netstat inside and outside, side by side
	@tools/demo

demo-smm: build ## a machine that watches itself through its firmware, and root in it who would rather it did not
	@tools/demo-smm

demo-papers: build ## both papers whole, on a model of SGX: a VM that watches another one, and a machine that watches itself
	@tools/demo-papers

test: build ## what CI runs: lint, unit tests, sanitizers, short fuzzing, VM tests (pairwise)
	@tools/test/run

test-full: build ## the same with the whole matrices and longer fuzzing (hours); result in docs/results/
	@BARTIZAN_TEST_FULL=1 tools/test/run

soak: build ## a million lies of the host and changed records, 10,000 enclaves' heartbeats; result in docs/results/
	@tools/test/soak

bench: build ## measurements, as ratios within one run
	@tools/test/bench

bench-papers: build ## the papers' figures redone: table, plots and JSON in docs/bench/
	@tools/test/bench-papers

bench-smm: build ## SSdetector's figures redone, under TCG and in instructions: table, plots and JSON in docs/bench/
	@tools/test/bench-smm

firmware: build ## OVMF with our SMM driver, whose grants OWNER=FILE (a public key) signs; docs/firmware.md
	@tools/build/firmware $(OWNER)

qemu-sgx: setup ## a QEMU with a model of SGX, for `bartizan lab up --sgx` (minutes), bookworm's or SUITE=trixie's; docs/qemu-sgx.md
	@tools/build/qemu-sgx $(if $(SUITE),--suite $(SUITE))

sgx-mutants: setup ## single faults in the model of SGX, each built and found (an hour); table in docs/results/
	@tools/test/sgx-mutants

lint: setup ## house rules, clang-format, clang-tidy
	@tools/build/configure && tools/lint

format: setup ## format the sources
	@tools/lint --fix

clean:    ## remove what was built (the cache stays)
	rm -rf build build-sanitize build-fuzz
