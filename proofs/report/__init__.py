# SPDX-License-Identifier: BSD-2-Clause
"""What people and other programs read of a proof run: build/report."""
