// SPDX-License-Identifier: BSD-2-Clause
/*
 * A GICv2 (Arm IHI 0048B) without security extensions: one group, no separate deactivation (EOImode), no bypass.
 */
#include "vmm.h"

#define IRQS 64
#define SGIS 16
#define BANKED 32
#define SPURIOUS 1023u
#define IDLE_PRIORITY 0x100u

/* Distributor: by 0x80 bytes, a bit for each interrupt; from 0x400 on a byte for each. */
enum { SET_ENABLED = 2, CLEAR_ENABLED, SET_PENDING, CLEAR_PENDING, SET_ACTIVE, CLEAR_ACTIVE };
#define GICD_CTLR 0x000
#define GICD_TYPER 0x004
#define GICD_IIDR 0x008
#define GICD_BITS 0x080
#define GICD_IPRIORITYR 0x400
#define GICD_ITARGETSR 0x800
#define GICD_ICFGR 0xc00
#define GICD_ICFGR_END 0xd00
#define GICD_SGIR 0xf00
#define GICD_CPENDSGIR 0xf10
#define GICD_SPENDSGIR 0xf20
#define GICD_SPENDSGIR_END 0xf30
#define GICD_PIDR2 0xfe8
#define PIDR2_GICV2 0x20

#define GICC_CTLR 0x00
#define GICC_PMR 0x04
#define GICC_BPR 0x08
#define GICC_IAR 0x0c
#define GICC_EOIR 0x10
#define GICC_RPR 0x14
#define GICC_HPPIR 0x18
#define GICC_IIDR 0xfc
#define IIDR_ARM_GICV2 0x0002043b

/**
 * struct irq - an interrupt; the first 32 are each CPU's own
 * @line: its level
 * @latched: pending until it is taken
 * @active: mask of the CPUs on which it is
 * @sources: of an SGI: mask of the CPUs that sent it
 */
struct irq {
	bool enabled;
	bool edge;
	bool line;
	bool latched;
	uint8_t active;
	uint8_t priority;
	uint8_t targets;
	uint8_t sources;
};

static struct irq own[CPUS_MAX][BANKED];
static struct irq shared[IRQS - BANKED];
static bool distributing, ever_distributing;
static struct {
	bool enabled;
	uint8_t mask;
	uint8_t point;
	bool high;
} cpus[CPUS_MAX];

static struct irq *irq_of(unsigned int cpu, unsigned int id)
{
	return id < BANKED ? &own[cpu][id] : &shared[id - BANKED];
}

static bool pending(const struct irq *irq)
{
	return irq->latched || irq->sources || (!irq->edge && irq->line);
}

static unsigned int running(unsigned int cpu)
{
	unsigned int priority = IDLE_PRIORITY;
	unsigned int id;

	for (id = 0; id < IRQS; id++) {
		const struct irq *irq = irq_of(cpu, id);

		if (irq->active >> cpu & 1 && irq->priority < priority)
			priority = irq->priority;
	}
	return priority;
}

/* What @cpu is to take next: its id, or SPURIOUS. */
static unsigned int next(unsigned int cpu)
{
	unsigned int best = SPURIOUS;
	unsigned int priority = running(cpu);
	unsigned int id;

	if (cpus[cpu].mask < priority)
		priority = cpus[cpu].mask;
	if (!distributing || !cpus[cpu].enabled)
		return SPURIOUS;
	for (id = 0; id < IRQS; id++) {
		const struct irq *irq = irq_of(cpu, id);

		if (irq->enabled && pending(irq) && !irq->active && irq->priority < priority &&
		    (id < BANKED || irq->targets >> cpu & 1)) {
			best = id;
			priority = irq->priority;
		}
	}
	return best;
}

static void update(void)
{
	unsigned int cpu;

	for (cpu = 0; cpu < vm.cpus; cpu++) {
		bool high = next(cpu) != SPURIOUS;

		if (high != cpus[cpu].high) {
			cpus[cpu].high = high;
			vm_irq_line(cpu, high);
		}
	}
}

static void set_line(struct irq *irq, bool high)
{
	if (irq->line == high)
		return;
	if (irq->edge && high)
		irq->latched = true;
	irq->line = high;
	update();
}

