// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM_IOEVENTFD: stores of a guest that signal an eventfd instead of ending KVM_RUN.
 */
#include <linux/eventfd.h>
#include <linux/slab.h>
#include <linux/version.h>

#include "hypatia.h"

struct ioevent {
	struct list_head entry;
	u64 address;
	u64 value;
	u32 bytes; /* 0: any */
	bool any_value;
	bool port; /* arm64 has none: it is kept, as KVM does, and never comes */
	struct eventfd_ctx *event;
};

#define FLAGS (KVM_IOEVENTFD_FLAG_PIO | KVM_IOEVENTFD_FLAG_DATAMATCH | KVM_IOEVENTFD_FLAG_DEASSIGN)

static bool same_place(const struct ioevent *a, const struct ioevent *b)
{
	return a->port == b->port && a->address == b->address && a->bytes == b->bytes &&
	       a->any_value == b->any_value && (a->any_value || a->value == b->value);
}

/* Two that the same store would signal. */
static bool collide(const struct ioevent *a, const struct ioevent *b)
{
	return a->port == b->port && a->address == b->address && (!a->bytes || !b->bytes || a->bytes == b->bytes) &&
	       (a->any_value || b->any_value || a->value == b->value);
}

static int add(struct hyp_vm *vm, const struct ioevent *wanted)
{
	struct ioevent *e;

	list_for_each_entry (e, &vm->ioevents, entry) {
		if (collide(e, wanted))
			return -EEXIST;
	}
	e = kmemdup(wanted, sizeof(*wanted), GFP_KERNEL_ACCOUNT);
	if (!e)
		return -ENOMEM;
	list_add(&e->entry, &vm->ioevents);
	return 0;
}

static int drop(struct hyp_vm *vm, const struct ioevent *wanted)
{
	struct ioevent *e;

	list_for_each_entry (e, &vm->ioevents, entry) {
		if (e->event == wanted->event && same_place(e, wanted)) {
			list_del(&e->entry);
			eventfd_ctx_put(e->event);
			kfree(e);
			return 0;
		}
	}
	return -ENOENT;
}

int hyp_ioevent_set(struct hyp_vm *vm, const struct kvm_ioeventfd *args)
{
	bool drops = args->flags & KVM_IOEVENTFD_FLAG_DEASSIGN;
	struct ioevent wanted = {
		.address = args->addr,
		.bytes = args->len,
		.value = args->datamatch,
		.port = args->flags & KVM_IOEVENTFD_FLAG_PIO,
		.any_value = !(args->flags & KVM_IOEVENTFD_FLAG_DATAMATCH),
	};
	int err;

	if (args->flags & ~FLAGS || args->addr + args->len < args->addr)
		return -EINVAL;
	if (args->len != 0 && args->len != 1 && args->len != 2 && args->len != 4 && args->len != 8)
		return -EINVAL;
	/* A value of no length matches nothing. */
	if (args->len == 0 && !wanted.any_value)
		return -EINVAL;
	wanted.event = eventfd_ctx_fdget(args->fd);
	if (IS_ERR(wanted.event))
		return PTR_ERR(wanted.event);
	mutex_lock(&vm->lock);
	err = drops ? drop(vm, &wanted) : add(vm, &wanted);
	mutex_unlock(&vm->lock);
	if (drops || err)
		eventfd_ctx_put(wanted.event);
	return err;
}

static void signal_event(struct eventfd_ctx *event)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
	eventfd_signal(event);
#else
	eventfd_signal(event, 1);
#endif
}

bool hyp_ioevent_signal(struct hyp_vm *vm, u64 address, u32 bytes, u64 value)
{
	struct ioevent *e;
	bool found = false;

	if (list_empty(&vm->ioevents))
		return false;
	mutex_lock(&vm->lock);
	list_for_each_entry (e, &vm->ioevents, entry) {
		found = !e->port && e->address == address && (!e->bytes || e->bytes == bytes) &&
			(e->any_value || e->value == value);
		if (found) {
			signal_event(e->event);
			break;
		}
	}
	mutex_unlock(&vm->lock);
	return found;
}

void hyp_ioevents_end(struct hyp_vm *vm)
{
	struct ioevent *e, *next;

	list_for_each_entry_safe (e, next, &vm->ioevents, entry) {
		eventfd_ctx_put(e->event);
		kfree(e);
	}
}
