/* SPDX-License-Identifier: BSD-2-Clause */
/* The GICv3 of the driver: what userspace asks of it and is refused, and guests that take its interrupts. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"
#include "kvm.h"

#define IDS 64
#define CTLR_RESET 0x50 /* affinity routing and one security state, no group enabled */
#define INSTRUCTION(op1, crn, crm, op2) (3u << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))
#define ICC_PMR INSTRUCTION(0, 4, 6, 0)
#define ICC_CTLR INSTRUCTION(0, 12, 12, 4)
#define ICC_SRE INSTRUCTION(0, 12, 12, 5)
#define ICC_IGRPEN1 INSTRUCTION(0, 12, 12, 7)
#define ICC_AP1R0 INSTRUCTION(0, 12, 9, 0)
#define ICC_AP1R1 INSTRUCTION(0, 12, 9, 1)
#define VCPU(n) ((uint64_t)(n) << 32)

static int attr_do(int fd, unsigned long command, uint32_t group, uint64_t attr, void *value)
{
	struct kvm_device_attr device = { .group = group, .attr = attr, .addr = (uintptr_t)value };

	return ioctl(fd, command, &device);
}

static int has(int fd, uint32_t group, uint64_t attr)
{
	return attr_do(fd, KVM_HAS_DEVICE_ATTR, group, attr, NULL);
}

/* Words of 64 bits, also for what has 32. */
static int set(int fd, uint32_t group, uint64_t attr, uint64_t value)
{
	return attr_do(fd, KVM_SET_DEVICE_ATTR, group, attr, &value);
}

static uint64_t get(int fd, uint32_t group, uint64_t attr)
{
	uint64_t value = 0;

	return attr_do(fd, KVM_GET_DEVICE_ATTR, group, attr, &value) == 0 ? value : ~0ull / 3;
}

static int device(int vm, uint32_t type, uint32_t flags)
{
	struct kvm_create_device create = { .type = type, .flags = flags, .fd = ~0u };

	if (ioctl(vm, KVM_CREATE_DEVICE, &create) != 0)
		return -1;
	return flags ? 0 : (int)create.fd;
}

static int line(int vm, uint32_t type, uint32_t vcpu, uint32_t number, uint32_t level)
{
	struct kvm_irq_level irq = { .irq = type << KVM_ARM_IRQ_TYPE_SHIFT | vcpu << KVM_ARM_IRQ_VCPU_SHIFT | number,
				     .level = level };

	return ioctl(vm, KVM_IRQ_LINE, &irq);
}

static int spi(int vm, uint32_t number, uint32_t level)
{
	return line(vm, KVM_ARM_IRQ_TYPE_SPI, 0, number, level);
}

static int timer_ppi(struct machine *m, uint64_t ppi)
{
	return set(m->vcpu[0], KVM_ARM_VCPU_TIMER_CTRL, KVM_ARM_VCPU_TIMER_IRQ_VTIMER, ppi);
}

static int region_set(int gic, uint64_t value)
{
	return set(gic, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_REDIST_REGION, value);
}

static uint64_t region(uint64_t count, uint64_t base, uint64_t index)
{
	return count << 52 | base | index;
}

static int irqfd(int vm, int fd, uint32_t id, uint32_t flags)
{
	struct kvm_irqfd args = { .fd = (uint32_t)fd, .gsi = id - 32, .flags = flags };

	return ioctl(vm, KVM_IRQFD, &args);
}

/* What /dev/kvm or a VM says. */
static int irqfds(int fd)
{
	return ioctl(fd, KVM_CHECK_EXTENSION, KVM_CAP_IRQFD);
}

/* Before there is a GIC that is ready. */
static void irqfds_refused(const struct machine *m)
{
	int fd = eventfd(0, EFD_NONBLOCK);

	check_refused("an interrupt of nothing", irqfd(m->vm, fd, G_EDGE, 0), EAGAIN);
	check("is taken back all the same", irqfd(m->vm, fd, G_EDGE, KVM_IRQFD_FLAG_DEASSIGN), 0);
	check_refused("not that of no file", irqfd(m->vm, -1, G_EDGE, KVM_IRQFD_FLAG_DEASSIGN), EBADF);
	close(fd);
}

