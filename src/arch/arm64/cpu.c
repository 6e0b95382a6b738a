/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * EL2 registers of one CPU as a host at EL1 needs them, and the start of CPUs after the first.
 *
 * Nothing is trapped but SMC and what stage 2 refuses: interrupts, timers, PMU, debug, FP, SVE, SME
 * and pointer authentication are the host's.
 */
#include <asm/cpu.h>
#include <asm/hyp_arch.h>
#include <asm/sysreg.h>

#include <gen/traps.h>
#include <gen/vcpu.h>

#include "hyp.h"

/* As many as one AP0R<n> has bits for. */
#define PREEMPTION_BITS 5u

/* ZCR_EL2.LEN: the longest vectors. */
#define VECTOR_LENGTH_MAX 0xfu

/* Bits of fine-grained traps that are "not trap": the others are 0. */
#define HFGITR_OPEN 0x0f80000000000000u
#define HDFGRTR_OPEN 0x7800000000000000u
#define HDFGWTR_OPEN 0x7000000000000000u
#define FGT2_OPEN 0xffffffffffffffffu
#define HFGITR2_OPEN 0x2u

u64 arch_meta_base;
u64 arch_pool_stack;
u64 arch_pool_ref;
u32 arch_locks[LOCK_COUNT][2];

u64 secondary_ttbr0 __attribute__((section(".data")));
u32 cpu_mpidr_count __attribute__((section(".data")));
u64 cpu_mpidr_table[CPUS_MAX] __attribute__((section(".data")));
u64 cpu_stack_table[CPUS_MAX] __attribute__((section(".data")));

static void setup_traps(u64 pfr0, u64 pfr1)
{
	u32 sve = id_field(pfr0, ID_AA64PFR0_EL1_SVE_SHIFT);
	u32 sme = id_field(pfr1, ID_AA64PFR1_EL1_SME_SHIFT);
	u64 cptr = CPTR_EL2_NO_TRAP;

	/* TZ and TSM are RES1 without SVE and SME, and trap with them. */
	if (arch_e2h != 0) {
		cptr = CPTR_EL2_VHE_NO_TRAP;
	} else {
		cptr -= sve != 0 ? CPTR_EL2_TZ_MASK : 0;
		cptr -= sme != 0 ? CPTR_EL2_TSM_MASK : 0;
	}
	write_sysreg(cptr_el2, cptr);
	isb();
	if (sve != 0) {
		write_sysreg(SYS_ZCR_EL2, VECTOR_LENGTH_MAX);
	}
	if (sme != 0) {
		write_sysreg(SYS_SMCR_EL2, SMCR_ALL);
	}
	write_sysreg(hstr_el2, 0);
}

static void setup_fine_traps(u64 mmfr0, u64 pfr0)
{
	u32 fgt = id_field(mmfr0, ID_AA64MMFR0_EL1_FGT_SHIFT);

	if (fgt == 0) {
		return;
	}
	write_sysreg(SYS_HFGRTR_EL2, HFGRTR_EL2_HOST);
	write_sysreg(SYS_HFGWTR_EL2, HFGRTR_EL2_HOST);
	write_sysreg(SYS_HFGITR_EL2, HFGITR_OPEN);
	write_sysreg(SYS_HDFGRTR_EL2, HDFGRTR_OPEN);
	write_sysreg(SYS_HDFGWTR_EL2, HDFGWTR_OPEN);
	if (id_field(pfr0, ID_AA64PFR0_EL1_AMU_SHIFT) != 0) {
		write_sysreg(SYS_HAFGRTR_EL2, 0);
	}
	if (fgt >= 2) {
		write_sysreg(SYS_HFGRTR2_EL2, FGT2_OPEN);
		write_sysreg(SYS_HFGWTR2_EL2, FGT2_OPEN);
		write_sysreg(SYS_HFGITR2_EL2, HFGITR2_OPEN);
		write_sysreg(SYS_HDFGRTR2_EL2, FGT2_OPEN);
		write_sysreg(SYS_HDFGWTR2_EL2, FGT2_OPEN);
	}
}

static void setup_debug(u64 dfr0)
{
	u64 mdcr = MDCR_EL2_HOST;
	u32 pmu = id_field(dfr0, ID_AA64DFR0_EL1_PMUVER_SHIFT);

	if (pmu != 0 && pmu != 0xf) {
		mdcr |= (read_sysreg(pmcr_el0) >> PMCR_EL0_N_SHIFT) & MDCR_EL2_HPMN_MASK;
		mdcr |= pmu >= 4 ? MDCR_EL2_HPMD_MASK : 0;
	}
	write_sysreg(mdcr_el2, mdcr);
	if (id_field(dfr0, ID_AA64DFR0_EL1_TRACEFILT_SHIFT) != 0) {
		write_sysreg(SYS_TRFCR_EL2, 0);
	}
}

