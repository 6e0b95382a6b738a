# SPDX-License-Identifier: BSD-2-Clause
boot-objects := main.o dt.o memory.o load.o host_dt.o features.o