/* /dev/kvm has irqfds where it is told to, and @can. */
static void irqfds_asked(const struct machine *m, int can)
{
	check("irqfds of /dev/kvm", irqfds(m->kvm), 0);
	parameter_set("irqfds", "1");
	check("when it is told to", irqfds(m->kvm), can);
	parameter_set("irqfds", "0");
	check("and no more", irqfds(m->kvm), 0);
}

static void test_making(struct machine *m, int *gic)
{
	check_refused("a GICv2", device(m->vm, KVM_DEV_TYPE_ARM_VGIC_V2, 0), ENODEV);
	check_refused("an ITS", device(m->vm, KVM_DEV_TYPE_ARM_VGIC_ITS, KVM_CREATE_DEVICE_TEST), ENODEV);
	check_refused("flags that are none", device(m->vm, KVM_DEV_TYPE_ARM_VGIC_V3, 2), EINVAL);
	check("a GICv3 can be", device(m->vm, KVM_DEV_TYPE_ARM_VGIC_V3, KVM_CREATE_DEVICE_TEST), 0);
	check_refused("it is not made by that", spi(m->vm, G_SPI, 1), ENXIO);
	check_refused("nor have timers PPIs", timer_ppi(m, 20), EINVAL);
	check("nor are there irqfds", irqfds(m->vm), 0);
	irqfds_refused(m);
	*gic = device(m->vm, KVM_DEV_TYPE_ARM_VGIC_V3, 0);
	check("it is made", *gic >= 0, 1);
	check("irqfds of a VM that has one", irqfds(m->vm), 1);
	irqfds_asked(m, 1);
	irqfds_refused(m);
	check_refused("another", device(m->vm, KVM_DEV_TYPE_ARM_VGIC_V3, 0), EEXIST);
	check_refused("an ioctl that it has not", ioctl(*gic, KVM_RUN, 0), ENOTTY);
	check_refused("run before it is ready", ioctl(m->vcpu[0], KVM_RUN, 0), EBUSY);
	check_refused("an interrupt before it is ready", spi(m->vm, G_SPI, 1), ENXIO);
	check_refused("a register before it is ready", set(*gic, KVM_DEV_ARM_VGIC_GRP_DIST_REGS, 0, 0), EBUSY);
	check_refused("of its interface", set(*gic, KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS, ICC_PMR, 0), EBUSY);
	check_refused("a line of its own no more", line(m->vm, KVM_ARM_IRQ_TYPE_CPU, 0, 0, 1), ENXIO);
}

static void test_places(int gic)
{
	const uint32_t g = KVM_DEV_ARM_VGIC_GRP_ADDR;

	check("it has a place for the distributor", has(gic, g, KVM_VGIC_V3_ADDR_TYPE_DIST), 0);
	check("for redistributors", has(gic, g, KVM_VGIC_V3_ADDR_TYPE_REDIST_REGION), 0);
	check_refused("not for a GICv2's interface", has(gic, g, KVM_VGIC_V2_ADDR_TYPE_CPU), ENXIO);
	check("none yet", get(gic, g, KVM_VGIC_V3_ADDR_TYPE_DIST), -1);
	check_refused("no whole 64 KiB", set(gic, g, KVM_VGIC_V3_ADDR_TYPE_DIST, G_DIST + 4096), EINVAL);
	check_refused("beyond the guest's addresses", set(gic, g, KVM_VGIC_V3_ADDR_TYPE_DIST, 1ull << 39), E2BIG);
	check("the distributor's place", set(gic, g, KVM_VGIC_V3_ADDR_TYPE_DIST, G_DIST), 0);
	check_refused("twice", set(gic, g, KVM_VGIC_V3_ADDR_TYPE_DIST, G_DIST), EEXIST);
	check("there", get(gic, g, KVM_VGIC_V3_ADDR_TYPE_DIST), G_DIST);
	check_refused("none in a region", region_set(gic, region(0, G_REDIST, 0)), EINVAL);
	check_refused("a second region first", region_set(gic, region(1, G_REDIST, 1)), EINVAL);
	check_refused("flags of a region", region_set(gic, region(1, G_REDIST | 1 << 12, 0)), EINVAL);
	check_refused("over the distributor", set(gic, g, KVM_VGIC_V3_ADDR_TYPE_REDIST, G_DIST - 0x10000), EINVAL);
	check("a region", region_set(gic, region(1, G_REDIST, 0)), 0);
	check_refused("twice", region_set(gic, region(1, 0x8200000, 0)), EEXIST);
	check_refused("all behind one another", set(gic, g, KVM_VGIC_V3_ADDR_TYPE_REDIST, 0x8200000), EINVAL);
	check("another region", region_set(gic, region(1, G_REDIST + 0x20000, 1)), 0);
}