static void setup_interrupts(u64 pfr0)
{
	if (id_field(pfr0, ID_AA64PFR0_EL1_GIC_SHIFT) == 0) {
		return;
	}
	write_sysreg(SYS_ICC_SRE_EL2, ICC_SRE_EL2_HOST);
	isb();
	if ((read_sysreg(SYS_ICC_SRE_EL2) & ICC_SRE_EL2_SRE_MASK) != 0) {
		write_sysreg(SYS_ICH_HCR_EL2, 0);
	}
}

static void setup_timers(void)
{
	write_sysreg(cnthctl_el2, arch_e2h != 0 ? CNTHCTL_EL2_VHE_HOST : CNTHCTL_EL2_HOST);
	write_sysreg(cntvoff_el2, 0);
}

static u64 hcr_value(void)
{
	u64 hcr = boot_info.mode == MODE_PROTECTED ? HCR_EL2_HOST_PROTECTED : HCR_EL2_HOST_NVHE;

	return arch_e2h != 0 ? hcr | HCR_EL2_E2H_MASK : hcr;
}

static void setup_el1(void)
{
	if (arch_e2h != 0) {
		write_sysreg(SYS_SCTLR_EL12, SCTLR_EL1_MMU_OFF);
		write_sysreg(SYS_CPACR_EL12, 0);
		write_sysreg(SYS_CNTKCTL_EL12, 0);
		write_sysreg(SYS_VBAR_EL12, 0);
		write_sysreg(SYS_CNTV_CTL_EL02, 0);
		write_sysreg(SYS_CNTP_CTL_EL02, 0);
	} else {
		write_sysreg(sctlr_el1, SCTLR_EL1_MMU_OFF);
		write_sysreg(cpacr_el1, 0);
		write_sysreg(cntkctl_el1, 0);
		write_sysreg(vbar_el1, 0);
		write_sysreg(cntv_ctl_el0, 0);
		write_sysreg(cntp_ctl_el0, 0);
	}
	write_sysreg(cnthp_ctl_el2, 0);
	write_sysreg(vpidr_el2, read_sysreg(midr_el1));
	write_sysreg(vmpidr_el2, read_sysreg(mpidr_el1));
}

/*
 * The order at the end matters: the new VTTBR_EL2 must be in force before the invalidations, which
 * act on the current VMID, and all of it before the first instruction at EL1.
 */
void cpu_host_setup(u32 cpu)
{
	u64 pfr0 = read_sysreg(id_aa64pfr0_el1);
	u64 pfr1 = read_sysreg(id_aa64pfr1_el1);

	write_sysreg(tpidr_el2, cpu);
	write_sysreg(vbar_el2, (u64)(uintptr_t)host_vectors);
	setup_traps(pfr0, pfr1);
	setup_fine_traps(read_sysreg(id_aa64mmfr0_el1), pfr0);
	setup_debug(read_sysreg(id_aa64dfr0_el1));
	setup_interrupts(pfr0);
	setup_timers();
	if (id_field(read_sysreg(id_aa64mmfr1_el1), ID_AA64MMFR1_EL1_HCX_SHIFT) != 0) {
		write_sysreg(SYS_HCRX_EL2, HCRX_EL2_HOST);
	}
	setup_el1();
	write_sysreg(vtcr_el2, hyp_host_vtcr());
	write_sysreg(vttbr_el2, hyp_host_vttbr());
	write_sysreg(hcr_el2, hcr_value());
	isb();
	__asm__ volatile("tlbi vmalls12e1\n\ttlbi alle1\n\tic iallu\n\tdsb nsh\n\tisb"
			 :
			 :
			 : "memory");
}

#define write_el1(e2h_name, name, value)           \
	do {                                       \
		if (arch_e2h != 0) {               \
			write_sysreg(e2h_name, value); \
		} else {                           \
			write_sysreg(name, value); \
		}                                  \
	} while (0)

/* What records EL1 for its owner, and is the host's: profiling, trace, branch records. */
struct monitors {
	u64 pmscr;
	u64 trfcr;
	u64 brbcr;
};
static struct monitors host_monitors[CPUS_MAX];

