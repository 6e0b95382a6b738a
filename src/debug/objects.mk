# SPDX-License-Identifier: BSD-2-Clause
debug-objects := check.o calls.o guest.o model.o report.o
# Where the checker stands between the core's objects, which are those of the image.
debug-wraps := hyp_finalise hyp_handle_hvc guest_enter guest_service guest_call
# One wrong version of the core for each of these: wrong.c. The functions that they replace.
debug-wrongs := pin donate teardown unshare
wrong-wraps-pin := hyp_pin
wrong-wraps-donate := host_donate_hyp
wrong-wraps-teardown := vm_start_teardown
wrong-wraps-unshare := guest_unshare_host
