/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the host does while guests run: it moves their threads, takes CPUs away, sleeps, and is asked to hibernate.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <hypatia_kvm.h>
#include <linux/rtc.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"
#include "kvm.h"

#define LOOKS 200
#define WAKES 5
#define SLEEP_S 2

void sleep_ms(long ms)
{
	struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	while (nanosleep(&time, &time) < 0 && errno == EINTR) {
	}
}

void *run_thread(void *argument)
{
	struct runner *r = argument;

	r->result = ioctl(r->m->vcpu[r->i], KVM_RUN, 0);
	r->error = errno;
	return NULL;
}

uint64_t counted(const struct machine *m)
{
	return *(volatile uint64_t *)(m->memory + 0x1000);
}

/* On a machine that does much else, its turn may come late. */
bool counts(const struct machine *m)
{
	uint64_t before = counted(m);
	int looks;

	for (looks = 0; looks < LOOKS && counted(m) == before; looks++)
		sleep_ms(LOOK_MS);
	return counted(m) > before;
}

/* A signal before KVM_RUN would be lost. */
void stop(pthread_t thread)
{
	do {
		pthread_kill(thread, SIGUSR1);
		sleep_ms(LOOK_MS);
	} while (pthread_tryjoin_np(thread, NULL) != 0);
}

static void online(int cpu, int on)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/online", cpu);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	check(on ? "a CPU comes" : "a CPU goes off", write(fd, on ? "1" : "0", 1), 1);
	close(fd);
}

void pin(pthread_t thread, int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	check("a thread moves", pthread_setaffinity_np(thread, sizeof(set), &set), 0);
}

/* A guest that never ends by itself: the host goes on, moves it, takes its CPU, and stops it. */
static void test_endless(void)
{
	struct machine m;
	struct runner r = { .m = &m };
	pthread_t thread;

	machine_make(&m, guest_count, 1);
	pthread_create(&thread, NULL, run_thread, &r);
	sleep_ms(LOOK_MS);
	check("the guest counts", counts(&m), 1);
	pin(thread, 1);
	check("on another CPU", counts(&m), 1);
	pin(thread, 0);
	check("and back", counts(&m), 1);
	pin(thread, 1);
	sleep_ms(LOOK_MS);
	online(1, 0);
	check("without that CPU", counts(&m), 1);
	online(1, 1);
	check("and when it is back", counts(&m), 1);
	stop(thread);
	check("a signal ends the run", r.result == -1 ? r.error : 0, EINTR);
	check("exit", m.run[0]->exit_reason, KVM_EXIT_INTR);
	machine_end(&m);
}

/* It has loaded its vCPU there, and the CPU goes off meanwhile. */
static void test_hotplug(void)
{
	struct machine m;

	machine_make(&m, guest_pages, 1);
	x_set(&m, 0, 0, 1);
	pin(pthread_self(), 1);
	check("a round", said(&m, 0), 1);
	pin(pthread_self(), 0);
	online(1, 0);
	check("the next round, elsewhere", said(&m, 0), 2);
	online(1, 1);
	pin(pthread_self(), 1);
	check("and back", said(&m, 0), 3);
	machine_end(&m);
}

/* Until it is to stop: 1 if nothing happens to a vector register beyond 128 bits. It makes no system call meanwhile. */
static void *sve_thread(void *argument)
{
	static long lost = 1;
	unsigned int word;

	__asm__ volatile(".arch_extension sve\n\t"
			 "ptrue p0.d\n\t"
			 "dup z7.d, #5\n"
			 "1:\tldr %w[word], [%[stop]]\n\t"
			 "cmpne p1.d, p0/z, z7.d, #5\n\t"
			 "b.ne 2f\n\t"
			 "cbz %w[word], 1b\n\t"
			 "2:"
			 : [word] "=&r"(word)
			 : [stop] "r"(argument)
			 : "v7", "cc", "memory");
	return word != 0 ? NULL : &lost;
}

