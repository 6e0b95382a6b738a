// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM_IRQFD: an eventfd that is signalled is an edge of an SPI. GSI n is the SPI of INTID 32 + n.
 */
#include <linux/eventfd.h>
#include <linux/file.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "hypatia.h"

struct irqfd {
	struct list_head entry;
	struct hyp_vm *vm;
	u32 id;
	struct eventfd_ctx *event;
	wait_queue_entry_t wait;
	poll_table table;
	struct work_struct work;
};

/* Other CPUs are told of an interrupt only where interrupts are on. */
static void raise_edge(struct work_struct *work)
{
	struct irqfd *fd = container_of(work, struct irqfd, work);

	hyp_vgic_line(fd->vm, NULL, fd->id, true);
	hyp_vgic_line(fd->vm, NULL, fd->id, false);
}

/* With the lock of the eventfd's waiters. */
static int signalled(wait_queue_entry_t *wait, unsigned int mode, int sync, void *key)
{
	struct irqfd *fd = container_of(wait, struct irqfd, wait);
	u64 count;

	if (key_to_poll(key) & EPOLLIN) {
		eventfd_ctx_do_read(fd->event, &count);
		schedule_work(&fd->work);
	}
	return 0;
}

static void join_waiters(struct file *file, wait_queue_head_t *head, poll_table *table)
{
	struct irqfd *fd = container_of(table, struct irqfd, table);

	add_wait_queue_priority(head, &fd->wait);
}

static void irqfd_end(struct irqfd *fd)
{
	u64 count;

	eventfd_ctx_remove_wait_queue(fd->event, &fd->wait, &count);
	cancel_work_sync(&fd->work);
	eventfd_ctx_put(fd->event);
	list_del(&fd->entry);
	kfree(fd);
}

static int add(struct hyp_vm *vm, struct file *file, struct eventfd_ctx *event, u32 id)
{
	struct irqfd *fd;

	list_for_each_entry (fd, &vm->irqfds, entry) {
		if (fd->event == event)
			return -EBUSY;
	}
	fd = kzalloc(sizeof(*fd), GFP_KERNEL_ACCOUNT);
	if (!fd)
		return -ENOMEM;
	fd->vm = vm;
	fd->id = id;
	fd->event = event;
	INIT_WORK(&fd->work, raise_edge);
	init_waitqueue_func_entry(&fd->wait, signalled);
	init_poll_funcptr(&fd->table, join_waiters);
	list_add(&fd->entry, &vm->irqfds);
	/* It may have been signalled already. */
	if (vfs_poll(file, &fd->table) & EPOLLIN)
		schedule_work(&fd->work);
	return 0;
}

static void drop(struct hyp_vm *vm, const struct eventfd_ctx *event, u32 id)
{
	struct irqfd *fd, *next;

	list_for_each_entry_safe (fd, next, &vm->irqfds, entry) {
		if (fd->event == event && fd->id == id)
			irqfd_end(fd);
	}
}

int hyp_irqfd_set(struct hyp_vm *vm, const struct kvm_irqfd *args)
{
	bool drops = args->flags & KVM_IRQFD_FLAG_DEASSIGN;
	struct eventfd_ctx *event;
	struct file *file;
	int err = 0;

	if (args->flags & ~KVM_IRQFD_FLAG_DEASSIGN)
		return -EINVAL;
	/* There is nothing yet that it could be an interrupt of. To take back what was refused is no error. */
	if (!drops && !smp_load_acquire(&vm->gic.ready))
		return -EAGAIN;
	if (!drops && args->gsi >= vm->gic.ids - GIC_PRIVATE)
		return -EINVAL;
	file = eventfd_fget(args->fd);
	if (IS_ERR(file))
		return PTR_ERR(file);
	event = eventfd_ctx_fileget(file);
	mutex_lock(&vm->lock);
	if (drops)
		drop(vm, event, args->gsi + GIC_PRIVATE);
	else
		err = add(vm, file, event, args->gsi + GIC_PRIVATE);
	mutex_unlock(&vm->lock);
	if (drops || err)
		eventfd_ctx_put(event);
	fput(file);
	return err;
}

/* Nobody else has the VM any more. */
void hyp_irqfds_end(struct hyp_vm *vm)
{
	struct irqfd *fd, *next;

	list_for_each_entry_safe (fd, next, &vm->irqfds, entry)
		irqfd_end(fd);
}