void gic_ppi(unsigned int cpu, unsigned int ppi, bool high)
{
	set_line(&own[cpu][SGIS + ppi], high);
}

void gic_spi(unsigned int spi, bool high)
{
	set_line(&shared[spi], high);
}

/* A kernel that got so far that it wants interrupts. */
bool gic_used(void)
{
	return ever_distributing;
}

static unsigned int take(unsigned int cpu)
{
	unsigned int id = next(cpu);
	struct irq *irq;
	unsigned int source = 0;

	if (id == SPURIOUS)
		return SPURIOUS;
	irq = irq_of(cpu, id);
	if (id < SGIS && irq->sources) {
		source = (unsigned int)__builtin_ctz(irq->sources);
		irq->sources &= irq->sources - 1u;
	}
	irq->latched = false;
	irq->active |= 1u << cpu;
	return id | source << 10;
}

static void end(unsigned int cpu, unsigned int id)
{
	if (id < IRQS)
		irq_of(cpu, id)->active &= ~(1u << cpu);
}

static void send_sgi(unsigned int cpu, uint32_t value)
{
	unsigned int to = value >> 16 & 0xff;
	unsigned int i;

	if (value >> 24 & 3)
		to = (value >> 24 & 3) == 1 ? ~(1u << cpu) : 1u << cpu;
	for (i = 0; i < vm.cpus; i++) {
		if (to >> i & 1)
			own[i][value & (SGIS - 1)].sources |= 1u << cpu;
	}
}

static bool bit_read(const struct irq *irq, unsigned int kind)
{
	switch (kind) {
	case SET_ENABLED:
	case CLEAR_ENABLED:
		return irq->enabled;
	case SET_PENDING:
	case CLEAR_PENDING:
		return pending(irq);
	case SET_ACTIVE:
	case CLEAR_ACTIVE:
		return irq->active;
	default:
		return false;
	}
}

static void bit_write(unsigned int cpu, struct irq *irq, unsigned int id, unsigned int kind)
{
	switch (kind) {
	case SET_ENABLED:
	case CLEAR_ENABLED:
		/* SGIs are always on. */
		irq->enabled = kind == SET_ENABLED || id < SGIS;
		break;
	case SET_PENDING:
	case CLEAR_PENDING:
		if (id >= SGIS)
			irq->latched = kind == SET_PENDING;
		break;
	case SET_ACTIVE:
		irq->active |= 1u << cpu;
		break;
	case CLEAR_ACTIVE:
		irq->active = 0;
		break;
	default:
		break;
	}
}

/* @bytes of a register with one bit for each interrupt. */
static uint32_t dist_bits(unsigned int cpu, unsigned int offset, unsigned int bytes, bool write, uint32_t value)
{
	unsigned int first = offset % GICD_BITS * 8;
	unsigned int kind = offset / GICD_BITS;
	uint32_t read = 0;
	unsigned int i;

	for (i = 0; i < bytes * 8 && first + i < IRQS; i++) {
		struct irq *irq = irq_of(cpu, first + i);

		if (!write)
			read |= (uint32_t)bit_read(irq, kind) << i;
		else if (value >> i & 1)
			bit_write(cpu, irq, first + i, kind);
	}
	return read;
}

static uint8_t targets(unsigned int cpu, unsigned int id)
{
	return id < BANKED ? 1u << cpu : irq_of(cpu, id)->targets;
}

/* @bytes of a register with one byte for each interrupt, or for each SGI. */
static uint32_t dist_bytes(unsigned int cpu, unsigned int offset, unsigned int bytes, bool write, uint32_t value)
{
	uint32_t read = 0;
	unsigned int i;

	for (i = 0; i < bytes; i++) {
		uint8_t byte = value >> 8 * i;
		unsigned int id = (offset + i) % GICD_IPRIORITYR;
		struct irq *irq;

		if (offset >= GICD_CPENDSGIR)
			id = (offset + i) % SGIS;
		if (id >= IRQS)
			break;
		irq = irq_of(cpu, id);
		if (offset >= GICD_SPENDSGIR && write)
			irq->sources |= byte & ((1u << vm.cpus) - 1);
		else if (offset >= GICD_CPENDSGIR && write)
			irq->sources &= ~byte;
		else if (offset >= GICD_CPENDSGIR)
			read |= (uint32_t)irq->sources << 8 * i;
		else if (offset >= GICD_ITARGETSR && !write)
			read |= (uint32_t)targets(cpu, id) << 8 * i;
		else if (offset >= GICD_ITARGETSR)
			irq->targets = byte & ((1u << vm.cpus) - 1);
		else if (!write)
			read |= (uint32_t)irq->priority << 8 * i;
		else
			irq->priority = byte;
	}
	return read;
}

