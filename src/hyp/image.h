/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The measured image of a VM: a hash of what the host gave it to begin with, and of where it begins.
 *
 * SHA-256 in a chain: the hash of each page is about the one before it, the page's number and its contents, so neither
 * order, place, number nor contents of the pages can change and the measurement stay. Messages of pages and of the end
 * differ in length. Under LOCK_MM.
 */
#ifndef HYP_IMAGE_H
#define HYP_IMAGE_H

#include <gen/hypercalls.h>
#include <gen/vm.h>
#include "boot_info.h"
#include "ownership.h"
#include "sha256.h"
#include "types.h"

/* Of a page: a block with what stands before its contents, these, and one that fills up. */
#define IMAGE_BLOCKS 66u
#define IMAGE_BITS 33280u

/* A VM has no image; has one that grows; has one that is whole. */
#define IMAGE_NONE 0u
#define IMAGE_OPEN 1u
#define IMAGE_CLOSED 2u

/**
 * struct vm_image - the image of a VM
 * @state: IMAGE_NONE to IMAGE_CLOSED
 * @hash: of what there is of it
 */
struct vm_image {
	u32 state;
	struct sha256 hash;
};

/**
 * struct measurement - a measurement as a call has it
 * @w: its bytes in order, the first the highest of the first word
 */
struct measurement {
	u64 w[4];
};

extern struct vm_image vm_image[VMS_MAX];

#include "../../annotations/image.h"

/** image_begin() - VM @v begins, with an image when it is @wanted. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires vm: v < VMS_MAX;
    terminates \true; exits \false; assigns vm_image[v];
    ensures state: vm_image[v].state == (wanted != 0 ? IMAGE_OPEN : IMAGE_NONE);
    ensures hash: \forall integer i; 0 <= i < 8 ==> vm_image[v].hash.h[i] == 0;
*/
void image_begin(u32 v, u32 wanted);

/** image_page() - frame @pfn, which EL2 has mapped, is page @n of the image of VM @v */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires vm: v < VMS_MAX && n < GUEST_PAGES && pfn < PFN_COUNT;
    requires mapped: xl{Here}(PGT_HYP, pfn) == d_flat(pfn, 3, map_attrs(boot_info.e2h, MAP_DATA));
    terminates \true; exits \false; assigns vm_image[v].hash;
    ensures hash: page_hashed{Pre}(\old(vm_image[v].hash), n, pfn, vm_image[v].hash);
*/
void image_page(u32 v, u64 n, u64 pfn);

/** image_close() - the image of VM @v is whole, and the guest begins at @pc with @x0 */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires vm: v < VMS_MAX;
    terminates \true; exits \false; assigns vm_image[v];
    ensures state: vm_image[v].state == IMAGE_CLOSED;
    ensures hash: image_closed{Pre}(\old(vm_image[v].hash), pc, x0, vm_image[v].hash);
*/
void image_close(u32 v, u64 pc, u64 x0);

/** image_word() - words 2 @i and 2 @i + 1 of the measurement of VM @v */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires vm: v < VMS_MAX && i < 4;
    terminates \true; exits \false; assigns \nothing;
    ensures value: \result == vm_image[v].hash.h[2 * i] * 0x100000000 + vm_image[v].hash.h[2 * i + 1];
*/
u64 image_word(u32 v, u32 i);

#endif
