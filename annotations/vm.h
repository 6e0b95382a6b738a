/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What holds of the table of VMs: no vCPU without a VM, none loaded but of a live one, and a CPU and the vCPU
 * that it has loaded name each other.
 */
#ifndef ANNOTATIONS_VM_H
#define ANNOTATIONS_VM_H

#include "state.h"
#include <acsl/vm.acsl>

/*@ predicate vm_ok{L}(integer v) = is_vm(\at(vms[v].state,L)) &&
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

    // a vCPU of VM v is loaded; it has a vCPU
    predicate vm_busy{L}(integer v) = \exists integer i; 0 <= i < VCPUS_MAX && \at(vms[v].vcpu[i],L) == VCPU_LOADED;
    predicate vm_peopled{L}(integer v) = \exists integer i; 0 <= i < VCPUS_MAX && \at(vms[v].vcpu[i],L) != VCPU_EMPTY;
*/

#endif