static void test_ids(int gic)
{
	const uint32_t g = KVM_DEV_ARM_VGIC_GRP_NR_IRQS;
	const uint32_t c = KVM_DEV_ARM_VGIC_GRP_CTRL;
	static const uint32_t wrong[] = { 0, 32, 65, 1056, 1u << 31 };
	unsigned int i;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		check_refused("so many interrupts", set(gic, g, 0, wrong[i]), EINVAL);
	check("interrupts", set(gic, g, 0, IDS), 0);
	check_refused("twice", set(gic, g, 0, IDS), EBUSY);
	check("as many", (uint32_t)get(gic, g, 0), IDS);
	check_refused("pending tables", has(gic, c, KVM_DEV_ARM_VGIC_SAVE_PENDING_TABLES), ENXIO);
	check_refused("are not saved", set(gic, c, KVM_DEV_ARM_VGIC_SAVE_PENDING_TABLES, 0), ENXIO);
	check_refused("registers of an ITS", has(gic, KVM_DEV_ARM_VGIC_GRP_ITS_REGS, 0), ENXIO);
	check("ready", set(gic, c, KVM_DEV_ARM_VGIC_CTRL_INIT, 0), 0);
	check("again", set(gic, c, KVM_DEV_ARM_VGIC_CTRL_INIT, 0), 0);
}

