"""CiliumNetworkPolicy and CiliumClusterwideNetworkPolicy (`cilium.io/v2`), as the supported versions of Cilium read them."""
