# SPDX-License-Identifier: BSD-2-Clause
#
# Hypatia: from spec/ to model, proof, image and evidence. `make help` lists what can be asked for.
#
# Every target installs what it needs on a fresh Debian 12 (as root) and leaves all its output in build/.

BUILD := build
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:

include tools/build.mk
-include tests/unit/unit.mk

PYTHON := /usr/bin/python3
SMP ?= 4
MEM ?= 512
CPU ?= max
MODE ?= protected
GIC ?= max
RUN_ARGS := --smp $(SMP) --mem $(MEM) --cpu $(CPU) --mode $(MODE) --gic $(GIC) \
	$(if $(KERNEL),--kernel $(KERNEL)) $(if $(INITRD),--initrd $(INITRD)) $(if $(APPEND),--append "$(APPEND)")

.PHONY: all deps generate image debug-image prove prove-warm prove-changed prove-slurm bytes bytes-same bytes-check arch-check run demo \
	check check-all unit-check spec-check model-check boot-check vmm-check system-check guest-peer coverage coverage-image misra trace reproduce \
	reports-check evidence evidence-check campaign-check slurm-check mutants mutants-check \
	stability nightly bench lint clean help

# The image is built and booted whatever the campaign says; the verdict is the last word, and the exit status.
all: $(GEN_STAMP) $(BUILD)/hypatia.elf
	@status=0; $(PYTHON) proofs/campaign.py || status=$$?; $(MAKE) --no-print-directory image demo && \
		{ $(MAKE) --no-print-directory bytes-same || status=$$?; } && \
		tail -n 1 $(BUILD)/proof-summary.txt && exit $$status

help:
	@echo "make            install what is needed, generate, prove, build the image, boot Debian's Linux under it"
	@echo "make check      every test: specification, assembly, unit tests, device tree, seeded bugs, system tests on QEMU"
	@echo "make check-all  the same with every configuration of the system tests"
	@echo "make guest-peer the system tests of guests without Hypatia, on the KVM of Debian's kernel"
	@echo "make coverage   statements, branches and conditions of src/hyp that the unit tests reach (MC/DC)"
	@echo "make coverage-image  instructions of the image that the system tests run, by source line"
	@echo "make mutants    every seeded bug and every generated mutant, and what notices it: some hours"
	@echo "make misra      MISRA C:2012 findings in src/hyp that no recorded deviation covers"
	@echo "make trace      who rests on whom, from requirement to goal and test; what has changed since its review"
	@echo "make reproduce  the image built twice, elsewhere and at another time: the same bytes"
	@echo "make prove      the proof campaign: model, C code, bit lemmas, smoke tests, assembly"
	@echo "make prove-warm, make prove-changed: only what changed; no evidence. make prove-slurm: on a cluster"
	@echo "make stability  each goal under several seeds and both provers; make nightly: all that takes hours"
	@echo "make bytes      of the campaign only the assembly of the linked image, a line for each goal"
	@echo "make evidence   the package for an assessor, after make prove: docs/evidence.md (KEY=, DRAFT=1)"
	@echo "make run        boot a host under Hypatia: a console on a terminal, else a demonstration that ends"
	@echo "                GUEST=1: a protected guest in it, for a minute or two;"
	@echo "                KERNEL= INITRD= APPEND= SMP=$(SMP) MEM=$(MEM) CPU=$(CPU) MODE=$(MODE) GIC=$(GIC)"
	@echo "make bench      instruction counts beside pKVM and nVHE KVM of the same kernel"
	@echo "make image      build/hypatia.img alone"
	@echo "make debug-image  build/hypatia-debug.img, which checks each call against the executable model"
	@echo "make lint       formatting, licence tags, rules of src/hyp"
	@echo "make clean      remove what was built, keep what was downloaded"

# Native tools, emulator, and the arm64 packages: a stamp each, nothing is fetched twice.
$(BUILD)/stamps/build:
	@tools/deps.sh build
$(BUILD)/stamps/qemu:
	@tools/deps.sh qemu
$(GEN_STAMP): | $(BUILD)/stamps/build
deps: $(BUILD)/stamps/build $(BUILD)/stamps/qemu $(BUILD)/stamps/host

generate: $(GEN_STAMP)