static void test_registers(int gic)
{
	const uint32_t d = KVM_DEV_ARM_VGIC_GRP_DIST_REGS;
	const uint32_t r = KVM_DEV_ARM_VGIC_GRP_REDIST_REGS;
	const uint32_t c = KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS;
	const uint32_t l = KVM_DEV_ARM_VGIC_GRP_LEVEL_INFO;
	const uint64_t lines = VGIC_LEVEL_INFO_LINE_LEVEL << KVM_DEV_ARM_VGIC_LINE_LEVEL_INFO_SHIFT;

	check("GICD_CTLR", (uint32_t)get(gic, d, 0), CTLR_RESET);
	check("GICD_TYPER: interrupts", get(gic, d, 4) & 0x1f, IDS / 32 - 1);
	check("GICD_ISENABLER1", set(gic, d, 0x104, 0x101), 0);
	check("has what was set", (uint32_t)get(gic, d, 0x104), 0x101);
	check("GICD_ICENABLER1", set(gic, d, 0x184, 1), 0);
	check("has what is left", (uint32_t)get(gic, d, 0x184), 0x100);
	check("it is off again", set(gic, d, 0x184, 0x100), 0);
	check("those of vCPUs are not there", set(gic, d, 0x100, ~0u), 0);
	check("at all", (uint32_t)get(gic, d, 0x100), 0);
	check("GICD_ISPENDR1", set(gic, d, 0x204, 2), 0);
	check("is pending", (uint32_t)get(gic, d, 0x284), 2);
	check("GICD_ICPENDR1", set(gic, d, 0x284, 2), 0);
	check("is not", (uint32_t)get(gic, d, 0x204), 0);
	check("no more than there are", set(gic, d, 0x108, ~0u), 0);
	check("of them", (uint32_t)get(gic, d, 0x108), 0);
	check_refused("no register there", set(gic, d, 0x102, 0), ENXIO);
	check_refused("nor there", has(gic, d, 0x10000), ENXIO);
	check("GICR_TYPER", (uint32_t)get(gic, r, 8), 0x10);
	check("of vCPU 1", (uint32_t)get(gic, r, VCPU(1) | 8), 0x110);
	check_refused("of none", set(gic, r, VCPU(2) | 8, 0), EINVAL);
	check_refused("of one that cannot be", set(gic, r, VCPU(0x100) | 8, 0), EINVAL);
	check_refused("no register of it", has(gic, r, 0x20000), ENXIO);
	check("GICR_ISENABLER0", set(gic, r, VCPU(1) | 0x10100, 0x10), 0);
	check("of vCPU 1", get(gic, r, VCPU(1) | 0x10100) & 0xffff0010, 0x10);
	check("and no other", get(gic, r, 0x10100) & 0xffff0000, 0);
	check("GICR_ICFGR0 is fixed", set(gic, r, 0x10c00, 0), 0);
	check("for SGIs", (uint32_t)get(gic, r, 0x10c00), 0xaaaaaaaa);
	check("ICC_PMR_EL1", set(gic, c, ICC_PMR, 0xf0), 0);
	check("as it was set", get(gic, c, ICC_PMR), 0xf0);
	check("of that vCPU", get(gic, c, VCPU(1) | ICC_PMR), 0);
	check("ICC_IGRPEN1_EL1", set(gic, c, ICC_IGRPEN1, 1), 0);
	check("beside it", get(gic, c, ICC_PMR) << 8 | get(gic, c, ICC_IGRPEN1), 0xf001);
	check("ICC_AP1R0_EL1", set(gic, c, ICC_AP1R0, 4), 0);
	check("has it", get(gic, c, ICC_AP1R0), 4);
	check("not for long", set(gic, c, ICC_AP1R0, 0), 0);
	check("ICC_CTLR_EL1", set(gic, c, ICC_CTLR, get(gic, c, ICC_CTLR) | 2), 0);
	check("its mode of ends", get(gic, c, ICC_CTLR) & 3, 2);
	check("can change", set(gic, c, ICC_CTLR, get(gic, c, ICC_CTLR) & ~3ull), 0);
	check_refused("but not what it has", set(gic, c, ICC_CTLR, 0), EINVAL);
	check("ICC_SRE_EL1", get(gic, c, ICC_SRE), 7);
	check_refused("is on", set(gic, c, ICC_SRE, 0), EINVAL);
	check_refused("ICC_AP1R1_EL1", has(gic, c, ICC_AP1R1), ENXIO);
	check_refused("of no vCPU", set(gic, c, VCPU(3) | ICC_PMR, 0), EINVAL);
	check("levels", set(gic, l, lines | 32, 2), 0);
	check("are told", (uint32_t)get(gic, l, lines | 32), 2);
	check("and pending", (uint32_t)get(gic, d, 0x204), 2);
	check("low again", set(gic, l, lines | 32, 0), 0);
	check_refused("from the middle", set(gic, l, lines | 40, 0), EINVAL);
	check_refused("of more than there are", set(gic, l, lines | IDS, 0), EINVAL);
	check_refused("something else of them", has(gic, l, 1 << KVM_DEV_ARM_VGIC_LINE_LEVEL_INFO_SHIFT), ENXIO);
}

static void test_lines(struct machine *m)
{
	check_refused("an SPI that is none", spi(m->vm, 31, 1), EINVAL);
	check_refused("an SPI beyond", spi(m->vm, IDS, 1), EINVAL);
	check_refused("a PPI that is none", line(m->vm, KVM_ARM_IRQ_TYPE_PPI, 0, 15, 1), EINVAL);
	check_refused("a PPI that is an SPI", line(m->vm, KVM_ARM_IRQ_TYPE_PPI, 0, 32, 1), EINVAL);
	check_refused("a PPI of no vCPU", line(m->vm, KVM_ARM_IRQ_TYPE_PPI, 2, 16, 1), EINVAL);
	check("a PPI", line(m->vm, KVM_ARM_IRQ_TYPE_PPI, 1, 16, 0), 0);
	check_refused("a type that is none", line(m->vm, 3, 0, 32, 1), EINVAL);
}

