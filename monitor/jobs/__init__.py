"""What happens by itself. All state is in our tables; a job is `while step(now): pass`, and may die at any moment."""
