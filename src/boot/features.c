/* SPDX-License-Identifier: BSD-2-Clause */
/* What the CPU can do, and what is wrong with it, as far as isolation depends on it. */
#include <asm/console.h>
#include <asm/cpu.h>
#include <asm/sysreg.h>

#include "boot.h"

#define PA_BITS_MAX 48u

/* MIDR_EL1 without variant and revision. */
#define MIDR_MODEL 0xff0ffff0u
#define MODEL(part) (0x410f0000u | (part) << 4)

/**
 * struct erratum - a core whose address translation needs care
 * @model: MIDR_EL1 with variant and revision 0
 * @last: last affected variant * 16 + revision
 * @what: Arm's erratum number and what it does to isolation
 */
struct erratum {
	u32 model;
	u32 last;
	char what[88];
};

static const struct erratum errata[] = {
	{ MODEL(0xd05), 0x20, "1530923 (A55): speculative AT may fill the TLB out of context" },
	{ MODEL(0xd05), 0xff, "2441007 (A55): TLBI may complete before affected accesses" },
	{ MODEL(0xd07), 0x12, "834220 (A57): a stage-2 fault may be reported as stage 1" },
	{ MODEL(0xd07), 0xff, "1319537 (A57): speculative AT may fill the TLB out of context" },
	{ MODEL(0xd08), 0xff, "1319367 (A72): speculative AT may fill the TLB out of context" },
	{ MODEL(0xd0b), 0x20, "1165522 (A76): speculative AT may fill the TLB out of context" },
	{ MODEL(0xd0b), 0x30, "1286807 (A76): TLBI may complete before affected accesses" },
	{ MODEL(0xd0c), 0x20, "1165522 (N1): speculative AT may fill the TLB out of context" },
	{ MODEL(0xd46), 0x11, "2441009 (A510): TLBI may complete before affected accesses" },
};

static u32 pa_bits(void)
{
	static const u8 bits[] = { 32, 36, 40, 42, 44, 48 };
	u64 range = id_aa64mmfr0_el1_parange(read_sysreg(id_aa64mmfr0_el1));

	return range < sizeof(bits) ? bits[range] : PA_BITS_MAX;
}

struct features features_detect(void)
{
	struct features f;

	f.pa_bits = pa_bits();
	f.vmid_bits = id_aa64mmfr1_el1_vmidbits(read_sysreg(id_aa64mmfr1_el1)) == 2 ? 16 : 8;
	return f;
}

static void print_feature(const char *name, _Bool present)
{
	print(" %s%s", present ? "" : "no-", name);
}

static void print_errata(u32 midr)
{
	u32 revision = (midr >> 20 & 0xfu) << 4 | (midr & 0xfu);
	u32 i;

	for (i = 0; i < sizeof(errata) / sizeof(errata[0]); i++) {
		if ((midr & MIDR_MODEL) == errata[i].model && revision <= errata[i].last) {
			print("hypatia: warning: erratum %s\n", errata[i].what);
		}
	}
}

static _Bool has_pauth(void)
{
	u64 isar1 = read_sysreg(id_aa64isar1_el1);

	return id_field(isar1, ID_AA64ISAR1_EL1_APA_SHIFT) != 0 ||
	       id_field(isar1, ID_AA64ISAR1_EL1_API_SHIFT) != 0 ||
	       id_field(read_sysreg(SYS_ID_AA64ISAR2_EL1), ID_AA64ISAR2_EL1_APA3_SHIFT) != 0;
}

void features_print(const struct machine *m, const struct features *f)
{
	u64 pfr0 = read_sysreg(id_aa64pfr0_el1);
	u64 pfr1 = read_sysreg(id_aa64pfr1_el1);
	u32 midr = (u32)read_sysreg(midr_el1);
	u64 mmfr0 = read_sysreg(id_aa64mmfr0_el1);
	u32 nv = id_field(read_sysreg(id_aa64mmfr2_el1), ID_AA64MMFR2_EL1_NV_SHIFT);

	print("hypatia: %u CPUs, boot CPU midr 0x%x, PA %u bits, IPA %u bits, VMID %u bits\n",
	      m->cpu_count, midr, f->pa_bits, f->pa_bits, f->vmid_bits);
	print("hypatia: features:");
	print_feature("fp", id_field(pfr0, ID_AA64PFR0_EL1_FP_SHIFT) != 0xf);
	print_feature("sve", id_field(pfr0, ID_AA64PFR0_EL1_SVE_SHIFT) != 0);
	print_feature("pauth", has_pauth());
	print_feature("bti", id_field(pfr1, ID_AA64PFR1_EL1_BT_SHIFT) != 0);
	print_feature("fgt", id_field(mmfr0, ID_AA64MMFR0_EL1_FGT_SHIFT) != 0);
	print_feature("nv2", nv >= 2);
	print(" e2h-%s gic-", arch_e2h != 0 ? "fixed" : "clear");
	if (m->gic != 0) {
		print("v%u\n", m->gic);
	} else {
		print("unknown\n");
	}
	print_errata(midr);
}
