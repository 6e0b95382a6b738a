/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What holds of the table of VMs: no vCPU without a VM, none loaded but of a live one, and a CPU and the vCPU
 * that it has loaded name each other.
 */
#ifndef ANNOTATIONS_VMS_H
#define ANNOTATIONS_VMS_H

#include "guests.h"

/*@ predicate is_handle(integer h) = VM_HANDLE_BASE <= h < VM_HANDLE_BASE + VMS_MAX;

    predicate vm_ok{L}(integer v) = is_vm(\at(vms[v].state,L)) &&
      (\forall integer i; 0 <= i < VCPUS_MAX ==> is_vcpu(\at(vms[v].vcpu[i],L)) &&
        (!vm_holds(\at(vms[v].state,L)) ==> \at(vms[v].vcpu[i],L) == VCPU_EMPTY) &&
        (\at(vms[v].state,L) != VM_LIVE ==> \at(vms[v].vcpu[i],L) != VCPU_LOADED));

    // CPU p has vCPU i of VM v loaded
    predicate has{L}(integer p, integer v, integer i) = \at(cpu_vm[p].loaded,L) != 0 &&
      \at(cpu_vm[p].vm,L) == v && \at(cpu_vm[p].vcpu,L) == i;
    predicate vcpu_ok{L}(integer v, integer i) = \at(vms[v].vcpu[i],L) == VCPU_LOADED ==>
      \at(vms[v].on[i],L) < CPUS_MAX && has{L}(\at(vms[v].on[i],L), v, i);
    predicate cpu_ok{L}(integer p) = \at(cpu_vm[p].loaded,L) <= 1 && (\at(cpu_vm[p].loaded,L) != 0 ==>
      \at(cpu_vm[p].vm,L) < VMS_MAX && \at(cpu_vm[p].vcpu,L) < VCPUS_MAX &&
      \at(vms[cpu_vm[p].vm].vcpu[cpu_vm[p].vcpu],L) == VCPU_LOADED &&
      \at(vms[cpu_vm[p].vm].on[cpu_vm[p].vcpu],L) == p);

    predicate vm_inv{L} =
      (\forall integer v; 0 <= v < VMS_MAX ==> vm_ok{L}(v)) &&
      (\forall integer v, i; 0 <= v < VMS_MAX && 0 <= i < VCPUS_MAX ==> vcpu_ok{L}(v, i)) &&
      (\forall integer p; 0 <= p < CPUS_MAX ==> cpu_ok{L}(p));

    // what VM v keeps a frame for: itself (n VCPUS_MAX) or vCPU n; the frame
    predicate keeps{L}(integer v, integer n) = n == VCPUS_MAX ? vm_holds(\at(vms[v].state,L)) :
      vcpu_holds(\at(vms[v].vcpu[n],L));
    logic integer kept{L}(integer v, integer n) = n == VCPUS_MAX ? \at(vms[v].frame,L) : \at(vms[v].vcpu_frame[n],L);
    // a frame that is kept serves a VM, and nothing else keeps it
    // (what was given for its tables is no state of a VM)
    predicate serves{L}(integer f) = 0 <= f < PFN_COUNT && is_ram{L}(f) && \at(fm_state[f],L) == FRAME_HYP_VM &&
      \at(fm_vm[f],L) == 0;
    predicate keeps_alone{L}(integer v, integer n) = \forall integer w, m; 0 <= w < VMS_MAX && 0 <= m <= VCPUS_MAX &&
      keeps{L}(w, m) && kept{L}(w, m) == kept{L}(v, n) ==> w == v && m == n;
    predicate keeps_own{L}(integer v, integer n) = keeps{L}(v, n) ==> serves{L}(kept{L}(v, n)) && keeps_alone{L}(v, n);
    // a frame that serves a VM is kept
    predicate is_kept{L}(integer f) = \exists integer v, n; 0 <= v < VMS_MAX && 0 <= n <= VCPUS_MAX &&
      keeps{L}(v, n) && kept{L}(v, n) == f;
    predicate vm_kept{L} =
      (\forall integer v, n; 0 <= v < VMS_MAX && 0 <= n <= VCPUS_MAX ==> keeps_own{L}(v, n)) &&
      (\forall integer f; serves{L}(f) ==> is_kept{L}(f));

    // what is kept of each VM
    predicate same_states{L,M} = \forall integer v; 0 <= v < VMS_MAX ==> \at(vms[v].state,M) == \at(vms[v].state,L);
    predicate same_vcpus{L,M} = \forall integer v, i; 0 <= v < VMS_MAX && 0 <= i < VCPUS_MAX ==>
      \at(vms[v].vcpu[i],M) == \at(vms[v].vcpu[i],L);
    predicate same_rest{L,M} = \forall integer v; 0 <= v < VMS_MAX ==>
      \at(vms[v].protected,M) == \at(vms[v].protected,L) && \at(vms[v].frame,M) == \at(vms[v].frame,L) &&
      (\forall integer i; 0 <= i < VCPUS_MAX ==> \at(vms[v].on[i],M) == \at(vms[v].on[i],L) &&
        \at(vms[v].vcpu_frame[i],M) == \at(vms[v].vcpu_frame[i],L));

    // VMs keep the same frames; all but VM v for n do
    predicate same_keep{L,M}(integer v, integer n) = (keeps{M}(v, n) <==> keeps{L}(v, n)) &&
      (keeps{L}(v, n) ==> kept{M}(v, n) == kept{L}(v, n));
    predicate same_keeping{L,M} = \forall integer v, n; 0 <= v < VMS_MAX && 0 <= n <= VCPUS_MAX ==>
      same_keep{L,M}(v, n);
    predicate else_keeping{L,M}(integer v, integer n) = \forall integer w, m; 0 <= w < VMS_MAX && 0 <= m <= VCPUS_MAX &&
      (w != v || m != n) ==> same_keep{L,M}(w, m);

    // frame f, which served nothing, is kept by VM v for n from now on; what VM v kept for n serves nothing any more
    predicate gives_frame{L,M}(integer v, integer n, integer f) = same_machine{L,M} && 0 <= v < VMS_MAX &&
      0 <= n <= VCPUS_MAX && !keeps{L}(v, n) && 0 <= f < PFN_COUNT && is_ram{L}(f) &&
      \at(fm_state[f],L) != FRAME_HYP_VM && \at(fm_state[f],M) == FRAME_HYP_VM && only_frame{L,M}(f) &&
      \at(fm_vm[f],M) == 0 && same_given{L,M} && else_keeping{L,M}(v, n) && keeps{M}(v, n) && kept{M}(v, n) == f;
    predicate takes_frame{L,M}(integer v, integer n, integer f) = same_machine{L,M} && 0 <= v < VMS_MAX &&
      0 <= n <= VCPUS_MAX && keeps{L}(v, n) && kept{L}(v, n) == f && \at(fm_state[f],M) != FRAME_HYP_VM &&
      only_frame{L,M}(f) && same_given{L,M} && else_keeping{L,M}(v, n) && !keeps{M}(v, n);

    // what the memory lock protects of VMs
    predicate vms_inv{L} = vm_inv{L} && vm_kept{L} && guests_inv{L};

    // a vCPU has a power state if and only if it is there
    predicate power_fits{L}(integer v, integer i) = power_ok(\at(vm_power[v].state[i],L)) &&
      (\at(vm_power[v].state[i],L) == POWER_ABSENT <==> !keeps{L}(v, i));
    predicate power_inv{L} = \forall integer v, i; 0 <= v < VMS_MAX && 0 <= i < VCPUS_MAX ==> power_fits{L}(v, i);

    // the frames that serve VMs are the same
    predicate same_serving{L,M} = \forall integer f; serves{M}(f) <==> serves{L}(f);

    // there are no VMs
    predicate no_vms{L} = (\forall integer v; 0 <= v < VMS_MAX ==> \at(vms[v].state,L) == VM_FREE) &&
      (\forall integer v, i; 0 <= v < VMS_MAX && 0 <= i < VCPUS_MAX ==> \at(vms[v].vcpu[i],L) == VCPU_EMPTY) &&
      (\forall integer p; 0 <= p < CPUS_MAX ==> \at(cpu_vm[p].loaded,L) == 0);

    // a vCPU of VM v is loaded; it has a vCPU
    predicate vm_busy{L}(integer v) = \exists integer i; 0 <= i < VCPUS_MAX && \at(vms[v].vcpu[i],L) == VCPU_LOADED;
    predicate vm_peopled{L}(integer v) = \exists integer i; 0 <= i < VCPUS_MAX && \at(vms[v].vcpu[i],L) != VCPU_EMPTY;
    // it has a vCPU or memory
    predicate vm_held{L}(integer v) = vm_peopled{L}(v) || \at(vm_frames[v],L) != 0;
*/

#endif
