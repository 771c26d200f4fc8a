"""Made recordings with their truth: people, pets and things on simulated load cells. Not part of the product."""