image: $(BUILD)/hypatia.img
	@echo "image: $< $$(stat -c %s $<) bytes"

# The same objects with a checker between them, for tests: each call is compared with what the model says.
debug-image: $(BUILD)/hypatia-debug.img
	@echo "debug image: $< $$(stat -c %s $<) bytes"

prove: $(GEN_STAMP) $(BUILD)/hypatia.elf
	@$(PYTHON) proofs/campaign.py

# What did not change is taken from build/cache/proof: for work in progress, no evidence.
prove-warm: $(GEN_STAMP) $(BUILD)/hypatia.elf
	@$(PYTHON) proofs/campaign.py --warm

prove-changed: $(GEN_STAMP) $(BUILD)/hypatia.elf
	@$(PYTHON) proofs/campaign.py --changed

# A cold campaign as an array of SHARDS jobs on an existing Slurm cluster.
SHARDS ?= 4
prove-slurm: $(GEN_STAMP) $(BUILD)/hypatia.elf
	@tools/prove-slurm $(SHARDS)

# Each goal of a finished campaign under several seeds and both provers: some hours the first time.
stability: $(GEN_STAMP) $(BUILD)/hypatia.elf
	@$(PYTHON) proofs/stability.py

# What takes hours: every configuration, every mutant, every seed.
nightly:
	@$(MAKE) --no-print-directory prove check-all mutants stability

bytes: $(GEN_STAMP) $(BUILD)/hypatia.elf
	@$(PYTHON) proofs/bytes/prove.py

# The campaign is about the image that it found; its result is compiled into the next one. The assembly is the same.
bytes-same: $(BUILD)/hypatia.elf
	@$(PYTHON) proofs/bytes/prove.py --same $(BUILD)/proof-bytes.json

# On a terminal the user has the host's console; without one the host shows itself and powers off. GUEST=1: the host starts
# a protected guest, and tries to read its memory; that ends by itself, with an error if anything is not as it should be.
ifdef GUEST
run: $(BUILD)/hypatia.img $(BUILD)/initrd-kvm-6.1.cpio.gz $(BUILD)/guest-6.1.cpio | $(BUILD)/stamps/qemu
	@tools/systest --show guest-demo
else
run: $(BUILD)/hypatia.img $(BUILD)/initrd.cpio.gz | $(BUILD)/stamps/qemu
	@if [ -t 0 ] && [ -t 1 ]; then tools/run --interactive $(RUN_ARGS); else tools/run $(RUN_ARGS); fi
endif

demo: $(BUILD)/hypatia.img $(BUILD)/initrd.cpio.gz | $(BUILD)/stamps/qemu
	@tools/run $(RUN_ARGS) --log $(BUILD)/logs/demo.log

spec-check: $(GEN_STAMP)
	@$(PYTHON) tests/spec/run.py

# The trusted C of src/arch/arm64, as compiled, in an emulator.
arch-check: $(GEN_STAMP) $(BUILD)/hypatia.elf
	@$(PYTHON) tests/arch/run.py

bytes-check: $(GEN_STAMP) $(BUILD)/hypatia.elf
	@$(PYTHON) tests/bytes/run.py

boot-check: $(BUILD)/tests/test_dt
	@mkdir -p $(BUILD)/logs
	@timeout 120 $< > $(BUILD)/logs/test_dt.log 2>&1 || { cat $(BUILD)/logs/test_dt.log; exit 1; }
	@tail -n 2 $(BUILD)/logs/test_dt.log

# The monitor for protected guests: its devices and its interrupt controller, with drivers that do anything.
vmm-check: $(BUILD)/tests/test_vmm
	@mkdir -p $(BUILD)/logs
	@timeout 120 $< > $(BUILD)/logs/test_vmm.log 2>&1 || { cat $(BUILD)/logs/test_vmm.log; exit 1; }
	@tail -n 2 $(BUILD)/logs/test_vmm.log

# Wrong versions, generated: a sample in make check, without the proof of functions; all of them, with it, at night.
mutants-check: $(GEN_STAMP) $(SYSTEST_FILES) | $(BUILD)/stamps/qemu
	@$(PYTHON) proofs/mutants.py --sample 40 --tests-only

mutants: $(GEN_STAMP) $(SYSTEST_FILES) | $(BUILD)/stamps/qemu
	@$(PYTHON) proofs/seeded.py
	@$(PYTHON) proofs/mutants.py --resume