static void monitors_stop(u64 dfr0, struct monitors *m)
{
	u32 trace = id_field(dfr0, ID_AA64DFR0_EL1_TRACEFILT_SHIFT);

	if (id_field(dfr0, ID_AA64DFR0_EL1_PMSVER_SHIFT) != 0) {
		m->pmscr = arch_e2h != 0 ? read_sysreg(SYS_PMSCR_EL12) : read_sysreg(SYS_PMSCR_EL1);
		write_el1(SYS_PMSCR_EL12, SYS_PMSCR_EL1, 0);
		__asm__ volatile("isb\n\thint #17" : : : "memory"); /* PSB CSYNC */
		dsb_nsh();
	}
	if (trace != 0) {
		m->trfcr = arch_e2h != 0 ? read_sysreg(SYS_TRFCR_EL12) : read_sysreg(SYS_TRFCR_EL1);
		write_el1(SYS_TRFCR_EL12, SYS_TRFCR_EL1, 0);
		__asm__ volatile("isb\n\thint #18" : : : "memory"); /* TSB CSYNC */
		dsb_nsh();
	}
	if (id_field(dfr0, ID_AA64DFR0_EL1_BRBE_SHIFT) != 0) {
		m->brbcr = arch_e2h != 0 ? read_sysreg(SYS_BRBCR_EL12) : read_sysreg(SYS_BRBCR_EL1);
		write_el1(SYS_BRBCR_EL12, SYS_BRBCR_EL1, 0);
	}
}

static void monitors_resume(u64 dfr0, const struct monitors *m)
{
	if (id_field(dfr0, ID_AA64DFR0_EL1_PMSVER_SHIFT) != 0) {
		write_el1(SYS_PMSCR_EL12, SYS_PMSCR_EL1, m->pmscr);
	}
	if (id_field(dfr0, ID_AA64DFR0_EL1_TRACEFILT_SHIFT) != 0) {
		write_el1(SYS_TRFCR_EL12, SYS_TRFCR_EL1, m->trfcr);
	}
	if (id_field(dfr0, ID_AA64DFR0_EL1_BRBE_SHIFT) != 0) {
		write_el1(SYS_BRBCR_EL12, SYS_BRBCR_EL1, m->brbcr);
	}
}

/* Fine-grained traps of a guest: 0 is "not trap" for what is old, and "trap" for what is new. */
static void guest_fine_traps(u64 mmfr0, u64 pfr0)
{
	u32 fgt = id_field(mmfr0, ID_AA64MMFR0_EL1_FGT_SHIFT);

	if (fgt == 0) {
		return;
	}
	write_sysreg(SYS_HFGRTR_EL2, 0);
	write_sysreg(SYS_HFGWTR_EL2, 0);
	write_sysreg(SYS_HFGITR_EL2, 0);
	write_sysreg(SYS_HDFGRTR_EL2, 0);
	write_sysreg(SYS_HDFGWTR_EL2, 0);
	if (id_field(pfr0, ID_AA64PFR0_EL1_AMU_SHIFT) != 0) {
		write_sysreg(SYS_HAFGRTR_EL2, 0);
	}
	if (fgt >= 2) {
		write_sysreg(SYS_HFGRTR2_EL2, 0);
		write_sysreg(SYS_HFGWTR2_EL2, 0);
		write_sysreg(SYS_HFGITR2_EL2, 0);
		write_sysreg(SYS_HDFGRTR2_EL2, 0);
		write_sysreg(SYS_HDFGWTR2_EL2, 0);
	}
}

static u32 has_gic_registers(u64 pfr0)
{
	return id_field(pfr0, ID_AA64PFR0_EL1_GIC_SHIFT) != 0 &&
	       (read_sysreg(SYS_ICC_SRE_EL2) & ICC_SRE_EL2_SRE_MASK) != 0;
}

/* What is switched is all that the interface has: four list registers, one of each AP0R<n> and AP1R<n>. */
u32 arch_gic_lists(void)
{
	u64 vtr;

	if (has_gic_registers(read_sysreg(id_aa64pfr0_el1)) == 0) {
		return 0;
	}
	vtr = read_sysreg(SYS_ICH_VTR_EL2);
	return (vtr & ICH_VTR_EL2_LISTREGS_MASK) == GIC_LISTS - 1 &&
			       ((vtr & ICH_VTR_EL2_PREBITS_MASK) >> ICH_VTR_EL2_PREBITS_SHIFT) == PREEMPTION_BITS - 1 ?
		       GIC_LISTS :
		       0;
}

