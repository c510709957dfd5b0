"""What `check_grad` is made of: a backend's derivatives against those found from values alone."""