system-check: $(SYSTEST_FILES) | $(BUILD)/stamps/qemu
	@tools/systest

# The tests of guests without Hypatia, on the KVM of the host's kernel: what they are worth.
guest-peer: $(BUILD)/initrd.cpio.gz $(BUILD)/guest-6.1.cpio | $(BUILD)/stamps/qemu
	@tools/systest --peer

# Statements, branches and conditions of src/hyp that the unit tests reach.
coverage: $(GEN_STAMP)
	@tools/deps.sh reports
	@$(PYTHON) reports/coverage.py --build $(BUILD)

# Instructions of the image that the system tests run: each of them leaves a list.
coverage-image: $(BUILD)/systest.json
	@$(PYTHON) reports/coverage_image.py --build $(BUILD)

$(BUILD)/systest.json: $(SYSTEST_FILES) tests/system/tests.toml tools/systest tools/run | $(BUILD)/stamps/qemu
	@tools/systest

# MISRA C:2012 findings in src/hyp against the recorded deviations.
misra: $(GEN_STAMP)
	@tools/deps.sh reports
	@$(PYTHON) reports/misra.py

# The image built twice, elsewhere and at another time: the same bytes.
reproduce: $(BUILD)/hypatia.img
	@tools/deps.sh reports
	@$(PYTHON) reports/reproduce.py

# Requirement, theorem, clause, function, goal, test and coverage, both ways; what changed is suspect until reviewed.
trace: $(GEN_STAMP)
	@$(PYTHON) reports/trace.py --build $(BUILD)

reports-check: $(GEN_STAMP) | $(BUILD)/stamps/host
	@tools/deps.sh reports
	@$(PYTHON) tests/reports/run.py

campaign-check: $(GEN_STAMP)
	@tools/deps.sh browser
	@$(PYTHON) tests/campaign/run.py

# A real Slurm of one machine, of which a node dies; as root.
slurm-check: $(GEN_STAMP)
	@tools/deps.sh slurm
	@$(PYTHON) tests/campaign/slurm.py

# The package for an assessor, from a finished campaign; KEY= names the user's own key. The quick reports are made anew,
# so that they are of this tree and this image; with DRAFT=1 their findings are only marked.
evidence: $(BUILD)/hypatia.img
	@tools/deps.sh build reports qemu evidence
	@for report in coverage misra reproduce trace; do \
		$(MAKE) --no-print-directory $$report || [ -n "$(DRAFT)" ] || exit 1; done
	@$(PYTHON) reports/evidence.py $(if $(KEY),--key "$(KEY)") $(if $(DRAFT),--draft)

evidence-check: | $(BUILD)/stamps/build $(BUILD)/stamps/qemu
	@tools/deps.sh reports evidence
	@$(PYTHON) tests/evidence/run.py

# In this order: what ends soon comes first.
CHECKS := lint boot-check vmm-check unit-check arch-check coverage misra trace reproduce bytes-check reports-check seeded-check spec-check \
	campaign-check evidence-check mutants-check

# The coverage of the image is of the system tests that were just run.
check: $(CHECKS) system-check
	@$(MAKE) --no-print-directory coverage-image
	@echo "check: every test passed"

check-all: $(CHECKS) slurm-check $(SYSTEST_ALL_FILES) | $(BUILD)/stamps/qemu
	@tools/systest --all
	@$(MAKE) --no-print-directory coverage-image
	@echo "check-all: every test passed"

bench: $(BENCH_FILES) | $(BUILD)/stamps/qemu
	@tools/bench

lint:
	@$(PYTHON) tools/lint.py

clean:
	rm -rf $(BUILD)/image $(BUILD)/gen $(BUILD)/tests $(BUILD)/payloads $(BUILD)/logs $(BUILD)/hypatia.* \
		$(BUILD)/proof* $(BUILD)/report $(BUILD)/cache/proof $(BUILD)/stamps/gen $(BUILD)/*.cpio.gz $(BUILD)/*.cpio $(BUILD)/bench.json $(BUILD)/systest.json \
		$(BUILD)/coverage $(BUILD)/coverage-image.* $(BUILD)/misra $(BUILD)/reproduce $(BUILD)/trace $(BUILD)/evidence
