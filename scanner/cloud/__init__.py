"""What a cloud record says, in one form for three clouds."""