/* Two bits for each interrupt; the upper one says that it is edge-triggered. SGIs are, PPIs are not. */
static uint32_t dist_config(unsigned int cpu, unsigned int offset, unsigned int bytes, bool write, uint32_t value)
{
	unsigned int first = (offset - GICD_ICFGR) * 4;
	uint32_t read = 0;
	unsigned int i;

	for (i = 0; i < bytes * 4 && first + i < IRQS; i++) {
		struct irq *irq = irq_of(cpu, first + i);

		if (write && first + i >= BANKED)
			irq->edge = value >> (2 * i + 1) & 1;
		else if (!write)
			read |= (first + i < SGIS || irq->edge ? 2u : 0u) << 2 * i;
	}
	return read;
}

static uint32_t dist_access(unsigned int cpu, unsigned int offset, unsigned int bytes, bool write, uint32_t value)
{
	if (offset >= GICD_BITS && offset < GICD_IPRIORITYR)
		return dist_bits(cpu, offset, bytes, write, value);
	if (offset >= GICD_IPRIORITYR && offset < GICD_ICFGR)
		return dist_bytes(cpu, offset, bytes, write, value);
	if (offset >= GICD_ICFGR && offset < GICD_ICFGR_END)
		return dist_config(cpu, offset, bytes, write, value);
	if (offset >= GICD_CPENDSGIR && offset < GICD_SPENDSGIR_END)
		return dist_bytes(cpu, offset, bytes, write, value);
	switch (offset) {
	case GICD_CTLR:
		if (write)
			distributing = value & 1;
		ever_distributing = ever_distributing || distributing;
		return distributing;
	case GICD_TYPER:
		return (vm.cpus - 1) << 5 | (IRQS / 32 - 1);
	case GICD_IIDR:
		return IIDR_ARM_GICV2;
	case GICD_PIDR2:
		return PIDR2_GICV2;
	case GICD_SGIR:
		if (write)
			send_sgi(cpu, value);
		return 0;
	default:
		return 0;
	}
}

static uint32_t cpu_access(unsigned int cpu, unsigned int offset, bool write, uint32_t value)
{
	switch (offset) {
	case GICC_CTLR:
		if (write)
			cpus[cpu].enabled = value & 1;
		return cpus[cpu].enabled;
	case GICC_PMR:
		if (write)
			cpus[cpu].mask = value;
		return cpus[cpu].mask;
	case GICC_BPR:
		if (write)
			cpus[cpu].point = value & 7;
		return cpus[cpu].point;
	case GICC_IAR:
		return write ? 0 : take(cpu);
	case GICC_EOIR:
		if (write)
			end(cpu, value & 0x3ff);
		return 0;
	case GICC_RPR:
		return running(cpu) < IDLE_PRIORITY ? running(cpu) : 0xff;
	case GICC_HPPIR:
		return next(cpu);
	case GICC_IIDR:
		return IIDR_ARM_GICV2;
	default:
		return 0;
	}
}

uint64_t gic_access(unsigned int cpu, uint64_t address, unsigned int bytes, bool write, uint64_t value)
{
	unsigned int offset = (address - GICD_BASE) % GIC_BYTES;
	uint32_t read;

	/* The architecture has no wider ones. */
	if (bytes > 4)
		return 0;
	if (address >= GICC_BASE)
		read = cpu_access(cpu, offset, write, (uint32_t)value);
	else
		read = dist_access(cpu, offset, bytes, write, (uint32_t)value);
	update();
	return read;
}

/* SGIs are on from the beginning. */
void gic_setup(void)
{
	unsigned int cpu, id;

	for (cpu = 0; cpu < CPUS_MAX; cpu++) {
		for (id = 0; id < SGIS; id++)
			own[cpu][id].enabled = true;
	}
}
