"""Users' programs, for the tools that run them: a function in a file, its arguments, processes of their own."""