/* A task's vectors are longer than what Hypatia switches, and wait in the CPU while a guest wakes there. */
static void test_long_vectors(void)
{
	volatile unsigned int end = 0;
	struct machine m;
	struct runner r = { .m = &m };
	pthread_t guest, other;
	void *lost;
	int i;

	if ((getauxval(AT_HWCAP) & HWCAP_SVE) == 0)
		return;
	machine_make(&m, guest_wakes, 1);
	pthread_create(&guest, NULL, run_thread, &r);
	pin(guest, 0);
	pthread_create(&other, NULL, sve_thread, (void *)&end);
	pin(other, 0);
	for (i = 0; i < WAKES; i++) {
		irq_line(m.vm, KVM_ARM_IRQ_TYPE_CPU, 0, KVM_ARM_IRQ_CPU_IRQ, 1);
		check("it wakes", counts(&m), 1);
		irq_line(m.vm, KVM_ARM_IRQ_TYPE_CPU, 0, KVM_ARM_IRQ_CPU_IRQ, 0);
		sleep_ms(LOOK_MS);
	}
	end = 1;
	pthread_join(other, &lost);
	check("long vectors are as they were", lost == NULL, 1);
	stop(guest);
	machine_end(&m);
}

/* 0, or the error: what the host is to do. */
static int power(const char *state)
{
	int fd = open("/sys/power/state", O_WRONLY | O_CLOEXEC);
	int error = write(fd, state, strlen(state)) < 0 ? errno : 0;

	close(fd);
	return error;
}

static int64_t asleep_ns(void)
{
	struct timespec all, awake;

	clock_gettime(CLOCK_BOOTTIME, &all);
	clock_gettime(CLOCK_MONOTONIC, &awake);
	return (all.tv_sec - awake.tv_sec) * 1000000000L + all.tv_nsec - awake.tv_nsec;
}

/* The clock of the machine ends a sleep that begins now. */
static void wake_later(void)
{
	struct rtc_wkalrm alarm = { .enabled = 1 };
	struct tm tm = { 0 };
	time_t then;
	int fd = open("/dev/rtc0", O_RDONLY | O_CLOEXEC);

	check("the time", ioctl(fd, RTC_RD_TIME, &alarm.time), 0);
	tm.tm_sec = alarm.time.tm_sec + SLEEP_S;
	tm.tm_min = alarm.time.tm_min;
	tm.tm_hour = alarm.time.tm_hour;
	tm.tm_mday = alarm.time.tm_mday;
	tm.tm_mon = alarm.time.tm_mon;
	tm.tm_year = alarm.time.tm_year;
	then = timegm(&tm);
	gmtime_r(&then, &tm);
	alarm.time = (struct rtc_time){ .tm_sec = tm.tm_sec, .tm_min = tm.tm_min, .tm_hour = tm.tm_hour,
					.tm_mday = tm.tm_mday, .tm_mon = tm.tm_mon, .tm_year = tm.tm_year };
	check("an alarm", ioctl(fd, RTC_WKALM_SET, &alarm), 0);
	close(fd);
}

/* All processes stand still meanwhile, and that of the guest with them. An image of the host would lack its memory. */
static void test_suspend(void)
{
	struct machine m;
	struct runner r = { .m = &m };
	pthread_t thread;
	int64_t slept;

	machine_make(&m, guest_count, 1);
	pthread_create(&thread, NULL, run_thread, &r);
	check("the guest counts before", counts(&m), 1);
	slept = asleep_ns();
	wake_later();
	check("the host sleeps", power("freeze"), 0);
	check("and time went by", asleep_ns() > slept, 1);
	/* As a signal does, and the process goes on as after one. */
	pthread_join(thread, NULL);
	check("the run ended", r.result == -1 ? r.error : 0, EINTR);
	pthread_create(&thread, NULL, run_thread, &r);
	check("the guest counts after", counts(&m), 1);
	check("the host does not hibernate", power("disk"), EBUSY);
	check("the guest counts on", counts(&m), 1);
	stop(thread);
	machine_end(&m);
}

