"""More than one process: who they are, what each does of a batch, how the model is shared, what is saved."""
