"""The published language of Jianfu: facts, their envelope, their versions and their examples."""
