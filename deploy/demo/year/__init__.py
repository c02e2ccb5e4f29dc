"""One scripted year, 2025, of a county that does not exist: 青禾县 990101 of 演示市 9901 in 演示省 99."""