static void guest_interrupts(u64 pfr0, u64 flags)
{
	u64 hcr = ICH_HCR_EL2_GUEST;

	if (has_gic_registers(pfr0) == 0) {
		return;
	}
	if ((flags & RUN_GIC) != 0) {
		hcr = ICH_HCR_EL2_GUEST_GIC | ((flags & RUN_GIC_MORE) != 0 ? ICH_HCR_EL2_UIE_MASK : 0);
	}
	write_sysreg(SYS_ICC_SRE_EL2, ICC_SRE_EL2_GUEST);
	write_sysreg(SYS_ICH_HCR_EL2, hcr);
}

/*
 * Stage 2 and traps of a guest: @fresh when another vCPU of its VM, or another VM of its VMID, may have run on this
 * CPU since this vCPU did. Nothing of EL1 is used before the ERET, which comes after every write here.
 */
void cpu_to_guest(u64 vttbr, u64 vtcr, u64 mpidr, u32 fresh, u64 lines, u64 offset)
{
	u64 hcr = HCR_EL2_GUEST | ((lines & RUN_IRQ) != 0 ? HCR_EL2_VI_MASK : 0) |
		  ((lines & RUN_FIQ) != 0 ? HCR_EL2_VF_MASK : 0);
	u64 pfr0 = read_sysreg(id_aa64pfr0_el1);
	u64 mdcr = read_sysreg(mdcr_el2) & (MDCR_EL2_HPMN_MASK | MDCR_EL2_HPMD_MASK);

	monitors_stop(read_sysreg(id_aa64dfr0_el1), &host_monitors[cpu_index()]);
	write_sysreg(cptr_el2, arch_e2h != 0 ? CPTR_EL2_VHE_GUEST : CPTR_EL2_GUEST);
	write_sysreg(mdcr_el2, mdcr | MDCR_EL2_GUEST);
	write_sysreg(cnthctl_el2, arch_e2h != 0 ? CNTHCTL_EL2_VHE_GUEST : CNTHCTL_EL2_GUEST);
	write_sysreg(cntvoff_el2, offset);
	guest_fine_traps(read_sysreg(id_aa64mmfr0_el1), pfr0);
	guest_interrupts(pfr0, lines);
	if (id_field(read_sysreg(id_aa64mmfr1_el1), ID_AA64MMFR1_EL1_HCX_SHIFT) != 0) {
		write_sysreg(SYS_HCRX_EL2, 0);
	}
	write_sysreg(vmpidr_el2, mpidr);
	write_sysreg(vtcr_el2, vtcr);
	write_sysreg(vttbr_el2, vttbr);
	write_sysreg(hcr_el2, arch_e2h != 0 ? hcr | HCR_EL2_E2H_MASK : hcr);
	isb();
	if (fresh != 0) {
		__asm__ volatile("tlbi vmalls12e1\n\tic iallu\n\tdsb nsh\n\tisb" : : : "memory");
	}
}

/* The guest's other traps stay; the ERET that follows puts it in force. */
void cpu_open_fp(void)
{
	write_sysreg(cptr_el2, arch_e2h != 0 ? CPTR_EL2_VHE_GUEST_FP : CPTR_EL2_GUEST_FP);
}

/* ZCR_EL2 is EL2's to write when SVE does not trap any more. */
void cpu_open_sve(u32 units)
{
	write_sysreg(cptr_el2, arch_e2h != 0 ? CPTR_EL2_VHE_GUEST_SVE : CPTR_EL2_GUEST_FP - CPTR_EL2_TZ_MASK);
	isb();
	write_sysreg(SYS_ZCR_EL2, (units - 1u) % SVE_LONGEST);
}

/* Of EL2 itself as well, at once. */
void cpu_limit_vectors(u64 length)
{
	write_sysreg(SYS_ZCR_EL2, length);
	isb();
}

u64 cpu_zcr(void)
{
	return arch_e2h != 0 ? read_sysreg(SYS_ZCR_EL12) : read_sysreg(SYS_ZCR_EL1);
}

void cpu_zcr_set(u64 value)
{
	write_el1(SYS_ZCR_EL12, SYS_ZCR_EL1, value % (VECTOR_LENGTH_MAX + 1u));
}

u32 arch_sve_lengths(void)
{
	u32 lengths = 0;
	u64 n;

	if (id_field(read_sysreg(id_aa64pfr0_el1), ID_AA64PFR0_EL1_SVE_SHIFT) == 0) {
		return 0;
	}
	/* The CPU takes the next shorter ones that it has. */
	for (n = 0; n < SVE_LONGEST; n++) {
		cpu_limit_vectors(n);
		lengths |= 1u << (sve_length() / 16u - 1u);
	}
	cpu_limit_vectors(VECTOR_LENGTH_MAX);
	return lengths;
}

