# SPDX-License-Identifier: BSD-2-Clause
"""Parts of the proof campaign; proofs/campaign.py is the command."""
