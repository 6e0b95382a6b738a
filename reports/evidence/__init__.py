# SPDX-License-Identifier: BSD-2-Clause
"""The parts of the evidence package; reports/evidence.py puts them together."""
