"""Takes administrative acts in, once each, and makes them facts."""
