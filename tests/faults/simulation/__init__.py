"""Short lives of a shop, from one seed each: the house's own decisions over tables in memory."""
