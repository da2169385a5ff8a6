"""Calico's own policy kinds: NetworkPolicy and GlobalNetworkPolicy, tiers, network sets and the selector language."""