void test_host(void)
{
	test_endless();
	test_hotplug();
	test_long_vectors();
	test_suspend();
}

/* VMs come and go, and memory of the guest that counts does, until the host ends. */
static void *storm(void *argument)
{
	struct runner *r = argument;

	do {
		madvise(r->m->memory + 0x1000, 0x1000, MADV_DONTNEED);
		r->result = ioctl(r->m->kvm, KVM_CREATE_VM, VM_TYPE);
		r->error = errno;
		if (r->result >= 0) {
			close(ioctl(r->result, KVM_CREATE_VCPU, 0));
			close(r->result);
		}
	} while (r->result >= 0);
	return NULL;
}

static int enable(int vm, uint32_t what, uint64_t address, uint64_t bytes)
{
	struct kvm_enable_cap cap = { .cap = what, .args = { address, bytes } };

	return ioctl(vm, KVM_ENABLE_CAP, &cap);
}

static void check_ended(const char *what, const struct runner *r)
{
	check(what, r->result == -1 ? r->error : 0, ESHUTDOWN);
}

/* The host ends with guests that run, one of them protected, and one that waits. */
static void run_until_end(int ready)
{
	static struct machine m[3];
	static struct runner counter = { .m = &m[0] }, protected = { .m = &m[1] }, waiter = { .m = &m[2] },
			     stormer = { .m = &m[0] };
	pthread_t threads[3];
	int measured, i;

	machine_make(&m[0], guest_count, 1);
	measured = ioctl(m[0].kvm, KVM_CREATE_VM, VM_TYPE | VM_TYPE_PROTECTED | HYPATIA_VM_TYPE_MEASURED);
	check("its memory", slot_set(measured, 0, G_MEMORY, G_PAGES - G_MEMORY, m[0].pages), 0);
	check("its image", enable(measured, HYPATIA_CAP_MEASURE, G_MEMORY, getpagesize()), 0);
	machine_make_type(&m[1], VM_TYPE | VM_TYPE_PROTECTED, guest_count, 1);
	machine_make(&m[2], guest_wakes, 1);
	pthread_create(&threads[0], NULL, run_thread, &counter);
	check("the guest counts", counts(&m[0]), 1);
	pthread_create(&threads[1], NULL, run_thread, &waiter);
	while (counted(&m[2]) == 0)
		sleep_ms(LOOK_MS);
	sleep_ms(LOOK_MS);
	pthread_create(&threads[2], NULL, storm, &stormer);
	check("ready", write(ready, "", 1), 1);
	run_thread(&protected);
	check_ended("a run ends when the host does", &protected);
	for (i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	check_ended("so does that of a guest whose memory changes", &counter);
	check_ended("and of one that waits", &waiter);
	check_ended("no VM is made", &stormer);
	check_refused("no vCPU is made", ioctl(m[1].vm, KVM_CREATE_VCPU, 1), ESHUTDOWN);
	check_refused("no vCPU is made anew", vcpu_init(m[2].vcpu[0], 1 << KVM_ARM_VCPU_PSCI_0_2), ESHUTDOWN);
	check_refused("no page is mapped",
		      enable(measured, HYPATIA_CAP_MEASURE, G_MEMORY + getpagesize(), getpagesize()), ESHUTDOWN);
	check_refused("no guest begins", enable(measured, HYPATIA_CAP_BEGIN, G_MEMORY, 0), ESHUTDOWN);
	check_refused("nobody goes on", ioctl(m[0].vcpu[0], KVM_RUN, 0), ESHUTDOWN);
	for (i = 0; i < 3; i++)
		machine_end(&m[i]);
	close(measured);
}

void leave_running(void)
{
	int ends[2];
	char byte;

	check("a pipe", pipe(ends), 0);
	if (fork() == 0) {
		run_until_end(ends[1]);
		return;
	}
	close(ends[1]);
	check("guests run", read(ends[0], &byte, 1), 1);
	sleep_ms(2 * LOOK_MS);
}