/* Any form of FEAT_PAuth: the keys are there with each. */
u32 arch_has_keys(void)
{
	u64 isar1 = read_sysreg(id_aa64isar1_el1) &
		    (ID_AA64ISAR1_EL1_APA_MASK | ID_AA64ISAR1_EL1_API_MASK | ID_AA64ISAR1_EL1_GPA_MASK |
		     ID_AA64ISAR1_EL1_GPI_MASK);
	u64 isar2 = read_sysreg(SYS_ID_AA64ISAR2_EL1) & (ID_AA64ISAR2_EL1_APA3_MASK | ID_AA64ISAR2_EL1_GPA3_MASK);

	return (isar1 | isar2) != 0 ? 1 : 0;
}

u32 arch_has_random(void)
{
	return id_field(read_sysreg(id_aa64isar0_el1), ID_AA64ISAR0_EL1_RNDR_SHIFT) != 0 ? 1 : 0;
}

/* As cpu_open_fp(). */
void cpu_open_keys(void)
{
	write_sysreg(hcr_el2, read_sysreg(hcr_el2) | HCR_EL2_API_MASK | HCR_EL2_APK_MASK);
}

/* Where a host left its CPU in streaming mode: nearly all SIMD is illegal there. ZA stays, which no guest reaches. */
void cpu_leave_streaming(void)
{
	if (id_field(read_sysreg(id_aa64pfr1_el1), ID_AA64PFR1_EL1_SME_SHIFT) != 0) {
		write_sysreg(SYS_SVCR, read_sysreg(SYS_SVCR) & ~SVCR_SM_MASK);
		isb();
	}
}

/* Stage 2 names the page of a permission fault only on the way through stage 1: else stage 1 is asked where it led. */
u32 cpu_fault_page(void)
{
	u64 esr = read_sysreg(esr_el2);
	u64 ec = (esr & ESR_EL2_EC_MASK) >> ESR_EL2_EC_SHIFT;
	u64 par;

	if ((ec != TRAP_EC_IABT_LOW && ec != TRAP_EC_DABT_LOW) || (esr & ESR_EL2_S1PTW_MASK) != 0 ||
	    (esr & ESR_EL2_DFSC_MASK) / 4u * 4u != FSC_PERMISSION_LEVEL0) {
		return 1;
	}
	__asm__ volatile("at s1e1r, %0\n\tisb" : : "r"(read_sysreg(far_el2)) : "memory");
	par = read_sysreg(par_el1);
	if ((par & PAR_EL1_F_MASK) != 0) {
		return 0;
	}
	write_sysreg(hpfar_el2, (par & PAR_EL1_PA_MASK) >> PAR_EL1_PA_SHIFT << HPFAR_EL2_FIPA_SHIFT);
	return 1;
}

void cpu_to_host(void)
{
	u64 pfr0 = read_sysreg(id_aa64pfr0_el1);
	u64 dfr0 = read_sysreg(id_aa64dfr0_el1);

	write_sysreg(vtcr_el2, hyp_host_vtcr());
	write_sysreg(vttbr_el2, hyp_host_vttbr());
	write_sysreg(hcr_el2, hcr_value());
	setup_traps(pfr0, read_sysreg(id_aa64pfr1_el1));
	setup_fine_traps(read_sysreg(id_aa64mmfr0_el1), pfr0);
	setup_debug(dfr0);
	setup_interrupts(pfr0);
	setup_timers();
	if (id_field(read_sysreg(id_aa64mmfr1_el1), ID_AA64MMFR1_EL1_HCX_SHIFT) != 0) {
		write_sysreg(SYS_HCRX_EL2, HCRX_EL2_HOST);
	}
	write_sysreg(vmpidr_el2, read_sysreg(mpidr_el1));
	monitors_resume(dfr0, &host_monitors[cpu_index()]);
	isb();
}

void secondaries_publish(u64 ttbr0)
{
	u32 i;

	secondary_ttbr0 = ttbr0;
	cpu_mpidr_count = boot_info.cpu_count;
	for (i = 0; i < boot_info.cpu_count && i < CPUS_MAX; i++) {
		cpu_mpidr_table[i] = boot_info.cpu_mpidr[i];
		cpu_stack_table[i] = hyp_stack_top(i);
	}
	cache_clean((u64)(uintptr_t)rodata_end, (u64)(uintptr_t)image_end);
}

void cpu_start(u32 cpu)
{
	struct host_entry entry;

	cpu_host_setup(cpu);
	entry = hyp_cpu_arrived(cpu);
	host_enter(entry.pc, entry.x0, hyp_stack_top(cpu));
}
