# SPDX-License-Identifier: MIT
"""omicsfs beside its peers: the same work, on one origin, in one run."""
