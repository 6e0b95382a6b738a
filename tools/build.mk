# SPDX-License-Identifier: BSD-2-Clause
#
# build/hypatia.img and build/hypatia.elf. Included by the top-level Makefile.
#
# HYP_OBJECTS names the verified core's objects; by default src/hyp/*.c.

CROSS_COMPILE ?= aarch64-linux-gnu-
AARCH64_CC := $(CROSS_COMPILE)gcc
BUILD ?= build
QUIET ?= @
IMAGE_DIR := $(BUILD)/image
LIBFDT := $(BUILD)/arm64/usr/lib/aarch64-linux-gnu/libfdt.a
IMAGE_BYTES_MAX := $(shell sed -n 's/^image_bytes_max = //p' spec/pool.toml)

include src/arch/arm64/objects.mk
include src/boot/objects.mk
include src/debug/objects.mk
hyp-objects ?= $(patsubst src/hyp/%.c,%.o,$(sort $(wildcard src/hyp/*.c)))

# What spec/ generates. A Makefile that has its own rule for it sets GEN_STAMP.
ifndef GEN_STAMP
GEN_STAMP := $(BUILD)/stamps/gen
$(GEN_STAMP): $(wildcard spec/*.toml spec/schema/* spec/gen/*.py spec/gen/templates/* proofs/lemmas.py annotations/*.lemmas)
	@mkdir -p $(@D)
	$(QUIET)/usr/bin/python3 spec/gen/generate.py --out $(BUILD)/gen
	$(QUIET)/usr/bin/python3 proofs/lemmas.py --out $(BUILD)/gen/lemmas
	@touch $@
endif

IMAGE_OBJECTS := $(addprefix $(IMAGE_DIR)/gen/,mmu_on.o switch_pgd.o el1_switch.o) $(addprefix $(IMAGE_DIR)/src/arch/arm64/,$(arm64-objects)) \
	$(addprefix $(IMAGE_DIR)/src/boot/,$(boot-objects)) \
	$(addprefix $(IMAGE_DIR)/src/hyp/,$(hyp-objects)) $(HYP_EXTRA_OBJECTS)

# Accesses before the MMU is on must be aligned; FP and SIMD registers and x18 belong to the host.
IMAGE_CFLAGS := -std=c11 -ffreestanding -march=armv8-a -mgeneral-regs-only -mstrict-align -ffixed-x18 \
	-fpie -fvisibility=hidden -mno-outline-atomics -fno-stack-protector -fno-common -fno-omit-frame-pointer \
	-fno-asynchronous-unwind-tables -fno-strict-aliasing -fno-tree-loop-distribute-patterns \
	-mfix-cortex-a53-835769 -O2 -g -Wall -Wextra -Werror -Wstrict-prototypes -Wmissing-prototypes \
	-Wno-unknown-pragmas -ffile-prefix-map=$(CURDIR)=. -include src/arch/arm64/include/asm/hidden.h
# The compiler's own freestanding headers, and the few of a C library that libfdt.h asks for.
# Not ":=": on a fresh machine the compiler is installed after this file is read.
IMAGE_CPPFLAGS = -nostdinc -isystem src/arch/arm64/include/libc \
	-isystem $(shell $(AARCH64_CC) -print-file-name=include) -Isrc/arch/arm64/include -Isrc/hyp -I$(BUILD)/gen/include -I$(BUILD)/gen -MMD -MP
IMAGE_LDFLAGS := -static -no-pie -nostdlib --build-id=sha1 --fix-cortex-a53-843419 -z noexecstack \
	--no-warn-rwx-segments --fatal-warnings --no-undefined --defsym=image_bytes_max=$(IMAGE_BYTES_MAX)

# Every trap runs this: measured, -O3 takes an eighth off a share and a fifth off an unshare.
$(IMAGE_DIR)/src/hyp/%.o: IMAGE_CFLAGS += -O3
$(IMAGE_DIR)/src/boot/%.o: IMAGE_CPPFLAGS += -isystem $(BUILD)/arm64/usr/include
$(addprefix $(IMAGE_DIR)/src/boot/,$(boot-objects)): | $(LIBFDT)

$(IMAGE_OBJECTS): | $(GEN_STAMP)
$(BUILD)/gen/asm/mmu_on.S $(BUILD)/gen/asm/switch_pgd.S $(BUILD)/gen/asm/el1_switch.S: $(GEN_STAMP)

# The banner names the last proof result: compiled in anew when that has changed.
PROOF_SUMMARY := $(BUILD)/gen/include/gen/proof_summary.h
$(IMAGE_DIR)/proof.state: FORCE
	@mkdir -p $(@D)
	@{ cat $(PROOF_SUMMARY) 2> /dev/null || echo none; } > $@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi
$(IMAGE_DIR)/src/boot/main.o: $(IMAGE_DIR)/proof.state
.PHONY: FORCE

$(IMAGE_DIR)/%.o: %.c tools/build.mk
	@mkdir -p $(@D)
	$(QUIET)$(AARCH64_CC) $(IMAGE_CPPFLAGS) $(IMAGE_CFLAGS) -c -o $@ $<

IMAGE_ASFLAGS := -Isrc/arch/arm64/include -I$(BUILD)/gen/include -MMD -MP -march=armv8-a -Wa,-gdwarf-5 \
	-ffile-prefix-map=$(CURDIR)=.

$(IMAGE_DIR)/%.o: %.S tools/build.mk
	@mkdir -p $(@D)
	$(QUIET)$(AARCH64_CC) $(IMAGE_ASFLAGS) -c -o $@ $<

$(IMAGE_DIR)/gen/%.o: $(BUILD)/gen/asm/%.S
	@mkdir -p $(@D)
	$(QUIET)$(AARCH64_CC) $(IMAGE_ASFLAGS) -c -o $@ $<

# The names of functions stay in the ELF, for the panic's stack trace.
$(BUILD)/hypatia.elf: $(IMAGE_OBJECTS) $(LIBFDT) src/arch/arm64/image.lds spec/pool.toml
	$(QUIET)$(CROSS_COMPILE)ld $(IMAGE_LDFLAGS) -T src/arch/arm64/image.lds -Map $(IMAGE_DIR)/hypatia.map \
		-o $@ $(IMAGE_OBJECTS) $(LIBFDT)

$(BUILD)/hypatia.img: $(BUILD)/hypatia.elf
	$(QUIET)$(CROSS_COMPILE)objcopy -O binary $< $@

$(LIBFDT):
	$(QUIET)tools/deps.sh libfdt

-include $(IMAGE_OBJECTS:.o=.d)

# The debug image: the image's own objects, and a checker between them (src/debug). Its images with a wrong version of
# one function of the core, hypatia-wrong-NAME.img, are for the test of the checker.
DEBUG_DIR := $(IMAGE_DIR)/src/debug
DEBUG_OBJECTS := $(addprefix $(DEBUG_DIR)/,$(debug-objects))
WRONG_OBJECTS := $(debug-wrongs:%=$(DEBUG_DIR)/wrong-%.o)
DEBUG_BYTES_MAX := 0x40000
DEBUG_LDFLAGS = $(filter-out --defsym=%,$(IMAGE_LDFLAGS)) --defsym=image_bytes_max=$(DEBUG_BYTES_MAX)
DEBUG_IMAGES := $(BUILD)/hypatia-debug.img $(debug-wrongs:%=$(BUILD)/hypatia-wrong-%.img)
# A table of pointers would need relocations.
$(DEBUG_DIR)/%.o: IMAGE_CFLAGS += -fno-tree-switch-conversion

$(BUILD)/hypatia-debug.elf: $(IMAGE_OBJECTS) $(DEBUG_OBJECTS) $(LIBFDT) src/arch/arm64/image.lds
	$(QUIET)$(CROSS_COMPILE)ld $(DEBUG_LDFLAGS) $(debug-wraps:%=--wrap=%) -T src/arch/arm64/image.lds \
		-o $@ $(IMAGE_OBJECTS) $(DEBUG_OBJECTS) $(LIBFDT)

$(WRONG_OBJECTS): $(DEBUG_DIR)/wrong-%.o: src/debug/wrong.c tools/build.mk | $(GEN_STAMP)
	@mkdir -p $(@D)
	$(QUIET)$(AARCH64_CC) $(IMAGE_CPPFLAGS) $(IMAGE_CFLAGS) -DDEBUG_WRONG=WRONG_$(shell echo $* | tr a-z A-Z) -c -o $@ $<

$(BUILD)/hypatia-wrong-%.elf: $(DEBUG_DIR)/wrong-%.o $(BUILD)/hypatia-debug.elf
	$(QUIET)$(CROSS_COMPILE)ld $(DEBUG_LDFLAGS) $(debug-wraps:%=--wrap=%) $(wrong-wraps-$*:%=--wrap=%) \
		-T src/arch/arm64/image.lds -o $@ $(IMAGE_OBJECTS) $(DEBUG_OBJECTS) $< $(LIBFDT)

$(DEBUG_IMAGES): $(BUILD)/%.img: $(BUILD)/%.elf
	$(QUIET)$(CROSS_COMPILE)objcopy -O binary $< $@

.PRECIOUS: $(BUILD)/hypatia-wrong-%.elf
$(DEBUG_OBJECTS): | $(GEN_STAMP)
-include $(DEBUG_OBJECTS:.o=.d) $(WRONG_OBJECTS:.o=.d)

# The test host's initramfs.
INITRD_FILES := init=tests/system/initramfs/init bin/busybox=$(BUILD)/arm64/bin/busybox $(INITRD_EXTRA)

$(BUILD)/initrd.cpio.gz: tests/system/initramfs/init tools/mkinitrd.py $(BUILD)/stamps/host
	$(QUIET)/usr/bin/python3 tools/mkinitrd.py $@ $(INITRD_FILES)

$(BUILD)/stamps/host:
	$(QUIET)tools/deps.sh host

# The disk from which the host starts guests: QEMU for arm64, and the same Debian kernel as a guest.
GUEST_FILES := tests/system/guest/init tests/system/guest/host
$(BUILD)/stamps/guest:
	$(QUIET)tools/deps.sh guest

# The small machine monitor of host/vmm: a static program.
VMM := $(BUILD)/host/vmm
$(VMM): $(wildcard host/vmm/*.[chS] host/include/*.h) tools/build.mk | $(LIBFDT)
	$(QUIET)tools/deps.sh libc
	@mkdir -p $(@D)
	$(QUIET)$(AARCH64_CC) --sysroot=$(CURDIR)/$(BUILD)/libc-arm64 -isystem $(BUILD)/arm64/usr/include -Ihost/include -static -std=gnu11 \
		-O2 -g -Wall -Wextra -Werror -Wstrict-prototypes -Wmissing-prototypes -ffile-prefix-map=$(CURDIR)=. -o $@ \
		$(filter %.c %.S,$^) $(LIBFDT)

# What a guest runs: with a debugger of itself, and with SVE. Static programs.
TRACED := $(BUILD)/host/traced
GUEST_VECTORS := $(BUILD)/host/vectors
$(TRACED) $(GUEST_VECTORS): $(BUILD)/host/%: tests/system/guest/%.c tools/build.mk
	$(QUIET)tools/deps.sh libc
	@mkdir -p $(@D)
	$(QUIET)$(AARCH64_CC) --sysroot=$(CURDIR)/$(BUILD)/libc-arm64 -static -std=gnu11 -O2 -g -Wall -Wextra -Werror \
		-ffile-prefix-map=$(CURDIR)=. -s -o $@ $<

$(BUILD)/guest-%.cpio: $(GUEST_FILES) $(VMM) $(TRACED) $(GUEST_VECTORS) tools/mkguest.py tools/mkinitrd.py $(BUILD)/stamps/guest $(BUILD)/stamps/host $(BUILD)/initrd-ticks.cpio.gz
	$(QUIET)tools/deps.sh $(if $(filter 6.1,$*),host,kernel-$*)
	$(QUIET)/usr/bin/python3 tools/mkguest.py $@ --packages $(BUILD)/guest-arm64 --kernel $(BUILD)/kernel-$* \
		--busybox $(BUILD)/arm64/bin/busybox --ticks $(BUILD)/initrd-ticks.cpio.gz --vmm $(VMM) --traced $(TRACED) \
		--vectors $(GUEST_VECTORS) --guest tests/system/guest

# Small programs at EL1 that take the host kernel's place in tests.
PAYLOADS := attack smp bench entry stub vms run guest block gic keys points measure sve suspend
PAYLOAD_DIR := $(BUILD)/payloads
PAYLOAD_IMAGES := $(PAYLOADS:%=$(PAYLOAD_DIR)/%.img) $(PAYLOAD_DIR)/chain.img $(PAYLOAD_DIR)/firmware.img
PAYLOAD_CFLAGS := -std=c11 -ffreestanding -march=armv8-a -mgeneral-regs-only -mstrict-align -fpie \
	-mno-outline-atomics -fno-stack-protector -fno-asynchronous-unwind-tables \
	-fno-tree-loop-distribute-patterns -O2 -g -Wall -Wextra -Werror \
	-include src/arch/arm64/include/asm/hidden.h -ffile-prefix-map=$(CURDIR)=.

$(PAYLOAD_DIR)/%.o: tests/payloads/%.c tests/payloads/payload.h tools/build.mk $(GEN_STAMP)
	@mkdir -p $(@D)
	$(QUIET)$(AARCH64_CC) -Isrc/hyp -Isrc/arch/arm64/include -I$(BUILD)/gen/include $(PAYLOAD_CFLAGS) -c -o $@ $<

$(PAYLOAD_DIR)/%.o: tests/payloads/%.S
	@mkdir -p $(@D)
	$(QUIET)$(AARCH64_CC) -march=armv8-a -c -o $@ $<

$(PAYLOAD_DIR)/%.img: $(PAYLOAD_DIR)/start.o $(PAYLOAD_DIR)/lib.o $(PAYLOAD_DIR)/%.o tests/payloads/payload.lds
	$(QUIET)$(CROSS_COMPILE)ld -static -nostdlib --no-warn-rwx-segments -T tests/payloads/payload.lds \
		-o $(@:.img=.elf) $(filter %.o,$^)
	$(QUIET)$(CROSS_COMPILE)objcopy -O binary $(@:.img=.elf) $@

# NAME.c whose guest is NAME_program.S; they agree on NAME_program.h.
GUEST_PAYLOADS := guest block gic keys points measure sve suspend
$(GUEST_PAYLOADS:%=$(PAYLOAD_DIR)/%.img): $(PAYLOAD_DIR)/%.img: $(PAYLOAD_DIR)/%_program.o
$(GUEST_PAYLOADS:%=$(PAYLOAD_DIR)/%.o): $(PAYLOAD_DIR)/%.o: tests/payloads/%_program.h
$(GUEST_PAYLOADS:%=$(PAYLOAD_DIR)/%_program.o): $(PAYLOAD_DIR)/%_program.o: tests/payloads/%_program.h tests/payloads/program.h
$(addprefix $(PAYLOAD_DIR)/,keys.o points.o sve.o suspend.o): tests/payloads/turns.h
$(PAYLOAD_DIR)/measure.o: $(PAYLOAD_DIR)/measure_image.h
$(PAYLOAD_DIR)/measure.o: PAYLOAD_CFLAGS += -I$(PAYLOAD_DIR)
# What its measurement should be, by another implementation.
$(PAYLOAD_DIR)/measure_image.h: $(PAYLOAD_DIR)/measure_program.o tests/payloads/measure_image.py
	$(QUIET)$(CROSS_COMPILE)objcopy -O binary -j .data $< $(@:.h=.bin)
	$(QUIET)tests/payloads/measure_image.py $(@:.h=.bin) > $@

$(PAYLOAD_DIR)/chain.img $(PAYLOAD_DIR)/firmware.img: $(PAYLOAD_DIR)/%.img: $(PAYLOAD_DIR)/%.o tests/payloads/payload.lds
	$(QUIET)$(CROSS_COMPILE)ld -static -nostdlib --no-warn-rwx-segments -T tests/payloads/payload.lds \
		-o $(@:.img=.elf) $<
	$(QUIET)$(CROSS_COMPILE)objcopy -O binary $(@:.img=.elf) $@

.PRECIOUS: $(PAYLOAD_DIR)/%.o $(BUILD)/module-%/.built $(BUILD)/host-%/.built $(BUILD)/fuzz-%/.built

# Modules of the host, for each kernel that is unpacked below build/ (tools/deps.sh module-6.1 module-6.12): those of the
# tests, the driver that offers /dev/kvm, and the fuzzer of hypercalls.
MODULES := hypatia_test hypatia_bench
build-module = $(QUIET)tools/deps.sh module-$* && \
	mkdir -p $(@D)/include && cp $(wildcard $(1)/*.[chS]) $(1)/Kbuild $(@D) && cp $(1)/include/*.h $(@D)/include && \
	$(MAKE) -s -C $(BUILD)/kernel-$*/usr/src/linux-headers-$$(cat $(BUILD)/kernel-$*/release) \
		M=$(CURDIR)/$(@D) HYPATIA_GEN=$(CURDIR)/$(BUILD)/gen ARCH=arm64 CROSS_COMPILE=$(CROSS_COMPILE) \
		CONFIG_DEBUG_INFO_BTF_MODULES= modules && touch $@

$(BUILD)/module-%/.built: $(wildcard host/test/*.c host/test/Kbuild host/test/include/*.h) $(GEN_STAMP)
	$(call build-module,host/test)

$(BUILD)/host-%/.built: $(wildcard host/linux/*.[ch] host/linux/Kbuild host/linux/include/*.h host/include/*.h) $(GEN_STAMP)
	$(call build-module,host/linux)

$(BUILD)/fuzz-%/.built: $(wildcard host/fuzz/*.[chS] host/fuzz/Kbuild host/fuzz/include/*.h) $(GEN_STAMP)
	$(call build-module,host/fuzz)

$(BUILD)/initrd-module-%.cpio.gz: $(BUILD)/module-%/.built $(BUILD)/initrd.cpio.gz
	$(QUIET)/usr/bin/python3 tools/mkinitrd.py $@ $(INITRD_FILES) \
		$(foreach m,$(MODULES),$(m).ko=$(BUILD)/module-$*/$(m).ko)

$(BUILD)/initrd-fuzz-%.cpio.gz: $(BUILD)/fuzz-%/.built $(BUILD)/initrd.cpio.gz
	$(QUIET)$(CROSS_COMPILE)strip -g -o $(BUILD)/fuzz-$*/stripped.ko $(BUILD)/fuzz-$*/hypatia_fuzz.ko
	$(QUIET)/usr/bin/python3 tools/mkinitrd.py $@ $(INITRD_FILES) hypatia_fuzz.ko=$(BUILD)/fuzz-$*/stripped.ko

# A program of the host that tests /dev/kvm (tools/deps.sh libc), and the initramfs with it and the driver.
HOST_DIR := $(BUILD)/host
$(HOST_DIR)/kvm: $(wildcard tests/host/*.[chS] host/include/*.h) tools/build.mk
	$(QUIET)tools/deps.sh libc
	@mkdir -p $(@D)
	$(QUIET)$(AARCH64_CC) --sysroot=$(CURDIR)/$(BUILD)/libc-arm64 -Ihost/include -static -std=gnu11 -O2 -g -Wall -Wextra -Werror \
		-ffile-prefix-map=$(CURDIR)=. -o $@ $(filter %.c %.S,$^)

$(BUILD)/initrd-kvm-%.cpio.gz: $(BUILD)/host-%/.built $(HOST_DIR)/kvm $(BUILD)/initrd.cpio.gz
	$(QUIET)$(CROSS_COMPILE)strip -g -o $(HOST_DIR)/hypatia-$*.ko $(BUILD)/host-$*/hypatia.ko
	$(QUIET)/usr/bin/python3 tools/mkinitrd.py $@ $(INITRD_FILES) hypatia.ko=$(HOST_DIR)/hypatia-$*.ko kvm=$(HOST_DIR)/kvm

# The same for what VMs cost.
$(HOST_DIR)/bench: $(wildcard tests/host/bench/*) tests/host/machine.c $(wildcard tests/host/*.h) tools/build.mk
	$(QUIET)tools/deps.sh libc
	@mkdir -p $(@D)
	$(QUIET)$(AARCH64_CC) --sysroot=$(CURDIR)/$(BUILD)/libc-arm64 -static -std=gnu11 -O2 -g -Wall -Wextra -Werror \
		-ffile-prefix-map=$(CURDIR)=. -o $@ $(filter %.c %.S,$^)

$(BUILD)/initrd-guests-%.cpio.gz: $(BUILD)/host-%/.built $(HOST_DIR)/bench $(BUILD)/initrd.cpio.gz
	$(QUIET)$(CROSS_COMPILE)strip -g -o $(HOST_DIR)/hypatia-$*.ko $(BUILD)/host-$*/hypatia.ko
	$(QUIET)/usr/bin/python3 tools/mkinitrd.py $@ $(INITRD_FILES) hypatia.ko=$(HOST_DIR)/hypatia-$*.ko bench=$(HOST_DIR)/bench

# A program that ends the host by kexec, and the initramfs with it: the next kernel has the one above.
$(HOST_DIR)/kexec: tests/host/kexec/kexec.c tools/build.mk | $(LIBFDT)
	$(QUIET)tools/deps.sh libc
	@mkdir -p $(@D)
	$(QUIET)$(AARCH64_CC) --sysroot=$(CURDIR)/$(BUILD)/libc-arm64 -isystem $(BUILD)/arm64/usr/include -static -std=gnu11 \
		-O2 -g -Wall -Wextra -Werror -Wstrict-prototypes -Wmissing-prototypes -ffile-prefix-map=$(CURDIR)=. -o $@ $< $(LIBFDT)

$(BUILD)/initrd-kexec-%.cpio.gz: $(BUILD)/initrd-kvm-%.cpio.gz $(HOST_DIR)/kexec
	$(QUIET)/usr/bin/python3 tools/mkinitrd.py $@ $(INITRD_FILES) hypatia.ko=$(HOST_DIR)/hypatia-$*.ko kvm=$(HOST_DIR)/kvm \
		bin/kexec=$(HOST_DIR)/kexec Image=$(BUILD)/kernel-$*/Image initrd=$<

# What tools/systest and tools/systest --all need to be there.
SYSTEST_FILES := $(BUILD)/hypatia.img $(DEBUG_IMAGES) $(BUILD)/initrd.cpio.gz $(PAYLOAD_IMAGES) \
	$(BUILD)/initrd-module-6.1.cpio.gz $(BUILD)/initrd-kvm-6.1.cpio.gz $(BUILD)/initrd-kexec-6.1.cpio.gz \
	$(BUILD)/initrd-fuzz-6.1.cpio.gz $(BUILD)/guest-6.1.cpio
SYSTEST_ALL_FILES := $(SYSTEST_FILES) $(BUILD)/initrd-module-6.12.cpio.gz $(BUILD)/initrd-kvm-6.12.cpio.gz \
	$(BUILD)/initrd-kexec-6.12.cpio.gz

# The initramfs whose first process prints the counter.
$(PAYLOAD_DIR)/ticks: $(PAYLOAD_DIR)/ticks.o
	$(QUIET)$(CROSS_COMPILE)ld -static -nostdlib -o $@ $<

$(BUILD)/initrd-ticks.cpio.gz: $(PAYLOAD_DIR)/ticks tools/mkinitrd.py
	$(QUIET)/usr/bin/python3 tools/mkinitrd.py $@ init=$<

BENCH_FILES := $(BUILD)/hypatia.img $(BUILD)/initrd.cpio.gz $(BUILD)/initrd-module-6.1.cpio.gz \
	$(BUILD)/initrd-ticks.cpio.gz $(PAYLOAD_DIR)/bench.img $(BUILD)/initrd-guests-6.1.cpio.gz \
	$(BUILD)/initrd-kvm-6.1.cpio.gz $(BUILD)/guest-6.1.cpio

# The device-tree reader on the build machine.
$(BUILD)/tests/test_dt: tests/boot/test_dt.c src/boot/dt.c src/boot/memory.c src/boot/boot.h
	@mkdir -p $(@D)
	$(QUIET)$(CC) -std=c11 -D_DEFAULT_SOURCE -O1 -g -Wall -Wextra -Werror -fsanitize=address,undefined \
		-fno-sanitize-recover=undefined -Itests/boot/fake -Isrc/boot -Isrc/hyp -o $@ \
		tests/boot/test_dt.c src/boot/dt.c src/boot/memory.c -lcmocka -lfdt

# Devices and interrupt controller of host/vmm on the build machine.
VMM_TESTED := $(addprefix host/vmm/,virtio.c block.c console.c memory.c gic.c uart.c)
$(BUILD)/tests/test_vmm: tests/vmm/test_vmm.c $(VMM_TESTED) $(wildcard host/vmm/*.h)
	@mkdir -p $(@D)
	$(QUIET)$(CC) -std=gnu11 -O1 -g -Wall -Wextra -Werror -fsanitize=address,undefined -fno-sanitize-recover=undefined \
		-Ihost/vmm -o $@ tests/vmm/test_vmm.c $(VMM_TESTED) -lcmocka -lpthread