static void test_timer_attributes(struct machine *m)
{
	const uint32_t g = KVM_ARM_VCPU_TIMER_CTRL;
	int vcpu = m->vcpu[0];

	check("PPIs of timers", has(vcpu, g, KVM_ARM_VCPU_TIMER_IRQ_VTIMER), 0);
	check("the virtual's", (int)get(vcpu, g, KVM_ARM_VCPU_TIMER_IRQ_VTIMER), 27);
	check("the physical's", (int)get(vcpu, g, KVM_ARM_VCPU_TIMER_IRQ_PTIMER), 30);
	check_refused("no PPI", set(vcpu, g, KVM_ARM_VCPU_TIMER_IRQ_VTIMER, 15), EINVAL);
	check_refused("no PPI either", set(vcpu, g, KVM_ARM_VCPU_TIMER_IRQ_VTIMER, 32), EINVAL);
	check("another", set(vcpu, g, KVM_ARM_VCPU_TIMER_IRQ_VTIMER, 20), 0);
	check("for all vCPUs", (int)get(m->vcpu[1], g, KVM_ARM_VCPU_TIMER_IRQ_VTIMER), 20);
	check("and back", set(vcpu, g, KVM_ARM_VCPU_TIMER_IRQ_VTIMER, 27), 0);
	check_refused("no third timer", has(vcpu, g, 2), ENXIO);
	check_refused("no PMU", has(vcpu, KVM_ARM_VCPU_PMU_V3_CTRL, 0), ENXIO);
}

/* Where the driver's guests have one; its levels are the test's to lower. */
static void make(struct machine *m, int *gic, unsigned long type, const char *program, int vcpus)
{
	machine_make_type(m, type, program, vcpus);
	*gic = device(m->vm, KVM_DEV_TYPE_ARM_VGIC_V3, 0);
	check("a GIC", set(*gic, KVM_DEV_ARM_VGIC_GRP_NR_IRQS, 0, IDS) |
		      set(*gic, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_DIST, G_DIST) |
		      set(*gic, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_REDIST, G_REDIST) |
		      set(*gic, KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, 0), 0);
}

static void *raise_later(void *argument)
{
	const struct timespec wait = { .tv_nsec = 50000000 };

	nanosleep(&wait, NULL);
	spi(*(int *)argument, G_SPI, 1);
	return NULL;
}

/* What comes by one that was taken away is nothing; what came before it was given is one interrupt. */
static void edge_by_eventfd(struct machine *m)
{
	uint64_t one = 1;
	int fd = eventfd(0, EFD_NONBLOCK);
	int lost = eventfd(0, EFD_NONBLOCK);
	int plain = open("/dev/null", O_RDWR);

	check_refused("an interrupt beyond", irqfd(m->vm, fd, IDS, 0), EINVAL);
	check_refused("a flag that is none", irqfd(m->vm, fd, G_EDGE, 1 << 5), EINVAL);
	check_refused("no eventfd", irqfd(m->vm, plain, G_EDGE, 0), EINVAL);
	check_refused("no file", irqfd(m->vm, -1, G_EDGE, 0), EBADF);
	check("an eventfd for a device", irqfd(m->vm, lost, G_SPI, 0), 0);
	check_refused("it twice", irqfd(m->vm, lost, G_EDGE, 0), EBUSY);
	check("it is taken away", irqfd(m->vm, lost, G_SPI, KVM_IRQFD_FLAG_DEASSIGN), 0);
	check("that is nothing", irqfd(m->vm, lost, G_SPI, KVM_IRQFD_FLAG_DEASSIGN), 0);
	check("it is signalled", write(lost, &one, sizeof(one)), sizeof(one));
	check("an eventfd for an edge", irqfd(m->vm, fd, G_EDGE, 0), 0);
	check("it is signalled", write(fd, &one, sizeof(one)), sizeof(one));
	check_refused("its count is taken", read(fd, &one, sizeof(one)), EAGAIN);
	close(plain);
	close(lost);
	close(fd);
}

