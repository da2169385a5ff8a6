"""What is odd about policies: dead, dangling, shadowed, redundant, contradictory and suspicious rules of the resolved form."""
