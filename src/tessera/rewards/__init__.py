"""What members get besides a price: coupons, a catalogue, draws."""
