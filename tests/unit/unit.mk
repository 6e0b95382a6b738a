# SPDX-License-Identifier: BSD-2-Clause
#
# Unit tests of src/hyp on the build machine, and seeded bugs that they or the proofs must catch.
# Included by the top-level Makefile; GEN_STAMP and BUILD come from tools/build.mk.

UNIT_DIR := $(BUILD)/tests/unit
unit-tests := test_pool test_pgtable test_vectors test_core test_traps test_boot test_vm test_vm_call test_guest test_vcpu test_sysreg test_guest_call test_service test_image test_poison test_block
UNIT_LOG_DIR := $(BUILD)/logs

UNIT_CC ?= gcc
UNIT_CFLAGS := -std=gnu11 -O1 -g -Wall -Wextra -Werror -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer
UNIT_CPPFLAGS := -Itests/unit -Itests/unit/fake -Isrc/hyp -I$(BUILD)/gen/include -I$(BUILD) -I$(BUILD)/gen -MMD -MP

UNIT_CORE := $(patsubst src/hyp/%.c,$(UNIT_DIR)/hyp/%.o,$(sort $(wildcard src/hyp/*.c)))
UNIT_PROGRAMS := $(addprefix $(UNIT_DIR)/,$(unit-tests))
UNIT_HEADERS := $(wildcard src/hyp/*.h annotations/*.h tests/unit/*.h tests/unit/fake/asm/*.h)

$(UNIT_DIR)/hyp/%.o: src/hyp/%.c $(UNIT_HEADERS) | $(GEN_STAMP)
	@mkdir -p $(@D)
	@$(UNIT_CC) $(UNIT_CFLAGS) $(UNIT_CPPFLAGS) -c -o $@ $<

$(UNIT_DIR)/%.o: tests/unit/%.c $(UNIT_HEADERS) | $(GEN_STAMP)
	@mkdir -p $(@D)
	@$(UNIT_CC) $(UNIT_CFLAGS) $(UNIT_CPPFLAGS) -c -o $@ $<

# What is generated is known only when it is there.
-include $(wildcard $(UNIT_DIR)/*.d $(UNIT_DIR)/hyp/*.d)

$(UNIT_PROGRAMS): %: %.o $(UNIT_DIR)/machine.o $(UNIT_CORE)
	@$(UNIT_CC) $(UNIT_CFLAGS) -o $@ $^ -lcmocka

.PHONY: unit-check seeded-check seeded-check-all $(addprefix run-,$(unit-tests))

# Each program ends itself by an alarm; timeout(1) is for one that cannot.
$(addprefix run-,$(unit-tests)): run-%: $(UNIT_DIR)/%
	@mkdir -p $(UNIT_LOG_DIR)
	@timeout 200 $< > $(UNIT_LOG_DIR)/unit-$*.log 2>&1 || \
		{ echo "unit: $* FAILED, see $(UNIT_LOG_DIR)/unit-$*.log"; tail -n 30 $(UNIT_LOG_DIR)/unit-$*.log; exit 1; }
	@echo "unit: $*: $$(grep -o '[0-9]* test(s).*' $(UNIT_LOG_DIR)/unit-$*.log | tail -n 1)"

unit-check: $(addprefix run-,$(unit-tests))

# What tests and the proof from bytes must catch. All of them, with the proofs of functions, takes half an hour.
seeded-check: $(GEN_STAMP) $(BUILD)/hypatia.img $(BUILD)/initrd-fuzz-6.1.cpio.gz | $(BUILD)/stamps/qemu
	@/usr/bin/python3 proofs/seeded.py --unit-tests

seeded-check-all: $(GEN_STAMP) $(BUILD)/hypatia.img $(BUILD)/initrd-fuzz-6.1.cpio.gz | $(BUILD)/stamps/qemu
	@/usr/bin/python3 proofs/seeded.py