static void test_guest(unsigned long type)
{
	struct machine m;
	pthread_t thread;
	uint64_t rate;
	int gic;

	__asm__("mrs %0, cntfrq_el0" : "=r"(rate));
	make(&m, &gic, type, guest_gic, 1);
	x_set(&m, 0, 0, rate / 50);
	check("an SGI", said(&m, 0), 1);
	check("the virtual timer", said(&m, 0), 27);
	check("once more, while it does not wait", said(&m, 0), 27);
	check("the physical timer", said(&m, 0), 30);
	check("it waits for a device", said(&m, 0), 0);
	pthread_create(&thread, NULL, raise_later, &m.vm);
	check("whose level is high", said(&m, 0), G_SPI);
	pthread_join(thread, NULL);
	/* It ends with the level as it was. */
	check("and is again", said(&m, 0), G_SPI);
	spi(m.vm, G_SPI, 0);
	check("until it is low", said(&m, 0), G_SPI);
	check("it waits once more", said(&m, 0), 0);
	spi(m.vm, G_SPI, 1);
	check("a level that is there already", said(&m, 0), G_SPI);
	spi(m.vm, G_SPI, 0);
	check("was one interrupt", said(&m, 0), G_SPI);
	check("a byte of priorities, of five bits", said(&m, 0) & 0xff, 0x50);
	check("GICR_TYPER: the last, vCPU 0", said(&m, 0), 0x10);
	if (type & VM_TYPE_PROTECTED) {
		edge_by_eventfd(&m);
	} else {
		spi(m.vm, G_EDGE, 1);
		spi(m.vm, G_EDGE, 0);
	}
	check("an edge is kept", said(&m, 0), G_EDGE);
	check("done", is_done(&m, 0), 1);
	check_refused("another PPI after a run", timer_ppi(&m, 20), EBUSY);
	close(gic);
	machine_end(&m);
}

static void *second_thread(void *argument)
{
	struct machine *m = argument;

	ioctl(m->vcpu[1], KVM_RUN, 0);
	return NULL;
}

static void on_end(int number)
{
	(void)number;
}

static void test_two(void)
{
	struct kvm_mp_state off = { .mp_state = KVM_MP_STATE_STOPPED };
	struct machine m;
	pthread_t thread;
	int gic;

	make(&m, &gic, VM_TYPE, guest_gic_two, 2);
	check("vCPU 1 is off", ioctl(m.vcpu[1], KVM_SET_MP_STATE, &off), 0);
	pthread_create(&thread, NULL, second_thread, &m);
	check("vCPU 1 is on", said(&m, 0), 0);
	check("a hundred SGIs there and back", said(&m, 0), 6);
	check("done", is_done(&m, 0), 1);
	while (pthread_tryjoin_np(thread, NULL) != 0) {
		const struct timespec wait = { .tv_nsec = 1000000 };

		pthread_kill(thread, SIGUSR2);
		nanosleep(&wait, NULL);
	}
	close(gic);
	machine_end(&m);
}

void test_gic(void)
{
	struct machine m;
	int gic;

	machine_make(&m, guest_gic, 2);
	if (ioctl(m.kvm, KVM_CHECK_EXTENSION, KVM_CAP_IRQCHIP) == 0) {
		check("no devices", ioctl(m.kvm, KVM_CHECK_EXTENSION, KVM_CAP_DEVICE_CTRL), 0);
		check_refused("no GICv3", device(m.vm, KVM_DEV_TYPE_ARM_VGIC_V3, 0), ENODEV);
		check("no irqfds", irqfds(m.vm), 0);
		irqfds_asked(&m, 0);
		irqfds_refused(&m);
		machine_end(&m);
		return;
	}
	signal(SIGUSR2, on_end);
	check("devices", ioctl(m.kvm, KVM_CHECK_EXTENSION, KVM_CAP_DEVICE_CTRL), 1);
	check("attributes of vCPUs", ioctl(m.kvm, KVM_CHECK_EXTENSION, KVM_CAP_VCPU_ATTRIBUTES), 1);
	test_making(&m, &gic);
	test_places(gic);
	test_ids(gic);
	test_registers(gic);
	test_lines(&m);
	test_timer_attributes(&m);
	close(gic);
	machine_end(&m);
	machine_make(&m, guest_access, 1);
	check("a guest begins", ioctl(m.vcpu[0], KVM_RUN, 0), 0);
	check_refused("it has no GIC then", device(m.vm, KVM_DEV_TYPE_ARM_VGIC_V3, 0), EBUSY);
	machine_end(&m);
	test_guest(VM_TYPE);
	test_guest(VM_TYPE_PROTECTED | VM_TYPE);
	test_two();
}
